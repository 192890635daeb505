#pragma once
#include <span>

#include "cloud/metering/meter_life.hpp"
#include "cloud/metering/usage.hpp"

namespace steward {

/// The event of a meter's life that made an end of a segment; nullptr: none of `events`, so installs.csv did.
///
/// It names the same meter and the same register, and its change lies on the day of the end: a register that
/// was written down somewhere else too is told by its event, which says who was there and why. Rejected
/// events make none. A closing reading is nobody's cut.
/// returns: into `events`
/// Pure. Thread: any.
const LifeEvent* cut_at(const UsageSegment& segment, const RegisterEnd& end,
                        std::span<const LifeEvent> events, UtcOffset offset);

}  // namespace steward
