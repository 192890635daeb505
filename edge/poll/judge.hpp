#pragma once
#include <cstdint>
#include <optional>

#include "contract/nouns/clock.hpp"
#include "drivers/decode/decode.hpp"

namespace steward {

/// When a value was asked for and when it came.
struct Sampling {
  Instant round_at;
  Instant taken_at;
  Milliseconds skew_limit{120'000};  // the estate's limit (design: Rounds)
  ClockTrust trust = ClockTrust::unset;
};

/// Marks a decoded value; never changes or drops it.
///
/// previous: the same channel's last value that had one, in this run; none at start.
/// The first that holds wins: what `decode` said · backwards (a cumulative value
/// below the one before, unless the register wrapped: from the top tenth of its modulus to the lowest)
/// · skew (taken further than the limit from round_at, either way) · clock (the gateway had no time; all else
/// is well, so that the cloud may bill it once its true time is known). Pure. Thread: any.
Decoded judge(const ProfileChannel& channel, Decoded decoded, std::optional<std::int64_t> previous,
              const Sampling& sampling);

}  // namespace steward
