#pragma once
#include <string>

#include "contract/nouns/problem.hpp"
#include "drivers/sim/estate_registers.hpp"

namespace steward::sim {

/// Reads every profile (*.json) in `folder`. Adds all problems: unreadable files,
/// what is wrong inside them, and each profile the simulated meters need that is
/// not there. The shelf is complete if no problem was added.
/// Hashes stay zero: a simulated meter signs nothing.
ProfileShelf read_profile_folder(const std::string& folder, Problems& problems);

}  // namespace steward::sim
