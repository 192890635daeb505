#pragma once
#include <string>

#include "cloud/billing/bill_run.hpp"

namespace steward {

/// Adds a run up again from its bills, without the code that made them: the lines
/// of every bill to its total, the shares of every pool on all bills to the pool,
/// the own-use lines of every unit's point to its usage, the bills to the run.
///
/// returns: the first thing that does not add up, in words; empty when all does.
/// `draw_up` asserts that it is empty: a run that does not add up is never shown.
std::string what_does_not_add_up(const BillRun& run);

}  // namespace steward
