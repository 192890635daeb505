#pragma once
#include <deque>
#include <memory>
#include <optional>

#include "kit/loop/awaitable.hpp"
#include "kit/loop/loop.hpp"

namespace steward {

/// Most callers that may wait for their turn on one bus.
inline constexpr std::size_t max_waiting_reads = 16;

/// Lets one coroutine at a time, or a few, have a bus, in the order they came.
/// Thread: loop.
class Turns {
 public:
  /// most: how many may wait. width: how many have it at once. The loop must outlive every turn.
  Turns(Loop& loop, std::size_t most, std::size_t width = 1);

  /// Having the bus; ends with the value's life. May outlive the `Turns` it is from.
  class Turn;
  /// Waits for a turn; nothing when too many wait already.
  Awaitable<std::optional<Turn>> take();

 private:
  struct State {
    std::deque<std::shared_ptr<Signal>> waiting;
    std::size_t free = 1;
  };

  Loop& loop_;
  const std::size_t most_;
  std::shared_ptr<State> state_;
};

class Turns::Turn {
 public:
  explicit Turn(std::shared_ptr<State> state) : state_(std::move(state)) {}
  Turn(Turn&&) noexcept = default;
  Turn& operator=(Turn&&) = delete;
  ~Turn();

 private:
  std::shared_ptr<State> state_;
};

}  // namespace steward
