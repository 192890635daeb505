#pragma once
#include <memory>

#include "kit/loop/awaitable.hpp"

namespace steward {

/// Something that happens once and that one coroutine waits for, without a limit of
/// its own: a third of a `Signal`'s cost, for what is waited for 100,000 times a second.
/// Whoever uses it sees to it that it comes, with `Deadlines` where nothing else does.
/// Thread: loop.
class Wakeup {
 public:
  Wakeup();
  ~Wakeup();
  Wakeup(Wakeup&&) noexcept;
  Wakeup& operator=(Wakeup&&) = delete;

  /// The waiting coroutine goes on, later on the loop; if none waits, the next `wait` returns at once.
  void set();
  /// At most one at a time (asserted).
  Awaitable<void> wait();

 private:
  struct Waiter;
  template <class Handler>
  struct WaiterOf;
  std::unique_ptr<Waiter> waiter_;
  bool set_ = false;
};

}  // namespace steward
