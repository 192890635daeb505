#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "contract/nouns/clock.hpp"

namespace steward {

class Loop;

/// Many time-outs that are hardly ever reached. Setting and lifting one touches a
/// list; one timer looks over it every 20 ms while it is not empty. So a time-out comes
/// up to 20 ms late, and costs a thirtieth of a timer of its own (a heap of 2,000).
/// Thread: loop. Must not outlive the loop.
class Deadlines {
 public:
  explicit Deadlines(Loop& loop);
  ~Deadlines();
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  /// Calls `passed` once, on the loop, when `limit` is over, unless the value's life ended before.
  class [[nodiscard]] Limit;
  Limit set(Milliseconds limit, std::function<void()> passed);

 private:
  struct Parts;
  std::shared_ptr<Parts> parts_;
};

/// Lifts its limit at the end of its life.
class Deadlines::Limit {
 public:
  Limit() = default;
  ~Limit();
  Limit(Limit&& other) noexcept;
  Limit& operator=(Limit&& other) noexcept;

 private:
  friend class Deadlines;
  void lift();
  std::weak_ptr<Parts> of_;
  std::size_t at_ = 0;
  std::uint64_t id_ = 0;
};

}  // namespace steward
