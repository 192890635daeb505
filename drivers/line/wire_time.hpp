#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace steward {

enum class Parity : std::uint8_t { none, even, odd };

/// The parity of its word in profiles and site configs; nothing for another word.
constexpr std::optional<Parity> parity_of(std::string_view word) {
  if (word == "none") return Parity::none;
  if (word == "even") return Parity::even;
  if (word == "odd") return Parity::odd;
  return std::nullopt;
}

/// How characters are sent on a serial line: 1 start bit, 8 data bits, parity, stop bits.
struct LineFormat {
  std::uint32_t baud = 9600;
  Parity parity = Parity::none;
  std::uint8_t stop_bits = 1;

  friend bool operator==(const LineFormat&, const LineFormat&) = default;
};

/// Bits one character takes on the wire: 10 (8N1) to 12 (8E2).
constexpr std::int64_t character_bits(const LineFormat& format) {
  return 1 + 8 + (format.parity == Parity::none ? 0 : 1) + format.stop_bits;
}

/// How long `count` characters take, rounded up to the nanosecond.
constexpr std::chrono::nanoseconds characters(const LineFormat& format, std::int64_t count) {
  const std::int64_t bit_ns = 1'000'000'000;
  return std::chrono::nanoseconds((count * character_bits(format) * bit_ns + format.baud - 1) / format.baud);
}

/// T3.5: the silence that separates two RTU frames. 3.5 characters up to 19200
/// baud, 1.750 ms above (MODBUS over Serial Line V1.02, 2.5.1.1). A slave that
/// hears less takes both frames for one and answers neither: unsilenced masters
/// lost every second request (16 % of the line's capacity left at 9600).
constexpr std::chrono::nanoseconds frame_silence(const LineFormat& format) {
  if (format.baud > 19200) return std::chrono::microseconds(1750);
  return (characters(format, 7) + std::chrono::nanoseconds(1)) / 2;
}

}  // namespace steward
