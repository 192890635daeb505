#include "edge/commission/frame_words.hpp"

#include <array>
#include <string_view>

#include "drivers/cjt188/frame.hpp"
#include "drivers/dlt645/frame.hpp"
#include "drivers/line/bcd_frame.hpp"
#include "drivers/modbus/frame.hpp"

namespace steward {
namespace {

using Kind = FrameWords::Kind;

constexpr std::uint8_t exception_bit = 0x80;
constexpr std::size_t crc_bytes = 2;
constexpr std::size_t request_bytes = 8;
constexpr std::size_t mbap_head = 6;  // transaction, protocol, length

std::string number(unsigned value, int digits) { return "0x" + bcd::hex(value, digits); }
unsigned word_at(ByteView bytes, std::size_t at) { return (unsigned{bytes[at]} << 8) | bytes[at + 1]; }

struct Saying {
  std::uint32_t code;
  std::string_view en;
  std::string_view zh;
};
template <std::size_t count>
const Saying* find(const std::array<Saying, count>& sayings, std::uint32_t code) {
  for (const auto& saying : sayings)
    if (saying.code == code) return &saying;
  return nullptr;
}

/// MODBUS Application Protocol V1.1b3, 6.
constexpr std::array<Saying, 6> functions{{{0x03, "read holding registers", "读保持寄存器"},
                                           {0x04, "read input registers", "读输入寄存器"},
                                           {0x05, "WRITE a coil", "写线圈"},
                                           {0x06, "WRITE a register", "写寄存器"},
                                           {0x0F, "WRITE coils", "写多个线圈"},
                                           {0x10, "WRITE registers", "写多个寄存器"}}};
/// V1.1b3, 7.
constexpr std::array<Saying, 8> exceptions{{{0x01, "no such function", "不支持该功能"},
                                            {0x02, "no such register", "无此寄存器"},
                                            {0x03, "it does not accept this count", "数量不被接受"},
                                            {0x04, "the device has failed", "设备故障"},
                                            {0x05, "it needs longer", "仍在处理"},
                                            {0x06, "it is busy", "设备忙"},
                                            {0x0A, "no path behind the gateway", "网关无路径"},
                                            {0x0B, "nobody answers behind the gateway", "网关后设备无应答"}}};
/// DL/T 645-2007, 7; requests, the reply bit taken off.
constexpr std::array<Saying, 8> controls{{{0x08, "broadcast of the time", "广播校时"},
                                          {0x11, "read", "读数据"},
                                          {0x12, "read what follows", "读后续数据"},
                                          {0x13, "read the address", "读通信地址"},
                                          {0x14, "WRITE data", "写数据"},
                                          {0x15, "WRITE the address", "写通信地址"},
                                          {0x16, "freeze", "冻结"},
                                          {0x17, "WRITE the speed", "更改通信速率"}}};
/// DL/T 645-2007, annex A.
constexpr std::array<Saying, 13> identifiers{
    {{0x00000000, "combined active energy", "组合有功总电能"},
     {0x00010000, "forward active energy", "正向有功总电能"},
     {0x0001FF00, "forward active energy, all tariffs", "正向有功电能数据块"},
     {0x00020000, "reverse active energy", "反向有功总电能"},
     {0x02010100, "voltage A", "A 相电压"},
     {0x0201FF00, "voltages", "电压数据块"},
     {0x02020100, "current A", "A 相电流"},
     {0x0202FF00, "currents", "电流数据块"},
     {0x02030000, "active power", "瞬时总有功功率"},
     {0x02060000, "power factor", "总功率因数"},
     {0x04000101, "date", "日期"},
     {0x04000102, "time", "时间"},
     {0x04000401, "address", "通信地址"}}};
/// CJ/T 188, data identifiers, both byte orders.
constexpr std::array<Saying, 4> items{{{0x901F, "present volume", "当前累计流量"},
                                       {0x1F90, "present volume", "当前累计流量"},
                                       {0x810A, "address", "地址"},
                                       {0x0A81, "address", "地址"}}};

void say(FrameWords& words, const Saying* saying, std::string_view otherwise_en,
         std::string_view otherwise_zh, std::string_view more = {}) {
  words.en = std::string(saying == nullptr ? otherwise_en : saying->en) + std::string(more);
  words.zh = std::string(saying == nullptr ? otherwise_zh : saying->zh) + std::string(more);
}

/// pdu: function and what is behind it, without unit and checksum.
void say_request(FrameWords& words, ByteView pdu) {
  words.kind = Kind::request;
  const auto code = number(pdu[0], 2);
  say(words, find(functions, pdu[0]), "function " + code, "功能码 " + code);
  if (pdu.size() < 5) return;
  const auto first = " " + number(word_at(pdu, 1), 4) + ", ";
  words.en += first + std::to_string(word_at(pdu, 3));
  words.zh += first + std::to_string(word_at(pdu, 3));
}

void say_reply(FrameWords& words, ByteView pdu) {
  if ((pdu[0] & exception_bit) != 0 && pdu.size() >= 2) {
    words.kind = Kind::exception;
    const auto code = number(pdu[1], 2);
    say(words, find(exceptions, pdu[1]), "see the manual", "见说明书");
    words.en = "exception " + code + ": " + words.en;
    words.zh = "异常码 " + code + "：" + words.zh;
    return;
  }
  words.kind = Kind::reply;
  if (pdu.size() < 2) return;
  const auto count = std::to_string(pdu[1] / 2);
  std::string values;
  for (std::size_t at = 2; at + 1 < pdu.size() && at < 18; at += 2)
    values += " " + bcd::hex(word_at(pdu, at), 4);
  if (pdu.size() > 18) values += " ..";
  words.en = count + (pdu[1] == 2 ? " register:" : " registers:") + values;
  words.zh = count + " 个寄存器：" + values;
}

bool sealed(ByteView frame) {
  const auto body = frame.size() - crc_bytes;
  return crc16(frame.first(body)) == static_cast<std::uint16_t>(frame[body] | (frame[body + 1] << 8));
}

/// Length of the RTU reply that begins here; 0: none can.
std::size_t reply_length(ByteView bytes) {
  if (bytes.size() < 5) return 0;
  if ((bytes[1] & exception_bit) != 0) return 5;
  return bytes[1] == 0x03 || bytes[1] == 0x04 ? 5 + std::size_t{bytes[2]} : 0;
}

std::optional<FrameWords> rtu(bool sent, ByteView bytes) {
  FrameWords words;
  const auto reply = reply_length(bytes);
  if (!sent && reply != 0 && bytes.size() >= reply && sealed(bytes.first(reply))) {
    words.bytes = reply;
    say_reply(words, bytes.subspan(1, reply - 1 - crc_bytes));
  } else if (bytes.size() >= request_bytes && sealed(bytes.first(request_bytes))) {
    words.bytes = request_bytes;
    say_request(words, bytes.subspan(1, request_bytes - 1 - crc_bytes));
  } else {
    return std::nullopt;
  }
  words.unit = std::to_string(bytes[0]);
  return words;
}

std::optional<FrameWords> mbap(bool sent, ByteView bytes) {
  if (bytes.size() < mbap_head + 2 || word_at(bytes, 2) != 0) return std::nullopt;
  const std::size_t length = mbap_head + word_at(bytes, 4);
  if (length < mbap_head + 2 || length > 260 || bytes.size() < length) return std::nullopt;
  FrameWords words;
  words.unit = std::to_string(bytes[mbap_head]);
  words.bytes = length;
  const auto pdu = bytes.subspan(mbap_head + 1, length - mbap_head - 1);
  if (sent)
    say_request(words, pdu);
  else
    say_reply(words, pdu);
  return words;
}

/// An item's bytes as they came, behind the words.
std::string data_text(ByteView data) { return data.empty() ? "" : ": " + hex_text(data, 16); }

FrameWords dlt(const dlt645::Frame& frame) {
  FrameWords words;
  words.unit = dlt645::text(frame.address);
  const auto request = static_cast<std::uint8_t>(frame.control & 0x1F);
  const bool reply = (frame.control & dlt645::reply_bit) != 0;
  if (reply && (frame.control & dlt645::refusal_bit) != 0) {
    words.kind = Kind::exception;
    const auto bits = frame.data.empty() ? 0U : unsigned{frame.data[0]};
    words.en = "refuses: error word " + number(bits, 2) + ((bits & 0x02U) != 0 ? ", no such data" : "");
    words.zh = "拒绝：错误字 " + number(bits, 2) + ((bits & 0x02U) != 0 ? "，无请求数据" : "");
    return words;
  }
  words.kind = reply ? Kind::reply : Kind::request;
  say(words, find(controls, request), "control " + number(frame.control, 2),
      "控制码 " + number(frame.control, 2));
  const bool has_identifier = (request == 0x11 || request == 0x12) && frame.data.size() >= 4;
  if (!has_identifier) {
    words.en += data_text(frame.data);
    words.zh += data_text(frame.data);
    return words;
  }
  std::uint32_t di = 0;
  for (std::size_t at = 4; at-- > 0;) di = (di << 8) | frame.data[at];
  const auto* const name = find(identifiers, di);
  const auto rest = data_text(ByteView(frame.data).subspan(4));
  const auto more = (frame.control & dlt645::more_bit) != 0;
  words.en += " " + bcd::hex(di, 8) + (name == nullptr ? "" : " (" + std::string(name->en) + ")") + rest +
              (more ? ", more follows" : "");
  words.zh += " " + bcd::hex(di, 8) + (name == nullptr ? "" : "（" + std::string(name->zh) + "）") + rest +
              (more ? "，有后续帧" : "");
  return words;
}

FrameWords cjt(const cjt188::Frame& frame) {
  FrameWords words;
  words.unit = (frame.address.type == bcd::any ? "**" : bcd::hex(frame.address.type, 2)) + ":" +
               cjt188::text(frame.address);
  const bool reply = (frame.control & cjt188::reply_bit) != 0;
  if (reply && (frame.control & cjt188::refusal_bit) != 0) {
    words.kind = Kind::exception;
    words.en = "refuses" + data_text(frame.data);
    words.zh = "拒绝" + data_text(frame.data);
    return words;
  }
  words.kind = reply ? Kind::reply : Kind::request;
  const auto request = static_cast<std::uint8_t>(frame.control & 0x3F);
  const auto code = number(frame.control, 2);
  words.en = request == 0x01 ? "read" : request == 0x03 ? "read the address" : "control " + code;
  words.zh = request == 0x01 ? "读数据" : request == 0x03 ? "读地址" : "控制码 " + code;
  if (frame.data.size() < 3) return words;
  const auto di = word_at(frame.data, 0);
  const auto* const name = find(items, di);
  const auto serial = ", SER " + std::to_string(frame.data[2]);
  const auto rest = data_text(ByteView(frame.data).subspan(3));
  words.en +=
      " " + bcd::hex(di, 4) + (name == nullptr ? "" : " (" + std::string(name->en) + ")") + serial + rest;
  words.zh +=
      " " + bcd::hex(di, 4) + (name == nullptr ? "" : "（" + std::string(name->zh) + "）") + serial + rest;
  return words;
}

/// A Chinese meter's frame; nothing where none begins.
std::optional<FrameWords> bcd_words(ByteView bytes) {
  const auto wakes = bcd::preamble_of(bytes);
  if (wakes == bytes.size() || bytes[wakes] != bcd::begins) return std::nullopt;
  // The shorter a view, the fewer frames: the first alone is wanted.
  if (auto burst = dlt645::read_burst(bytes); !burst.frames.empty()) {
    auto words = dlt(burst.frames.front());
    words.bytes = wakes + 12 + burst.frames.front().data.size();
    return words;
  }
  if (auto burst = cjt188::read_burst(bytes); !burst.frames.empty()) {
    auto words = cjt(burst.frames.front());
    words.bytes = wakes + 13 + burst.frames.front().data.size();
    return words;
  }
  return std::nullopt;
}

}  // namespace

std::optional<FrameWords> frame_words(TraceFraming framing, bool sent, ByteView bytes) {
  if (framing == TraceFraming::mbap) return mbap(sent, bytes);
  if (auto words = bcd_words(bytes)) return words;
  return rtu(sent, bytes);
}

std::string hex_text(ByteView bytes, std::size_t most) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size() && at < most; ++at)
    text += (at == 0 ? "" : " ") + bcd::hex(bytes[at], 2);
  if (bytes.size() > most) text += " ..";
  return text;
}

}  // namespace steward
