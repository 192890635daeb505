#pragma once
#include <cassert>
#include <string_view>

#include "drivers/doors/ut0311_codec.hpp"

namespace steward::test {

/// A packet from the hex of its first bytes; the rest is 0, as on the wire.
inline ut0311::Packet packet(std::string_view hex) {
  const auto digit = [](char c) { return static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10); };
  ut0311::Packet bytes{};
  assert(hex.size() % 2 == 0 && hex.size() <= 2 * bytes.size());
  for (std::size_t i = 0; i < hex.size() / 2; ++i) {
    bytes[i] = static_cast<std::uint8_t>(digit(hex[2 * i]) * 16 + digit(hex[2 * i + 1]));
  }
  return bytes;
}

constexpr CardDate day(int year, unsigned month, unsigned day_of_month) {
  return std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{day_of_month};
}

constexpr ControllerTime at(CardDate date, int hour, int minute, int second) {
  return std::chrono::local_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
         std::chrono::seconds{second};
}

inline constexpr std::uint32_t gate_serial = 405419896;  // 78 37 2a 18: four doors

}  // namespace steward::test
