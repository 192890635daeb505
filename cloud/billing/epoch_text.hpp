#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "contract/nouns/ids.hpp"

namespace steward {

/// "6ba7b810-9dad-41d1-80b4-00c04fd430c8" (RFC 4122, 3), lower case, and back.
inline std::string epoch_text(const Uuid& uuid) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += digits[uuid[i] >> 4U];
    text += digits[uuid[i] & 0xFU];
  }
  return text;
}

inline std::optional<Uuid> epoch_of(std::string_view text) {
  Uuid uuid{};
  std::size_t nibble = 0;
  for (const char c : text) {
    if (c == '-') continue;
    const auto digit = std::string_view("0123456789abcdef").find(c);
    if (digit == std::string_view::npos || nibble >= 32) return std::nullopt;
    uuid[nibble / 2] = static_cast<std::uint8_t>(uuid[nibble / 2] * 16U + digit);
    ++nibble;
  }
  if (nibble != 32 || epoch_text(uuid) != text) return std::nullopt;
  return uuid;
}

}  // namespace steward
