#include "drivers/decode/cut.hpp"

#include <cassert>

namespace steward {

std::vector<std::uint8_t> bytes_of(std::span<const std::uint16_t> words, std::size_t count) {
  assert(count <= 2 * words.size());
  std::vector<std::uint8_t> bytes(count);
  for (std::size_t at = 0; at < count; ++at)
    bytes[at] = static_cast<std::uint8_t>(at % 2 == 0 ? words[at / 2] >> 8 : words[at / 2] & 0xFF);
  return bytes;
}

Words paired(std::span<const std::uint8_t> bytes) {
  Words words((bytes.size() + 1) / 2);
  for (std::size_t at = 0; at < bytes.size(); ++at)
    words[at / 2] = static_cast<std::uint16_t>(words[at / 2] | (at % 2 == 0 ? bytes[at] << 8 : bytes[at]));
  return words;
}

Words cut(std::span<const std::uint16_t> from, const RegisterSpan& field, std::uint16_t offset) {
  if (!field.is_item()) {
    assert(std::size_t{offset} + field.count <= from.size());
    const auto mine = from.subspan(offset, field.count);
    return {mine.begin(), mine.end()};
  }
  const auto bytes = bytes_of(from, std::size_t{offset} + field.count);
  return paired(std::span(bytes).subspan(offset));
}

}  // namespace steward
