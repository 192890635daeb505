#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/result.hpp"

namespace steward {

/// What of one counter outlives a restart. Without a base there is none: pulses alone are no reading.
struct PulseRecord {
  std::int64_t base = 0;  // what the meter's own dial showed, in the reading's unit
  Instant base_at;
  std::string by;            // who read it; at most 64 bytes
  std::uint64_t pulses = 0;  // counted since
  Instant saved_at;          // up to when `pulses` is whole
  std::optional<Instant> missed_since;

  friend bool operator==(const PulseRecord&, const PulseRecord&) = default;
};

}  // namespace steward
