#include "drivers/modbus/frame.hpp"

#include <array>
#include <cassert>

namespace steward {
namespace {

constexpr std::size_t mbap_header = 7;  // transaction, protocol, length, unit
constexpr std::uint8_t exception_bit = 0x80;

constexpr std::array<std::uint16_t, 256> make_crc_table() {
  std::array<std::uint16_t, 256> table{};
  for (std::uint16_t byte = 0; byte < 256; ++byte) {
    std::uint16_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) {
      const bool carry = (rest & 1U) != 0;
      rest = static_cast<std::uint16_t>(rest >> 1);
      if (carry) rest = static_cast<std::uint16_t>(rest ^ 0xA001U);
    }
    table[byte] = rest;
  }
  return table;
}
constexpr auto crc_table = make_crc_table();

void put16(Bytes& bytes, std::uint16_t value) {
  bytes.push_back(static_cast<std::uint8_t>(value >> 8));
  bytes.push_back(static_cast<std::uint8_t>(value & 0xFF));
}

std::uint16_t get16(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>((bytes[at] << 8) | bytes[at + 1]);
}

std::string hex_byte(std::uint8_t byte) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  return std::string("0x") + digits[byte >> 4] + digits[byte & 0xF];
}

Error malformed(std::string why) { return Error{Fault::malformed, std::move(why)}; }

/// unit, function, byte count and registers: the part both framings share.
/// frame: from the unit byte on, without CRC.
Result<Words> accept_body(const OpenRequest& open, ByteView frame) {
  const auto function = static_cast<std::uint8_t>(open.span.kind);
  if (frame[0] != open.unit.value)
    return malformed("unit " + std::to_string(frame[0]) + " answers instead of unit " +
                     std::to_string(open.unit.value));
  if (frame[1] == (function | exception_bit)) {
    if (frame.size() != 3) return malformed("an exception with surplus bytes");
    return exception_error(frame[2]);
  }
  if (frame[1] != function)
    return malformed("function " + hex_byte(frame[1]) + " instead of " + hex_byte(function));
  const std::size_t data = std::size_t{2} * open.span.count;
  if (frame[2] != data)
    return malformed("byte count " + std::to_string(frame[2]) + " instead of " + std::to_string(data));
  if (frame.size() != 3 + data)
    return malformed(std::to_string(frame.size() - 3) + " data bytes instead of " + std::to_string(data));
  Words words(open.span.count);
  for (std::size_t at = 0; at < words.size(); ++at) words[at] = get16(frame, 3 + 2 * at);
  return words;
}

Result<Words> accept_rtu(const OpenRequest& open, ByteView burst) {
  const bool exception = burst.size() > 1 && (burst[1] & exception_bit) != 0;
  const std::size_t whole = exception ? 5 : reply_bytes(open);
  if (burst.size() < whole)
    return malformed("truncated: " + std::to_string(burst.size()) + " of " + std::to_string(whole) +
                     " bytes");
  if (burst.size() > whole)
    return malformed(std::to_string(burst.size() - whole) + " bytes more than the reply");
  const std::size_t body = whole - 2;
  const std::uint16_t sent = static_cast<std::uint16_t>(burst[body] | (burst[body + 1] << 8));
  if (crc16(burst.first(body)) != sent) return malformed("CRC does not match");
  return accept_body(open, burst.first(body));
}

Result<Words> accept_mbap(const OpenRequest& open, ByteView burst) {
  if (burst.size() < mbap_header + 2)
    return malformed("truncated: " + std::to_string(burst.size()) + " bytes");
  if (get16(burst, 0) != open.transaction)
    return malformed("transaction " + std::to_string(get16(burst, 0)) + " instead of " +
                     std::to_string(open.transaction));
  if (get16(burst, 2) != 0)
    return malformed("protocol " + std::to_string(get16(burst, 2)) + " is not Modbus");
  if (std::size_t{get16(burst, 4)} + 6 != burst.size())
    return malformed("length " + std::to_string(get16(burst, 4)) + " in a frame of " +
                     std::to_string(burst.size()) + " bytes");
  return accept_body(open, burst.subspan(mbap_header - 1));
}

}  // namespace

Error exception_error(std::uint8_t code) {
  switch (code) {
    case 0x01: return {Fault::unsupported, "exception 0x01: the device does not know this function"};
    case 0x02: return {Fault::unsupported, "exception 0x02: the device has no such register"};
    case 0x03: return {Fault::unsupported, "exception 0x03: the device does not serve this many registers"};
    case 0x06: return {Fault::retry, "exception 0x06: the device is busy"};
    case 0x0A: return {Fault::retry, "exception 0x0A: the gateway has no path to the device"};
    case 0x0B: return {Fault::retry, "exception 0x0B: the device behind the gateway does not answer"};
    default: return {Fault::retry, "exception " + hex_byte(code) + " from the device"};
  }
}

std::uint16_t crc16(ByteView bytes) {
  std::uint16_t crc = 0xFFFF;
  for (const std::uint8_t byte : bytes)
    crc = static_cast<std::uint16_t>((crc >> 8) ^ crc_table[(crc ^ byte) & 0xFFU]);
  return crc;
}

Bytes encode_request(const OpenRequest& open) {
  assert(open.unit.value >= 1 && open.unit.value <= 247);
  assert(open.span.count >= 1 && open.span.count <= max_span_words && open.span.end() <= 0x10000);
  Bytes bytes;
  bytes.reserve(12);
  if (open.framing == Framing::mbap) {
    put16(bytes, open.transaction);
    put16(bytes, 0);
    put16(bytes, 6);
  }
  bytes.push_back(open.unit.byte());
  bytes.push_back(static_cast<std::uint8_t>(open.span.kind));
  put16(bytes, open.span.address());
  put16(bytes, open.span.count);
  if (open.framing == Framing::rtu) {
    const std::uint16_t crc = crc16(bytes);
    bytes.push_back(static_cast<std::uint8_t>(crc & 0xFF));
    bytes.push_back(static_cast<std::uint8_t>(crc >> 8));
  }
  return bytes;
}

std::size_t reply_bytes(const OpenRequest& open) {
  return (open.framing == Framing::rtu ? 5U : 9U) + std::size_t{2} * open.span.count;
}

Result<Words> accept_reply(const OpenRequest& open, ByteView burst) {
  if (burst.empty()) return Error{Fault::retry, "no reply"};
  return open.framing == Framing::rtu ? accept_rtu(open, burst) : accept_mbap(open, burst);
}

}  // namespace steward
