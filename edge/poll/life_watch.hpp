#pragma once
#include <cstdint>
#include <optional>

#include "contract/nouns/meter_event.hpp"
#include "drivers/decode/profile.hpp"

namespace steward {

/// A register that may be believed, and the round it was read in.
struct LifeMark {
  std::int64_t value = 0;
  Instant round_at;

  friend bool operator==(const LifeMark&, const LifeMark&) = default;
};

/// The most `channel` can honestly rise in that time, in its unit, by the profile's max_rate; at least the
/// dial's last digit. 0: the profile does not know.
std::int64_t most_between(const ProfileChannel& channel, Instant from, Instant to);

/// What the next value of a register says of its meter's life beside counting; nothing: it counted on.
///
///   rollover  it went down, the profile has a modulus, and past it the rise is at most what max_rate allows
///   reset     it went down to no more than it can have counted since, from zero
///   fell      it went down, and neither explains it: another meter, a garbled value, a hand on the dial
///   ratio_change  a channel of PT or CT (倍率) shows another value than before
/// Only cumulative channels and ratios have a life. The edge says what it saw; whether a bill counts it, the
/// cloud judges (cloud/metering/meter_life.hpp). Pure. Thread: any.
std::optional<MeterEvent> life_between(const MeterId& meter, const ProfileChannel& channel,
                                       const LifeMark& before, const LifeMark& now);

}  // namespace steward
