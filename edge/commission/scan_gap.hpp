#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "contract/nouns/clock.hpp"

namespace steward {

/// Whether a scan's next read may go out now.
enum class ScanTurn : std::uint8_t {
  ask,
  wait,   // the rounds go first
  never,  // nor at any other moment: the rounds leave no gap that is long enough
};

/// How a line that is searched stands towards its rounds.
struct ScanGap {
  bool in_service = false;  // rounds read it
  bool round_due = false;   // one is at work
  Milliseconds left{0};     // until the next one; below 0: it is late
  Milliseconds every{0};    // from one to the next
  std::size_t planned = 0;  // units that are probed anew after another speed
  bool own_speed = true;
  std::chrono::nanoseconds wait{0};  // the longest this read can take
};

/// A line that no round reads may always be asked. At its own speed a read goes out when it ends before the
/// next round; at another one only when the gap has room for the probes of every unit too: their
/// quarantine (3 s by default) and 0.3 s each (docs/decisions/0075). Pure. Thread: any.
ScanTurn turn_of(const ScanGap& gap);

}  // namespace steward
