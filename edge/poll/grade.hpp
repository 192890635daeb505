#pragma once
#include <cstdint>
#include <optional>

#include "contract/nouns/clock.hpp"
#include "drivers/decode/decode.hpp"

namespace steward {

/// The last value of a channel that a bill may stand on, and how long ago it was taken.
struct KnownValue {
  std::int64_t value = 0;
  Milliseconds ago{0};
};

/// The same registers, read again with another byte count.
struct SecondRead {
  std::int64_t value = 0;
  Milliseconds later{0};
};

/// What there is to say for a value that is to be billed.
struct Evidence {
  Decoded judged;                        // the value as `judge` left it
  bool sealed = false;                   // identity, value, identity were answered in one episode of the unit
  bool same_device = true;               // both identities were the expected one
  bool latched = false;                  // two devices, or another one, answered at this address
  bool missed = false;                   // a pulse counter that may show too little
  bool foreign = false;                  // a second master was heard on the line not long ago
  std::int64_t step = 1;                 // the dial's last digit, in the channel's unit
  bool strong = true;                    // its byte counts are its own (the planner's word)
  std::optional<std::int64_t> max_rate;  // counts per hour the installation can draw; none: `usual_rate`
  std::optional<KnownValue> known;       // none: nothing to compare with since the start
  std::optional<SecondRead> second;      // none: not read
};

/// What a closing is written as.
struct Grade {
  Quality quality = Quality::good;
  Reason reason = Reason::none;
  bool again = false;         // worth asking once more while there is time
  bool needs_second = false;  // `again`, and with a second read this time

  friend bool operator==(const Grade&, const Grade&) = default;
};

/// What no meter in an estate exceeds, in Wh or litres per hour: 2 MW; 2,000 m³/h.
inline constexpr std::int64_t usual_rate = 2'000'000;

/// Whether a bill may stand on a value. Attribution is the bus's guard's; this is against what
/// no guard can see: a garbled frame whose CRC fits by chance (2^-16), two devices
/// at one address, a device that serves stale registers.
///
/// Good needs all of: sealed by its own serial number on both sides · not latched,
/// no second master, strong · good already (plausible, not backwards, on time)
/// · risen no faster than `max_rate` since the last good value. With nothing to compare
/// with, or after such a jump, it needs a second read with another byte count that
/// agrees: not less, and not more than max_rate allows in between.
/// A value that is doubtful for its clock alone is graded as if the time were known, and stays `clock` when
/// all else holds. What is not good keeps its value and becomes suspect; the first reason that holds, in this
/// order: identity · missed · foreign · weak · what `judge` said · time_unsure (a fault between the
/// identities) · spike (a jump and no second read that agrees) · unconfirmed.
/// Pure. Thread: any.
Grade grade(const Evidence& evidence);

}  // namespace steward
