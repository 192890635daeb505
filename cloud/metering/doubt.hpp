#pragma once
#include <map>
#include <span>
#include <string>
#include <vector>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/events.hpp"
#include "contract/nouns/ids.hpp"

namespace steward {

/// Why and since when a meter's readings are not to be billed.
struct Doubt {
  std::string kind;  // of the event that says so: "unit_clash", ...
  Instant since;
  Instant until;  // included; Instant::max(): nobody has looked yet
  std::string why;

  friend bool operator==(const Doubt&, const Doubt&) = default;
};

/// What gateways took back of readings they had given as good, derived from their events
/// (contract/text/doubt_text.hpp). Pure; a value. Thread: any.
class Doubts {
 public:
  Doubts() = default;
  /// events: of one estate, in any order; other kinds are passed over. One whose detail cannot be
  /// read puts everything of its meter in doubt up to where it would have ended.
  explicit Doubts(std::span<const EdgeEvent> events);

  /// The first doubt that covers what `meter` gave at `taken_at`, or nullptr.
  const Doubt* of(const MeterId& meter, Instant taken_at) const;

 private:
  std::map<MeterId, std::vector<Doubt>> by_meter_;  // by since
};

}  // namespace steward
