#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "drivers/sim/estate_plan.hpp"

namespace steward::sim {

/// The code printed at the lobby's checkpoint.
std::string checkpoint_code();

/// One card for each of the first twelve occupied units, in the order of the plan: eight
/// digits, none twice.
std::vector<std::uint32_t> resident_cards(const EstatePlan& plan);

}  // namespace steward::sim
