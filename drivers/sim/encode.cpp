#include "drivers/sim/encode.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

#include "drivers/decode/layout.hpp"
#include "drivers/decode/wide.hpp"

namespace steward {
namespace {

std::uint64_t magnitude_of(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  return value < 0 ? 0 - bits : bits;
}

/// |value| / per_count to the nearest whole count, at most `limit`.
std::uint64_t counts(const ProfileChannel& channel, std::int64_t value, std::uint64_t limit) {
  const Wide dividend =
      product(magnitude_of(value), static_cast<std::uint64_t>(channel.per_count.denominator));
  const Wide rounded =
      round_half_even(dividend, Wide{0, static_cast<std::uint64_t>(channel.per_count.numerator)});
  return rounded.high != 0 ? limit : std::min(rounded.low, limit);
}

std::uint64_t unsigned_pattern(const ProfileChannel& channel, std::int64_t value, unsigned bits) {
  const std::uint64_t limit = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
  return value < 0 ? 0 : counts(channel, value, limit);
}

std::uint64_t signed_pattern(const ProfileChannel& channel, std::int64_t value, unsigned bits) {
  const std::uint64_t half = std::uint64_t{1} << (bits - 1);
  const std::uint64_t count = counts(channel, value, value < 0 ? half : half - 1);
  return value < 0 ? 0 - count : count;  // words_of keeps the low bits
}

/// with_sign: the highest bit is a minus, which leaves the highest digit 0 to 7.
std::uint64_t bcd_pattern(const ProfileChannel& channel, std::int64_t value, bool with_sign) {
  const auto bytes = number_bytes(channel);
  std::uint64_t limit = with_sign ? 8 : 100;
  for (std::size_t digit = with_sign ? 1 : 2; digit < 2 * bytes; ++digit) limit *= 10;
  std::uint64_t count = value < 0 && !with_sign ? 0 : counts(channel, value, limit - 1);
  std::uint64_t pattern = 0;
  for (unsigned at = 0; count != 0; ++at, count /= 10) pattern |= (count % 10) << (4 * at);
  return value < 0 && with_sign ? pattern | std::uint64_t{1} << (8 * bytes - 1) : pattern;
}

/// The parts of the float nearest to dividend / divisor with `width` bits, half to even;
/// finite, because no int64 times 10^9 comes near 2^127. divisor < 2^31.
FloatParts nearest(Wide dividend, Wide divisor, int width) {
  int exponent = bit_length(dividend) - bit_length(divisor) - width;
  // The quotient has `width` bits or one more at the first try, so at most one more follows.
  while (true) {
    const Wide rounded = exponent >= 0
                             ? round_half_even(dividend, divisor << static_cast<unsigned>(exponent))
                             : round_half_even(dividend << static_cast<unsigned>(-exponent), divisor);
    assert(rounded.high == 0);
    if (rounded.low >> width == 0) return FloatParts{false, rounded.low, exponent};
    ++exponent;
  }
}

// 1 / 10^9 is the smallest step there is, so no denormal can come out of either.
std::uint32_t float_bits(bool negative, Wide dividend, Wide divisor) {
  if (dividend == Wide{}) return 0;
  const auto parts = nearest(dividend, divisor, 24);
  const auto biased = static_cast<std::uint32_t>(parts.exponent + 127 + 23);
  return (negative ? 0x8000'0000U : 0U) | biased << 23 |
         (static_cast<std::uint32_t>(parts.fraction) & 0x7F'FFFF);
}

std::uint64_t wide_float_bits(bool negative, Wide dividend, Wide divisor) {
  if (dividend == Wide{}) return 0;
  const auto parts = nearest(dividend, divisor, 53);
  const auto biased = static_cast<std::uint64_t>(std::int64_t{parts.exponent} + 1023 + 52);
  return (negative ? std::uint64_t{1} << 63 : 0) | biased << 52 | (parts.fraction & 0xF'FFFF'FFFF'FFFF);
}

std::uint64_t float_pattern(const ProfileChannel& channel, std::int64_t value) {
  const Wide dividend =
      product(magnitude_of(value), static_cast<std::uint64_t>(channel.per_count.denominator));
  const Wide divisor{0, static_cast<std::uint64_t>(channel.per_count.numerator)};
  return channel.as == NumberType::f64 ? wide_float_bits(value < 0, dividend, divisor)
                                       : float_bits(value < 0, dividend, divisor);
}

std::uint64_t long_fraction_pattern(const ProfileChannel& channel, std::int64_t value) {
  const Wide numerator{0, static_cast<std::uint64_t>(channel.per_count.numerator)};
  const auto parts = divide(
      product(magnitude_of(value), static_cast<std::uint64_t>(channel.per_count.denominator)), numerator);
  const std::uint64_t most = std::numeric_limits<std::int32_t>::max();
  if (parts.quotient.high != 0 || parts.quotient.low > most) {
    const auto whole = static_cast<std::uint32_t>(value < 0 ? 0 - most : most);
    return std::uint64_t{whole} << 32;
  }
  const auto whole = static_cast<std::uint32_t>(value < 0 ? 0 - parts.quotient.low : parts.quotient.low);
  return (std::uint64_t{whole} << 32) | float_bits(value < 0, parts.remainder, numerator);
}

/// What the dial shows: a counter that passed its last digit begins again at 0.
std::int64_t on_dial(const ProfileChannel& channel, std::int64_t value) {
  if (channel.modulus == 0) return value;
  const std::int64_t rest = value % channel.modulus;
  return rest < 0 ? rest + channel.modulus : rest;
}

}  // namespace

Words encode(const ProfileChannel& channel, std::int64_t value) {
  const std::int64_t dial = on_dial(channel, value);
  std::uint64_t pattern = 0;
  switch (channel.as) {
    case NumberType::u16: pattern = unsigned_pattern(channel, dial, 16); break;
    case NumberType::u32: pattern = unsigned_pattern(channel, dial, 32); break;
    case NumberType::u64: pattern = unsigned_pattern(channel, dial, 64); break;
    case NumberType::i16: pattern = signed_pattern(channel, dial, 16); break;
    case NumberType::i32: pattern = signed_pattern(channel, dial, 32); break;
    case NumberType::i64: pattern = signed_pattern(channel, dial, 64); break;
    case NumberType::bit: pattern = unsigned_pattern(channel, dial, 1) << channel.bit; break;
    case NumberType::f64:
    case NumberType::f32: pattern = float_pattern(channel, dial); break;
    case NumberType::bcd: pattern = bcd_pattern(channel, dial, false); break;
    case NumberType::bcd_signed: pattern = bcd_pattern(channel, dial, true); break;
    case NumberType::long_fraction: pattern = long_fraction_pattern(channel, dial); break;
  }
  return words_of(channel, pattern);
}

Words encode_serial(const SerialField& field, std::uint64_t number) {
  std::vector<std::uint8_t> bytes(std::size_t{2} * field.span.count, 0);
  std::size_t at = bytes.size();
  const auto digit = [&] {
    const auto last = static_cast<std::uint8_t>(number % 10);
    number /= 10;
    return last;
  };
  switch (field.as) {
    case SerialForm::number:
      for (; at > 0; number >>= 8) bytes[--at] = static_cast<std::uint8_t>(number & 0xFF);
      break;
    case SerialForm::bcd:
      while (at > 0) {
        const auto low = digit();
        bytes[--at] = static_cast<std::uint8_t>(digit() << 4 | low);
      }
      break;
    case SerialForm::ascii:
      for (; at > 0 && number != 0; --at) bytes[at - 1] = static_cast<std::uint8_t>('0' + digit());
      break;
    case SerialForm::ascii_low:
      for (; at > 0 && number != 0; at -= 2) bytes[at - 1] = static_cast<std::uint8_t>('0' + digit());
      break;
  }
  Words words(field.span.count);
  for (std::size_t word = 0; word < words.size(); ++word) {
    const std::uint8_t first = bytes[2 * word];
    const std::uint8_t second = bytes[2 * word + 1];
    const bool plain = field.bytes == Order::high_first;
    const auto high = plain ? first : second;
    const auto low = plain ? second : first;
    words[field.words == Order::high_first ? word : words.size() - 1 - word] =
        static_cast<std::uint16_t>(high << 8 | low);
  }
  return words;
}

}  // namespace steward
