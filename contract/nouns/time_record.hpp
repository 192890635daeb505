#pragma once
#include <cstdint>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/ids.hpp"

namespace steward {

/// Who told a gateway the time. Words are on the wire.
enum class TimeTeller : std::uint8_t { ntp, cloud };

/// True time and the steady clock of one boot, held together: what was stamped earlier in that boot
/// can be given its true time by it.
struct TimeRecord {
  Uuid boot{};
  std::int64_t offset_ms = 0;     // true UTC milliseconds less milliseconds since boot
  std::int64_t monotonic_ms = 0;  // since boot, when it was found
  std::int64_t uncertainty_ms = 0;
  TimeTeller teller = TimeTeller::ntp;

  friend bool operator==(const TimeRecord&, const TimeRecord&) = default;
};

/// A quartz runs wrong by at most so much: 100 ppm, twice what gateways' are sold with.
inline constexpr std::int64_t drift_ppm = 100;

}  // namespace steward
