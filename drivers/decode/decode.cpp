#include "drivers/decode/decode.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <optional>

#include "drivers/decode/cut.hpp"
#include "drivers/decode/layout.hpp"
#include "drivers/decode/wide.hpp"

namespace steward {
namespace {

constexpr Decoded no_value{0, Quality::invalid, Reason::sentinel};
constexpr Decoded no_number{0, Quality::invalid, Reason::out_of_range};
constexpr Decoded other_unit{0, Quality::invalid, Reason::unit};

/// Bits below 2^-60 of a count cannot change the result other than by being there:
/// what is rounded to is a multiple of 2^-1, so half a step and half a step plus
/// anything differ; how much more does not matter.
constexpr unsigned finest = 60;

/// A number of counts, already multiplied by per_count.numerator.
struct Scaled {
  bool negative = false;
  Wide magnitude;      // in 2^-below
  unsigned below = 0;  // 0..finest
};

/// fraction x numerator x 2^exponent; nothing when it cannot fit 63 bits.
std::optional<Scaled> scaled_float(const FloatParts& parts, std::uint64_t numerator) {
  if (parts.fraction == 0) return Scaled{};
  // fraction < 2^53, numerator < 2^30. A value of 2^98 or more leaves, even with the
  // largest denominator (2^30), more than 63 bits; below, everything fits the magnitude.
  const Wide product_bits = product(parts.fraction, numerator);
  if (bit_length(product_bits) + parts.exponent > 98) return std::nullopt;
  if (parts.exponent >= 0)
    return Scaled{parts.negative, product_bits << static_cast<unsigned>(parts.exponent), 0};
  const auto below = static_cast<unsigned>(-parts.exponent);
  if (below <= finest) return Scaled{parts.negative, product_bits, below};
  const unsigned lost = below - finest;
  if (lost >= 128) return Scaled{parts.negative, Wide{0, 1}, finest};
  Wide kept = product_bits >> lost;
  if ((kept << lost) != product_bits) kept.low |= 1;
  return Scaled{parts.negative, kept, finest};
}

Scaled scaled_integer(std::int64_t count, std::uint64_t numerator) {
  const auto bits = static_cast<std::uint64_t>(count);
  return Scaled{count < 0, product(count < 0 ? 0 - bits : bits, numerator), 0};
}

/// The sum of a LONG (below 2^31, so 2^61 after scaling) and a fraction of at most one count.
Scaled sum(const Scaled& whole, const Scaled& fraction) {
  const Wide aligned = whole.magnitude << fraction.below;  // < 2^121
  if (whole.negative == fraction.negative)
    return Scaled{whole.negative, aligned + fraction.magnitude, fraction.below};
  if (aligned >= fraction.magnitude)
    return Scaled{whole.negative, aligned - fraction.magnitude, fraction.below};
  return Scaled{fraction.negative, fraction.magnitude - aligned, fraction.below};
}

/// Rounds to the nearest multiple of the step, half to even.
Decoded round_to_step(const ProfileChannel& channel, const Scaled& scaled) {
  // denominator < 2^30, step <= 2^20, below <= 60: the divisor stays under 2^110.
  const Wide divisor = product(static_cast<std::uint64_t>(channel.per_count.denominator),
                               static_cast<std::uint64_t>(channel.step))
                       << scaled.below;
  const Wide steps = round_half_even(scaled.magnitude, divisor);
  const auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() / channel.step);
  if (steps.high != 0 || steps.low > limit) return no_number;
  const std::int64_t magnitude = static_cast<std::int64_t>(steps.low) * channel.step;
  return Decoded{scaled.negative ? -magnitude : magnitude, Quality::good, Reason::none};
}

std::optional<std::int64_t> bcd_value(std::uint64_t pattern) {
  std::int64_t value = 0;
  for (int digit = 15; digit >= 0; --digit) {
    const auto nibble = static_cast<std::int64_t>((pattern >> (4 * digit)) & 0xF);
    if (nibble > 9) return std::nullopt;
    value = value * 10 + nibble;
  }
  return value;
}

Decoded decode_float(const ProfileChannel& channel, const FloatParts& parts) {
  if (!parts.number) return no_value;
  if (!parts.finite) return no_number;
  const auto scaled = scaled_float(parts, static_cast<std::uint64_t>(channel.per_count.numerator));
  return scaled ? round_to_step(channel, *scaled) : no_number;
}

Decoded decode_long_fraction(const ProfileChannel& channel, std::uint64_t pattern) {
  const auto numerator = static_cast<std::uint64_t>(channel.per_count.numerator);
  const auto whole = static_cast<std::int32_t>(static_cast<std::uint32_t>(pattern >> 32));
  const auto bits = static_cast<std::uint32_t>(pattern);
  const FloatParts parts = float_parts(bits);
  if (!parts.number) return no_value;
  constexpr std::uint32_t one = 0x3F80'0000;
  if ((bits & 0x7FFF'FFFF) > one) return no_number;  // the fraction of a count cannot exceed it
  const auto fraction = scaled_float(parts, numerator);
  assert(fraction);
  return round_to_step(channel, sum(scaled_integer(whole, numerator), *fraction));
}

Decoded decode_number(const ProfileChannel& channel, std::uint64_t pattern) {
  const auto numerator = static_cast<std::uint64_t>(channel.per_count.numerator);
  const auto integer = [&](std::int64_t count) {
    return round_to_step(channel, scaled_integer(count, numerator));
  };
  switch (channel.as) {
    case NumberType::u16:
    case NumberType::u32:
    case NumberType::u64: return round_to_step(channel, Scaled{false, product(pattern, numerator), 0});
    case NumberType::i16: return integer(static_cast<std::int16_t>(static_cast<std::uint16_t>(pattern)));
    case NumberType::i32: return integer(static_cast<std::int32_t>(static_cast<std::uint32_t>(pattern)));
    case NumberType::i64: return integer(static_cast<std::int64_t>(pattern));
    case NumberType::f32: return decode_float(channel, float_parts(static_cast<std::uint32_t>(pattern)));
    case NumberType::f64: return decode_float(channel, wide_float_parts(pattern));
    case NumberType::bcd: {
      const auto value = bcd_value(pattern);
      return value ? integer(*value) : no_number;
    }
    case NumberType::bcd_signed: {
      const std::uint64_t minus = std::uint64_t{1} << (8 * number_bytes(channel) - 1);
      const auto value = bcd_value(pattern & ~minus);
      if (!value) return no_number;
      return integer((pattern & minus) != 0 ? -*value : *value);
    }
    case NumberType::long_fraction: return decode_long_fraction(channel, pattern);
    case NumberType::bit: return integer(static_cast<std::int64_t>(pattern >> channel.bit & 1));
  }
  return no_number;
}

/// Whether the byte behind the number names a unit the profile's scale is right for.
bool unit_fits(const ProfileChannel& channel, std::span<const std::uint16_t> words) {
  if (channel.unit_codes.empty()) return true;
  const auto code = bytes_of(words, channel.span.count).back();
  return std::find(channel.unit_codes.begin(), channel.unit_codes.end(), code) != channel.unit_codes.end();
}

}  // namespace

Decoded decode(const ProfileChannel& channel, std::span<const std::uint16_t> words) {
  const std::uint64_t pattern = raw_pattern(channel, words);
  if (std::find(channel.sentinels.begin(), channel.sentinels.end(), pattern) != channel.sentinels.end())
    return no_value;
  if (!unit_fits(channel, words)) return other_unit;
  Decoded decoded = decode_number(channel, pattern);
  if (decoded.quality == Quality::invalid) return decoded;
  const bool below = channel.min && decoded.value < *channel.min;
  const bool above = channel.max && decoded.value > *channel.max;
  const bool beyond_dial = channel.modulus != 0 && decoded.value >= channel.modulus;
  if (below || above || beyond_dial) {
    decoded.quality = Quality::suspect;
    decoded.reason = Reason::out_of_range;
  }
  return decoded;
}

}  // namespace steward
