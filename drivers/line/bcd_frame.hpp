#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "contract/nouns/bytes.hpp"

namespace steward::bcd {

// What DL/T 645 and CJ/T 188 have in common: FE before a frame wakes the meter, addresses are
// BCD with the two lowest digits first, 0xAA stands for any digits, a frame ends in its sum.

inline constexpr std::uint8_t wakes = 0xFE;
inline constexpr std::uint8_t any = 0xAA;
inline constexpr std::size_t most_preamble = 8;  // four are sent; adapters lose and noise adds some

/// How many FE stand before the frame.
inline std::size_t preamble_of(ByteView bytes) {
  std::size_t count = 0;
  while (count < bytes.size() && count < most_preamble && bytes[count] == wakes) ++count;
  return count;
}

/// Sum modulo 256.
inline std::uint8_t sum_of(ByteView bytes) {
  unsigned sum = 0;
  for (const auto byte : bytes) sum += byte;
  return static_cast<std::uint8_t>(sum);
}

/// Where a protocol's frame has what: 68 ... [second 68] ... L DATA sum 16.
struct Shape {
  std::size_t head;          // bytes before the data
  std::size_t length_at;     // of the length byte
  std::size_t second_begin;  // of another 68; 0: none
  std::size_t most_data;
};
inline constexpr std::uint8_t begins = 0x68;
inline constexpr std::uint8_t ends = 0x16;
inline constexpr std::size_t tail = 2;  // sum, 16

/// Length of the frame that begins here; 0: none can. Of a beginning: as far as it says.
inline std::size_t frame_length(const Shape& shape, ByteView bytes) {
  if (bytes.empty()) return shape.head + tail;
  if (bytes[0] != begins) return 0;
  if (shape.second_begin != 0 && bytes.size() > shape.second_begin && bytes[shape.second_begin] != begins)
    return 0;
  if (bytes.size() < shape.head) return shape.head + tail;
  return bytes[shape.length_at] > shape.most_data ? 0 : shape.head + bytes[shape.length_at] + tail;
}

/// How many bytes a burst must have before it can be judged; `so_far.size()` when it can.
inline std::size_t burst_length(const Shape& shape, ByteView so_far) {
  const std::size_t preamble = preamble_of(so_far);
  const std::size_t length = frame_length(shape, so_far.subspan(preamble));
  return length == 0 ? so_far.size() : std::max(so_far.size(), preamble + length);
}

/// Takes the frame at the front of `bytes`, with the FE before it; empty: none is there, and
/// `bytes` stays. A frame is never searched for at an offset.
inline ByteView take_frame(const Shape& shape, ByteView& bytes) {
  const auto body = bytes.subspan(preamble_of(bytes));
  const std::size_t length = frame_length(shape, body);
  if (length == 0 || body.size() < length || body[length - 1] != ends ||
      body[length - tail] != sum_of(body.first(length - tail)))
    return {};
  bytes = body.subspan(length);
  return body.first(length);
}

/// Upper-case hex of `digits` digits.
inline std::string hex(std::uint32_t value, int digits) {
  constexpr std::string_view letters = "0123456789ABCDEF";
  std::string text;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) text += letters[(value >> shift) & 0xF];
  return text;
}

/// Decimal digits, highest first, into BCD bytes, lowest first; false for anything else.
inline bool read_digits(std::string_view digits, std::span<std::uint8_t> into) {
  if (digits.size() != 2 * into.size()) return false;
  const auto all_digits =
      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!all_digits) return false;
  for (std::size_t at = 0; at < into.size(); ++at) {
    const std::size_t place = digits.size() - 2 * at - 2;
    into[at] = static_cast<std::uint8_t>(((digits[place] - '0') << 4) | (digits[place + 1] - '0'));
  }
  return true;
}

/// The inverse; a wildcard byte prints as "**".
inline std::string text(std::span<const std::uint8_t> low_first) {
  std::string digits;
  for (auto byte = low_first.rbegin(); byte != low_first.rend(); ++byte)
    digits += *byte == any ? "**" : hex(*byte, 2);
  return digits;
}

/// Whether a meter with address `has` answers to `want`: equal but for wildcards. Equally long.
inline bool matches(std::span<const std::uint8_t> want, std::span<const std::uint8_t> has) {
  return std::equal(want.begin(), want.end(), has.begin(), has.end(),
                    [](std::uint8_t a, std::uint8_t b) { return a == any || a == b; });
}

}  // namespace steward::bcd
