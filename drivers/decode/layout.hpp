#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "contract/nouns/reading.hpp"
#include "drivers/decode/profile.hpp"

namespace steward {

/// How many bytes the number itself has: the whole field, or all but the unit code behind it.
std::size_t number_bytes(const ProfileChannel& channel);

/// The channel's registers as one number, high word and high byte first, whatever
/// their order on the wire. long_fraction: the LONG above, the fraction's bits below.
/// An item's field: its bytes in `channel.words` order, the unit code left off.
/// words: channel.span.words() of them.
std::uint64_t raw_pattern(const ProfileChannel& channel, std::span<const std::uint16_t> words);

/// The inverse: the registers that hold `pattern`. An item's field gets its first unit code.
Words words_of(const ProfileChannel& channel, std::uint64_t pattern);

/// The binary point of a float: value = (negative ? -1 : 1) x fraction x 2^exponent.
struct FloatParts {
  bool negative = false;
  std::uint64_t fraction = 0;  // 24 or 53 bits, hidden one included
  int exponent = 0;            // f32: -149..104, f64: -1074..971
  bool finite = true;
  bool number = true;  // false: NaN
};

/// Takes an IEEE 754 binary32 apart (3.4: sign, 8 bits exponent bias 127, 23 bits fraction).
FloatParts float_parts(std::uint32_t bits);
/// The same of a binary64 (3.4: sign, 11 bits exponent bias 1023, 52 bits fraction).
FloatParts wide_float_parts(std::uint64_t bits);

}  // namespace steward
