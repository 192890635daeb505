#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace steward {

/// "192.168.1.20": four numbers 0..255 without leading zeros (RFC 6943, 3.1.1: "010" has been read as 8).
std::optional<std::array<std::uint8_t, 4>> read_ipv4(std::string_view text);

}  // namespace steward
