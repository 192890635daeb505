#include "drivers/sim/awaited_clock.hpp"

namespace steward::sim {

bool AwaitedClock::there() const {
  if (found_) return true;
  auto opened = SteppedClock::open(file_);
  if (opened) found_ = std::move(*opened);
  return found_ != nullptr;
}

Instant AwaitedClock::now() const { return there() ? found_->now() : Instant{}; }

}  // namespace steward::sim
