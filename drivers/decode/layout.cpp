#include "drivers/decode/layout.hpp"

#include <cassert>
#include <vector>

#include "drivers/decode/cut.hpp"

namespace steward {
namespace {

std::uint16_t ordered(std::uint16_t word, Order bytes) {
  return bytes == Order::high_first ? word : static_cast<std::uint16_t>((word << 8) | (word >> 8));
}

/// Where the `at`-th most significant register lies. The two halves of a
/// long_fraction are numbers of their own, so the order holds inside each.
std::size_t place(const ProfileChannel& channel, std::size_t at) {
  if (channel.words == Order::high_first) return at;
  if (channel.as == NumberType::long_fraction) return at ^ 1U;
  return channel.span.count - 1U - at;
}

std::uint64_t item_pattern(const ProfileChannel& channel, const std::vector<std::uint8_t>& bytes) {
  std::uint64_t pattern = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at)
    pattern = (pattern << 8) | bytes[channel.words == Order::high_first ? at : bytes.size() - 1 - at];
  return pattern;
}

Words item_words(const ProfileChannel& channel, std::uint64_t pattern) {
  std::vector<std::uint8_t> bytes(number_bytes(channel));
  for (std::size_t at = 0; at < bytes.size(); ++at, pattern >>= 8)
    bytes[channel.words == Order::low_first ? at : bytes.size() - 1 - at] =
        static_cast<std::uint8_t>(pattern & 0xFF);
  if (!channel.unit_codes.empty()) bytes.push_back(channel.unit_codes.front());
  return paired(bytes);
}

/// low: the stored fraction, `width` bits of it; top: the exponent that means no finite number.
FloatParts parts_of(std::uint64_t sign, std::uint64_t biased, std::uint64_t low, int width,
                    std::uint64_t top) {
  FloatParts parts;
  parts.negative = sign != 0;
  if (biased == top) {
    parts.finite = false;
    parts.number = low == 0;
    return parts;
  }
  parts.fraction = biased == 0 ? low : low | std::uint64_t{1} << width;
  parts.exponent = (biased == 0 ? 1 : static_cast<int>(biased)) - static_cast<int>(top / 2) - width;
  return parts;
}

}  // namespace

std::size_t number_bytes(const ProfileChannel& channel) {
  if (!channel.span.is_item()) return std::size_t{2} * channel.span.count;
  return channel.span.count - (channel.unit_codes.empty() ? 0U : 1U);
}

std::uint64_t raw_pattern(const ProfileChannel& channel, std::span<const std::uint16_t> words) {
  assert(words.size() == channel.span.words() && words.size() <= max_channel_words);
  if (channel.span.is_item()) return item_pattern(channel, bytes_of(words, number_bytes(channel)));
  std::uint64_t pattern = 0;
  for (std::size_t at = 0; at < words.size(); ++at)
    pattern = (pattern << 16) | ordered(words[place(channel, at)], channel.bytes);
  return pattern;
}

Words words_of(const ProfileChannel& channel, std::uint64_t pattern) {
  if (channel.span.is_item()) return item_words(channel, pattern);
  const std::size_t count = channel.span.count;
  Words words(count);
  for (std::size_t at = 0; at < count; ++at) {
    const auto word = static_cast<std::uint16_t>(pattern >> (16 * (count - 1 - at)));
    words[place(channel, at)] = ordered(word, channel.bytes);
  }
  return words;
}

FloatParts float_parts(std::uint32_t bits) {
  return parts_of(bits >> 31, bits >> 23 & 0xFF, bits & 0x7F'FFFF, 23, 0xFF);
}

FloatParts wide_float_parts(std::uint64_t bits) {
  return parts_of(bits >> 63, bits >> 52 & 0x7FF, bits & 0xF'FFFF'FFFF'FFFF, 52, 0x7FF);
}

}  // namespace steward
