#pragma once
#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "contract/nouns/clock.hpp"

namespace steward::simulation {

/// What will happen when, in one line of time that all machines share. What falls on one instant happens in
/// the order it was asked for, so that one seed is one run.
class VirtualTime {
 public:
  using Action = std::function<void()>;

  Milliseconds now() const { return now_; }
  void at(Milliseconds when, Action action) { due_.push({std::max(when, now_), next_++, std::move(action)}); }
  void after(Milliseconds delay, Action action) { at(now_ + delay, std::move(action)); }

  /// Lets happen what is due until `end`, and stands there then.
  void run_until(Milliseconds end) {
    while (!due_.empty() && due_.top().when <= end) {
      now_ = due_.top().when;
      const auto action = std::move(due_.top().action);
      due_.pop();
      action();
    }
    now_ = end;
  }

 private:
  struct Due {
    Milliseconds when{};
    std::uint64_t number = 0;
    mutable Action action;  // moved out on its way off the heap
    bool operator<(const Due& other) const {
      return when != other.when ? when > other.when : number > other.number;
    }
  };
  std::priority_queue<Due> due_;
  Milliseconds now_{0};
  std::uint64_t next_ = 0;
};

/// The clocks of one machine: ticks go with virtual time, the wall clock can be set.
class MachineClock final : public Clock {
 public:
  explicit MachineClock(const VirtualTime& time) : time_(time) {}

  Instant now() const override { return instant_from_ms(1'767'225'600'000) + time_.now() + off_; }  // 2026
  Ticks ticks() const override { return Ticks(std::chrono::hours(1)) + time_.now(); }
  ClockTrust trust() const override { return ClockTrust::synced; }

  /// Sets the wall clock so far from the true time.
  void set_off(Milliseconds off) { off_ = off; }

 private:
  const VirtualTime& time_;
  Milliseconds off_{0};
};

}  // namespace steward::simulation
