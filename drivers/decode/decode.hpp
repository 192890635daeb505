#pragma once
#include <cstdint>
#include <span>

#include "contract/nouns/reading.hpp"
#include "drivers/decode/profile.hpp"

namespace steward {

/// What a channel's registers say, before anyone judges it against history.
struct Decoded {
  std::int64_t value = 0;  // in the channel's unit; 0 when `invalid`
  Quality quality = Quality::good;
  Reason reason = Reason::none;

  friend bool operator==(const Decoded&, const Decoded&) = default;
};

/// Turns registers into the channel's integer. Total: every bit pattern has an answer.
///
///   words 0x4366 0x3334, f32 high first, per_count 1000/1 (V -> mV), step 100
///         sign 0 | exponent 0x86 | fraction 0x663334  = 15086388 x 2^-16 = 230.2 V
///         -> 15086388 x 1000 / 2^16 = 230200.01 mV -> nearest multiple of 100 = 230200
///
/// The value is count x per_count, rounded once to the nearest multiple of `step`,
/// half to even: the edge's only rounding. Pure integer arithmetic, 128 bits.
/// The raw number is the dial's: PT and CT are channels of their own.
///
///   item field 10 00 10 00 2C, bcd, low first, per_count 10/1 (0.01 m3 -> L), unit codes {2C}
///         00 10 00 10 -> 100010 x 10 = 1000100 L; with 29 (litres) behind it: no value
///
/// words: channel.span.words() of them, as they came over the wire (asserted)
/// Marks: invalid/sentinel (a listed pattern, NaN), invalid/unit (the meter names a
/// unit that is not listed), invalid/out_of_range (not a
/// decimal digit, infinite, a fraction above 1, does not fit 63 bits);
/// suspect/out_of_range (outside min..max: the value is kept).
/// Thread: any.
Decoded decode(const ProfileChannel& channel, std::span<const std::uint16_t> words);

}  // namespace steward
