#include "drivers/bus/turns.hpp"

namespace steward {
namespace {

/// A turn ends by itself: every exchange has a deadline. This only bounds the wait
/// of one who is forgotten, which would be a bug here.
constexpr Milliseconds longest_wait{std::chrono::hours(1)};

}  // namespace

Turns::Turns(Loop& loop, std::size_t most, std::size_t width)
    : loop_(loop), most_(most), state_(std::make_shared<State>()) {
  state_->free = width;
}

Awaitable<std::optional<Turns::Turn>> Turns::take() {
  const auto state = state_;
  if (state->free > 0) {
    --state->free;
    co_return Turn(state);
  }
  if (state->waiting.size() >= most_) co_return std::nullopt;
  const auto mine = std::make_shared<Signal>(loop_);
  state->waiting.push_back(mine);
  const bool mine_now = co_await mine->wait(longest_wait);
  if (!mine_now) {
    std::erase(state->waiting, mine);
    co_return std::nullopt;
  }
  co_return Turn(state);  // handed over by the one before: `free` stayed as it was
}

Turns::Turn::~Turn() {
  if (!state_) return;
  if (state_->waiting.empty()) {
    ++state_->free;
    return;
  }
  const auto next = state_->waiting.front();
  state_->waiting.pop_front();
  next->set();
}

}  // namespace steward
