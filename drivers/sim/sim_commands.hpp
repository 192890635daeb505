#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "contract/nouns/problem.hpp"
#include "drivers/sim/estate_csv.hpp"

namespace steward::sim {

/// `steward-sim estate`: what the operator asked for, as typed.
struct EstateRequest {
  EstateSetup estate;
  std::string folder;
  std::string from;  // local dates, YYYY-MM-DD
  std::string to;
  bool with_readings = false;  // readings.csv too, to bill without a gateway
};

/// What was written.
struct EstateReport {
  std::size_t units = 0;
  std::size_t meters = 0;
  std::size_t pools = 0;
  std::size_t midnights = 0;
  std::vector<std::string> files;
};

/// Checks the whole request, then writes the folder. Nothing is written when
/// anything is wrong: all problems are added, in both languages.
std::optional<EstateReport> write_estate(const EstateRequest& request, Problems& problems);

/// Adds a problem when no estate of that many flats can be laid out.
void check_flats(int flats, Problems& problems);

/// Whether the command line is at fault (an option's value cannot be) and not the
/// machine (`--dir` names a folder that cannot be written).
bool is_wrong_usage(const Problems& problems);

}  // namespace steward::sim
