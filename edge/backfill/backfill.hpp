#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "drivers/bus/register_bus.hpp"
#include "edge/backfill/frozen_value.hpp"
#include "edge/poll/poll_plan.hpp"
#include "kit/loop/awaitable.hpp"

namespace steward {

/// Which frozen values of one meter are wanted.
struct BackfillWish {
  Instant from;                                      // nothing that was frozen before
  std::map<ChannelNo, std::vector<LiveValue>> live;  // good ones around it, in order
};

struct BackfillReport {
  std::uint32_t given = 0;  // readings, suspect ones among them
  std::uint32_t suspect = 0;
  std::uint32_t empty = 0;  // blocks the meter never filled
  bool whole = false;       // all that was wanted was read; else `why`, and nothing was given
  std::string why;

  friend bool operator==(const BackfillReport&, const BackfillReport&) = default;
};

/// Reads what a meter froze by itself, under the bus's guard: its clock first, then the blocks,
/// newest first, until one is older than wanted or empty.
///
/// Items shift by one when the meter freezes again, between a block and its instant as well: so the newest
/// instant is read once more at the end, and if it moved nothing is given (`whole` false, ask later). A
/// read that fails ends it the same way; the unit is then quarantined, the next round probes it. What
/// the meter says it does not have is remembered, and passed over the next time: without a
/// clock all it kept is doubtful, without a list the others are read.
///
/// unserved: of this meter, since the start
/// go_on: asked before each read; false when the next round is due or the gateway stops
/// give: called for each reading at the end, oldest block first
/// Thread: loop. Everything must outlive the coroutine.
Awaitable<BackfillReport> backfill(RegisterBus& bus, const Clock& clock, const MeterPlan& meter,
                                   const BackfillWish& wish, const FrozenRules& rules,
                                   const std::function<bool()>& go_on, std::set<RegisterSpan>& unserved,
                                   const std::function<void(FrozenReading)>& give);

}  // namespace steward
