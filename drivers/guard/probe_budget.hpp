#pragma once
#include <chrono>

#include "contract/nouns/clock.hpp"

namespace steward {

/// The share of a line that probes of quarantined units may take together, so that
/// dead units cannot cost more, however many they are.
///
/// A bucket of line time: fills at `share` of real time, holds at most a minute's
/// worth, and may be overdrawn by the probe in hand (which then delays the next).
/// At start it also holds one unanswered probe per unit: a line whose units
/// all live is asked at once. Thread: any, one at a time.
class ProbeBudget {
 public:
  /// permille: of line time; 40 = 4 %. head_start: line time given at start.
  ProbeBudget(std::int64_t permille, std::chrono::nanoseconds head_start, Ticks now);

  bool affordable(Ticks now) const { return left(now) > std::chrono::nanoseconds{0}; }
  /// The first instant at which a probe is affordable again.
  Ticks affordable_at(Ticks now) const;
  /// A probe took the line for so long.
  void spend(std::chrono::nanoseconds line_time, Ticks now);

 private:
  std::chrono::nanoseconds left(Ticks now) const;

  std::int64_t permille_;
  std::chrono::nanoseconds left_;
  Ticks as_of_;
};

}  // namespace steward
