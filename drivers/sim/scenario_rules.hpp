#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "contract/nouns/problem.hpp"
#include "drivers/sim/estate_registers.hpp"
#include "drivers/sim/scenario.hpp"

namespace steward::sim {

/// A scenario's faults by the bus they happen on, units filled in.
struct EstateFaults {
  std::uint64_t seed = 0;
  std::map<BusId, std::vector<FaultRule>> by_bus;
};

/// Finds the meters and buses a scenario names in the estate. Adds a problem, with
/// the scenario's file and line, for each that is not there, and for a twin on
/// another bus. A value reset that names no registers means the meter's billed one.
EstateFaults rules_of(const Scenario& scenario, const std::string& file, const EstateModel& model,
                      const ProfileShelf& profiles, Problems& problems);

/// Reads the file; nothing after adding all that is wrong with it, also that it
/// cannot be read.
std::optional<Scenario> read_scenario_file(const std::string& file, Problems& problems);

}  // namespace steward::sim
