#pragma once
#include <deque>
#include <string>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/events.hpp"
#include "drivers/bus/unit_status.hpp"
#include "edge/poll/advice.hpp"

namespace steward {

/// Where instants of the steady clock lie on the wall clock, over steps of either: the bus counts in
/// ticks, and a bill has to be told a time of day. Bounded. Thread: loop.
class WallTimes {
 public:
  /// The two clocks now. Call at each round.
  void note(Ticks ticks, Instant wall);
  /// The wall clock's time at `ticks`, rather too early than too late.
  Instant at(Ticks ticks) const;

 private:
  struct Anchor {
    Ticks ticks;
    Instant wall;
  };
  std::deque<Anchor> anchors_;  // at most most_anchors, ticks ascending
};

/// The event that a notice of the bus about one meter becomes. Its kind and detail follow
/// contract/text/doubt_text.hpp where values are taken back. Pure.
/// subject: the meter; a second master's is the bus.
EdgeEvent event_of(const BusNotice& notice, const std::string& subject, Instant since, Instant now);

/// At most 512 bytes (an event's detail), the Chinese only where it has room.
std::string with_advice(std::string sentence, const Advice& advice);

}  // namespace steward
