#include "drivers/modbus/burst.hpp"

#include <algorithm>

#include "drivers/modbus/frame.hpp"

namespace steward {
namespace {

constexpr std::uint8_t exception_bit = 0x80;
constexpr std::size_t shortest_reply = 5;  // an exception
constexpr std::size_t request_bytes = 8;
constexpr std::size_t most_data = 250;  // 125 registers

bool reads_registers(std::uint8_t function) { return function == 0x03 || function == 0x04; }

bool sealed(ByteView frame) {
  const auto body = frame.size() - 2;
  const auto sent = static_cast<std::uint16_t>(frame[body] | (frame[body + 1] << 8));
  return crc16(frame.first(body)) == sent;
}

/// Length of the reply that would begin here, as its own bytes say; 0: none can.
std::size_t reply_length(ByteView bytes) {
  if (bytes.size() < 2) return shortest_reply;
  if ((bytes[1] & exception_bit) != 0) return shortest_reply;
  if (!reads_registers(bytes[1])) return 0;
  if (bytes.size() < 3) return shortest_reply;
  const std::size_t data = bytes[2];
  return data == 0 || data % 2 != 0 || data > most_data ? 0 : 5 + data;
}

HeardFrame reply_of(ByteView frame) {
  const auto function = static_cast<std::uint8_t>(frame[1] & ~exception_bit);
  if ((frame[1] & exception_bit) != 0) return exception_frame(UnitAddress{frame[0]}, function, frame[2]);
  HeardFrame heard;
  heard.unit = UnitAddress{frame[0]};
  heard.function = function;
  heard.words.resize(frame[2] / 2U);
  for (std::size_t at = 0; at < heard.words.size(); ++at)
    heard.words[at] = static_cast<std::uint16_t>((frame[3 + 2 * at] << 8) | frame[4 + 2 * at]);
  heard.tag = register_tag(heard.function, heard.words.size());
  return heard;
}

/// The frame that begins at the first byte, and its length; 0: none.
std::size_t take_frame(ByteView bytes, HeardFrame& into) {
  const std::size_t length = reply_length(bytes);
  if (length != 0 && bytes.size() >= length && sealed(bytes.first(length))) {
    into = reply_of(bytes.first(length));
    return length;
  }
  if (bytes.size() >= request_bytes && reads_registers(bytes[1]) && sealed(bytes.first(request_bytes))) {
    into = {};
    into.kind = HeardFrame::Kind::request;
    into.unit = UnitAddress{bytes[0]};
    into.function = bytes[1];
    return request_bytes;
  }
  return 0;
}

bool begins_with(ByteView bytes, ByteView prefix) {
  return !prefix.empty() && bytes.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

}  // namespace

std::optional<HeardFrame> take_rtu(ByteView& bytes) {
  HeardFrame frame;
  const std::size_t length = take_frame(bytes, frame);
  if (length == 0) return std::nullopt;
  bytes = bytes.subspan(length);
  return frame;
}

std::size_t rtu_length(ByteView bytes) {
  const std::size_t reply = reply_length(bytes);
  if (reply > bytes.size() || bytes.size() < 2 || !reads_registers(bytes[1])) return reply;
  return request_bytes;  // no reply, then: another master asks
}

HeardFrame exception_frame(UnitAddress unit, std::uint8_t function, std::uint8_t code) {
  HeardFrame heard;
  heard.kind = HeardFrame::Kind::exception;
  heard.unit = unit;
  heard.function = function;
  heard.exception = code;
  auto error = exception_error(code);
  heard.refusal = error.fault;
  heard.why = std::move(error.message);
  return heard;
}

Burst read_burst(ByteView request, ByteView bytes) {
  Burst burst;
  if (begins_with(bytes, request)) {
    burst.echoed = true;
    bytes = bytes.subspan(request.size());
  }
  while (!bytes.empty()) {
    HeardFrame frame;
    const std::size_t length = take_frame(bytes, frame);
    if (length == 0) break;
    burst.frames.push_back(std::move(frame));
    bytes = bytes.subspan(length);
  }
  burst.rest = bytes.size();
  const std::size_t wanted = burst.rest == 0 ? 0 : reply_length(bytes);
  burst.rest_is_short = burst.rest < wanted;
  return burst;
}

std::size_t burst_length(const Asked& asked, ByteView request, ByteView so_far) {
  const std::size_t whole = so_far.size();
  // A beginning of our own request is taken for an echo: no reply begins so, since a
  // reply's third byte is an even count above 0, and longer than the request then shows.
  ByteView bytes = so_far;
  if (begins_with(bytes, request)) {
    bytes = bytes.subspan(request.size());
  }
  while (true) {
    const std::size_t passed = whole - bytes.size();
    if (bytes.size() < 2) return passed + shortest_reply;
    const bool seems_ours =
        bytes[0] == asked.unit.value && bytes[1] == static_cast<std::uint8_t>(asked.span.kind);
    const std::size_t ours = 5 + std::size_t{2} * asked.span.count;
    if (bytes.size() < 3) return passed + shortest_reply;
    const bool count_fits = bytes[2] == 2 * asked.span.count;
    if (seems_ours && count_fits) return passed + ours;
    HeardFrame frame;
    const std::size_t length = take_frame(bytes, frame);
    if (length == 0) {
      // Not whole yet, or nothing that can become whole: what it may become at the longest.
      const std::size_t foreign = reply_length(bytes);
      if (bytes.size() < foreign) return passed + foreign;
      if (bytes.size() < request_bytes && reads_registers(bytes[1])) return passed + request_bytes;
      return whole;  // garbled: nothing more is waited for
    }
    if (frame.kind != HeardFrame::Kind::request && frame.unit == asked.unit) return passed + length;
    bytes = bytes.subspan(length);
  }
}

}  // namespace steward
