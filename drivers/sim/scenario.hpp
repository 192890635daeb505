#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/nouns/problem.hpp"
#include "drivers/sim/fault_rule.hpp"

namespace steward::sim {

/// One fault of a scenario file and whom it is meant for, as the file names them.
struct ScenarioFault {
  FaultRule rule;           // its units are not filled in yet
  std::string meter;        // serial plate; or
  std::string bus;          // a bus, with `rule.unit` or as a whole
  std::string other_meter;  // twin: the meter that was given the same address
  std::uint32_t line = 0;   // in the file

  friend bool operator==(const ScenarioFault&, const ScenarioFault&) = default;
};

/// What goes wrong in a simulated estate. One seed, the same faults.
struct Scenario {
  std::uint64_t seed = 0;
  std::vector<ScenarioFault> faults;

  friend bool operator==(const Scenario&, const Scenario&) = default;
};

inline constexpr std::size_t max_scenario_bytes = 64 * 1024;
inline constexpr std::size_t max_scenario_faults = 256;

/// Reads a scenario file (docs/formats/scenario.md) from its JSON text.
///
/// file: how the operator named it, for the problems
/// returns: the scenario, or nothing after adding ALL that is wrong to `problems`
///          (line, what is wrong, what would be right; English and Chinese).
/// Whether the meters and buses it names exist is not known here. Pure. Thread: any.
std::optional<Scenario> read_scenario(std::string_view file, std::string_view text, Problems& problems);

}  // namespace steward::sim
