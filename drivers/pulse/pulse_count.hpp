#pragma once
#include <cstdint>
#include <optional>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/result.hpp"
#include "kit/gpio/edge_input.hpp"

namespace steward {

/// What one pulse stands for: numerator / denominator of the reading's unit (litres, Wh).
/// A meter of 1600 impulses a kWh: 5/8 Wh. Both 1..1e9.
struct PerPulse {
  std::int64_t numerator = 1;
  std::int64_t denominator = 1;

  friend bool operator==(const PerPulse&, const PerPulse&) = default;
};

/// base + pulses x per_pulse, rounded down: a dial shows a whole step when it is full.
/// Faults: implausible (no int64 holds it). Pure.
Result<std::int64_t> pulse_reading(std::int64_t base, std::uint64_t pulses, const PerPulse& per_pulse);

/// Counts the pulses of a contact that bounces, from the times of its edges.
///
///   active    ┌┐┌──────────┐┌┐
///   inactive ─┘└┘          └┘└────────
///               |-debounce-| counted once: the level has stood for `debounce`
///
/// A level counts when it has stood for `debounce`; what is shorter is a bounce. Two edges to the
/// same level further apart than that mean that one between them was lost, as does a
/// level that is found to be another than the last edge said, or a full queue: `missed`.
/// Pure: every call says when. Thread: any, one at a time.
class PulseCount {
 public:
  /// active: the level at `now`; a pulse that is under way is not counted, it may have been before.
  PulseCount(std::chrono::nanoseconds debounce, bool active, Ticks now)
      : debounce_(debounce), stands_(active), level_(active), since_(now) {}

  void edge(const InputEdge& edge);
  /// The level as it is read at `now`, nothing of it being on the way.
  void look(bool active, Ticks now);

  std::uint64_t pulses() const { return pulses_; }
  /// Pulses were lost, or may have been; said once.
  bool take_missed();
  void note_missed() { missed_ = true; }

 private:
  void settle(Ticks now);

  std::chrono::nanoseconds debounce_;
  bool stands_;  // the level that counts
  bool level_;   // since the last edge
  Ticks since_;  // that edge
  std::uint64_t pulses_ = 0;
  bool missed_ = false;
};

}  // namespace steward
