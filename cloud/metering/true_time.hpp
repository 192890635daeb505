#pragma once
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "cloud/metering/calendar.hpp"
#include "contract/nouns/ids.hpp"
#include "contract/nouns/log.hpp"
#include "contract/nouns/reading.hpp"
#include "contract/nouns/time_record.hpp"

namespace steward {

/// A time record and the gateway whose log has it.
struct TimeWord {
  GatewayId gateway;
  TimeRecord record;
};

/// When something truly was, at most `uncertainty` off.
struct DerivedTime {
  Instant at;
  Milliseconds uncertainty{0};

  friend bool operator==(const DerivedTime&, const DerivedTime&) = default;
};

/// A closing is billed at a boundary when it was truly taken at most so far from it: the usual skew limit.
inline constexpr Milliseconds closing_skew{120'000};

/// How the clock of a closing is to be taken, and what its block says of that clock.
struct ClaimedTime {
  Instant round_at;
  Instant taken_at;
  ClockTrust trust = ClockTrust::unset;
  Quality quality = Quality::good;
  Reason reason = Reason::none;
};
struct SettledTime {
  Instant at;  // the boundary it counts for
  Quality quality = Quality::good;
  Reason reason = Reason::none;

  friend bool operator==(const SettledTime&, const SettledTime&) = default;
};

/// The true times of gateways' boots, from their own signed records.
///
/// In one boot true time less the steady clock is one number, but for a quartz's drift. The cloud's words
/// count before a time server's: they were proven by signatures. When the words that count contradict
/// each other by more than closing_skew / 2, nothing of that boot has a true time. Pure; a value. Thread:
/// any.
class TrueTimes {
 public:
  TrueTimes() = default;
  explicit TrueTimes(std::span<const TimeWord> words);

  /// When a record stamped `at` truly was. stamp: of its block, which was closed by the same clock.
  /// Nothing: no word of that boot, or words that contradict each other.
  std::optional<DerivedTime> of(const GatewayId& gateway, Instant at, const ClockStamp& stamp) const;
  /// Have words of any teller contradicted each other in a boot of this gateway? Then `synced` does not
  /// settle it.
  bool is_contested(const GatewayId& gateway) const;

  /// What a bill may take the closing for. A synced one of an uncontested gateway, and a simulation's, is
  /// what it says. Any other counts only at the local midnight its true time is near: kept there, moved
  /// there, or, when it was doubtful for its clock alone, good there; else doubtful (Reason::clock).
  /// stamp: of its block; nothing: not known.
  SettledTime settle(const GatewayId& gateway, const ClaimedTime& claimed,
                     const std::optional<ClockStamp>& stamp, UtcOffset offset) const;

 private:
  struct Boot {
    std::vector<TimeRecord> words;  // those that count
    bool sound = true;
  };
  std::map<std::pair<GatewayId, Uuid>, Boot> boots_;
  std::map<GatewayId, bool> contested_;
};

}  // namespace steward
