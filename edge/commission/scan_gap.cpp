#include "edge/commission/scan_gap.hpp"

#include <algorithm>

namespace steward {
namespace {

constexpr Milliseconds speed_reserve{5'000};
constexpr Milliseconds probe_reserve{300};
constexpr Milliseconds ask_margin{100};

}  // namespace

ScanTurn turn_of(const ScanGap& gap) {
  if (!gap.in_service) return ScanTurn::ask;
  if (gap.own_speed) {
    if (gap.round_due) return ScanTurn::wait;
    const auto wait = std::chrono::ceil<Milliseconds>(gap.wait) + ask_margin;
    const bool soon = gap.left > Milliseconds{0} && gap.left < std::min(wait, gap.every / 2);
    return soon ? ScanTurn::wait : ScanTurn::ask;
  }
  const auto reserve = speed_reserve + static_cast<std::int64_t>(gap.planned) * probe_reserve;
  if (gap.every < 2 * reserve) return ScanTurn::never;
  return gap.round_due || gap.left < reserve ? ScanTurn::wait : ScanTurn::ask;
}

}  // namespace steward
