#pragma once
#include "contract/nouns/clock.hpp"

namespace steward {

/// What the machine says of the time at one moment.
struct MachineTime {
  Instant wall;
  Ticks ticks{};        // the steady clock at the same moment
  bool synced = false;  // a time daemon disciplines the wall clock, and is not off by more than most_error
  Milliseconds most_error{0};
};

/// Where a gateway's wall clock comes from; tests have their own. Thread: any.
class TimeSource {
 public:
  virtual ~TimeSource() = default;
  virtual MachineTime look() const = 0;
  virtual Ticks ticks() const = 0;  // as Clock::ticks
};

/// The kernel's: adjtimex(2) without changing anything. Synced when STA_UNSYNC is clear and the
/// kernel's own estimate of the error (maxerror, which grows by 500 us/s while nobody
/// disciplines it) is at most a second.
class KernelTime final : public TimeSource {
 public:
  MachineTime look() const override;
  Ticks ticks() const override;
};

}  // namespace steward
