#include "contract/text/utf8.hpp"

#include <cstddef>
#include <cstdint>

namespace steward {
namespace {

/// What may follow a lead byte: how many bytes, and the range of the first of them.
struct Tail {
  std::size_t length = 0;  // 0 = not a lead byte
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xBF;
};

Tail tail_of(std::uint8_t lead) {
  if (lead >= 0xC2 && lead <= 0xDF) return {1};
  if (lead == 0xE0) return {2, 0xA0, 0xBF};
  if (lead == 0xED) return {2, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return {2};
  if (lead == 0xF0) return {3, 0x90, 0xBF};
  if (lead >= 0xF1 && lead <= 0xF3) return {3};
  if (lead == 0xF4) return {3, 0x80, 0x8F};
  return {};
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<std::uint8_t>(text[at++]);
    if (lead < 0x80) continue;
    auto tail = tail_of(lead);
    if (tail.length == 0 || text.size() - at < tail.length) return false;
    for (; tail.length > 0; --tail.length) {
      const auto byte = static_cast<std::uint8_t>(text[at++]);
      if (byte < tail.low || byte > tail.high) return false;
      tail.low = 0x80;
      tail.high = 0xBF;
    }
  }
  return true;
}

}  // namespace steward
