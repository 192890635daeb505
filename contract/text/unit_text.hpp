#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "contract/nouns/ids.hpp"

namespace steward {

/// "7", "000000000001", "10:00000000000012": as a meter list and a config write it.
std::string unit_text(UnitAddress unit);
/// The inverse; nothing for anything that is no address of this protocol: 1..247 (MODBUS over
/// Serial Line V1.02, 2.2), 12 digits (DL/T 645-2007, 5.2.2), two hex digits, a colon and 14
/// digits (CJ/T 188, address field). The broadcast 999999999999 names no meter.
std::optional<UnitAddress> read_unit_text(Protocol protocol, std::string_view text);

/// "modbus", "dlt645", "cjt188"; nothing for another word.
std::string_view protocol_word(Protocol protocol);
std::optional<Protocol> read_protocol(std::string_view word);

/// The type byte of a CJ/T 188 address (0x10 cold water, 0x11 hot, ...), and its 14 digits as a number.
constexpr std::uint64_t cjt188_digits_end = 100'000'000'000'000;
constexpr std::uint8_t cjt188_type(UnitAddress unit) {
  return static_cast<std::uint8_t>(unit.value / cjt188_digits_end);
}

}  // namespace steward
