#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace steward {

/// Octets that somebody owns, and octets that somebody else owns.
using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

/// The same memory, seen as the other kind. The view lives as long as its argument.
inline ByteView bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view chars_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace steward
