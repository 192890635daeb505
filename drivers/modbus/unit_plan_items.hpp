#pragma once
#include <vector>

#include "drivers/modbus/unit_plan.hpp"

namespace steward {

/// `plan_unit` for a profile of items. A reply names its item, so there is nothing to pad and no
/// tag to run out of; each item of CJ/T 188 has a twin under the other SER, of DL/T 645 none (the
/// bus reads the identity between two of one kind). Weak is only what no longer fits the
/// dictionary. Pure. Thread: any.
UnitPlan plan_items(const Profile& profile, const std::vector<ChannelSelection>& selections,
                    const ReadCost& cost);

/// Gives what a back-fill asks for a place in the plan: the meter's clock, and of each list of
/// frozen blocks the newest, at most `most_frozen_reads`, as far as tags are left. Never at the
/// cost of a read of the plan. Pure.
void plan_history(const Profile& profile, UnitPlan& plan);

/// Two weeks of days, and two spare: longer outages are for a person to look at.
inline constexpr std::size_t most_frozen_reads = 16;

}  // namespace steward
