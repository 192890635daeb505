#include "drivers/guard/probe_budget.hpp"

#include <algorithm>
#include <cassert>

namespace steward {
namespace {

constexpr std::chrono::nanoseconds holds_share_of = std::chrono::minutes(1);

}  // namespace

ProbeBudget::ProbeBudget(std::int64_t permille, std::chrono::nanoseconds head_start, Ticks now)
    : permille_(permille), left_(head_start), as_of_(now) {
  assert(permille >= 1 && permille <= 1000);
}

std::chrono::nanoseconds ProbeBudget::left(Ticks now) const {
  const auto most = std::max(left_, holds_share_of / 1000 * permille_);
  // A day is more than the bucket holds; beyond it the product could overflow.
  const std::chrono::nanoseconds passed =
      std::clamp<std::chrono::nanoseconds>(now - as_of_, std::chrono::nanoseconds{0}, std::chrono::hours(24));
  return std::min(most, left_ + passed / 1000 * permille_);
}

Ticks ProbeBudget::affordable_at(Ticks now) const {
  const auto have = left(now);
  if (have > std::chrono::nanoseconds{0}) return now;
  return now + (-have / permille_ + std::chrono::nanoseconds{1}) * 1000;
}

void ProbeBudget::spend(std::chrono::nanoseconds line_time, Ticks now) {
  left_ = left(now) - line_time;
  as_of_ = now;
}

}  // namespace steward
