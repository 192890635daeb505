#pragma once
#include <string>

#include "cloud/billing/bill_run.hpp"

namespace steward {

/// How the pools of `run` are shared, for the manager who sets them up: what is shared and where it comes
/// from, the formula and every unit's inputs, weights and shares, `*` on who holds a count left over, and the
/// sum. Shows neighbours side by side: never for a resident.
///
/// pool: one pool alone; empty: all
std::string pools_page(const Estate& estate, const BillRun& run, const PoolId& pool);

}  // namespace steward
