#pragma once
#include <optional>
#include <stdexcept>
#include <utility>

#include "kit/loop/loop.hpp"

namespace steward::test {

/// Real time a test waits for something that must happen; only a failure takes that long.
inline constexpr Milliseconds patience{20'000};

template <class T>
Awaitable<void> keep(Awaitable<T> work, std::optional<T>& kept) {
  T value = co_await std::move(work);
  kept.emplace(std::move(value));
}

/// Runs one coroutine to its end on `loop` and gives its value.
template <class T>
T on_loop(Loop& loop, Awaitable<T> work) {
  std::optional<T> kept;
  loop.spawn(keep(std::move(work), kept));
  if (!loop.run_until([&] { return kept.has_value(); }, patience)) throw std::runtime_error("it never ended");
  return std::move(*kept);
}

inline Awaitable<bool> to_the_end(Awaitable<void> work) {
  co_await std::move(work);
  co_return true;
}

/// A service coroutine in the background of a test.
class Service {
 public:
  Service(Loop& loop, Awaitable<void> work) : loop_(loop) {
    loop.spawn(keep(to_the_end(std::move(work)), ended_));
  }
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// After it was told to stop: true when it has come to its end.
  bool ends() {
    return loop_.run_until([this] { return ended_.has_value(); }, patience);
  }

 private:
  Loop& loop_;
  std::optional<bool> ended_;
};

}  // namespace steward::test
