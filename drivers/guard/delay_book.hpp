#pragma once
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace steward {

/// How long one unit takes to begin its replies: what its time-out is learned from.
/// Holds the last 64; their largest stands for the 99th percentile.
class DelayBook {
 public:
  void add(std::chrono::nanoseconds delay) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(delay).count();
    last_us_[next_] = static_cast<std::uint32_t>(std::clamp<std::int64_t>(us, 0, UINT32_MAX));
    next_ = (next_ + 1) % last_us_.size();
    count_ = std::min(count_ + 1, last_us_.size());
  }
  std::chrono::microseconds p99() const {
    return std::chrono::microseconds(*std::max_element(last_us_.begin(), last_us_.end()));
  }
  /// What to wait for a reply: `longest` until 8 were seen, then twice the p99 and 30 ms
  /// for the kernel and an adapter's latency timer (16 ms on common USB chips), never more than `longest`.
  std::chrono::nanoseconds timeout(std::chrono::nanoseconds longest) const {
    if (count_ < 8) return longest;
    return std::min<std::chrono::nanoseconds>(longest, 2 * p99() + std::chrono::milliseconds(30));
  }
  std::size_t count() const { return count_; }

 private:
  std::array<std::uint32_t, 64> last_us_{};
  std::size_t next_ = 0;
  std::size_t count_ = 0;
};

}  // namespace steward
