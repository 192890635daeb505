#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "cloud/metering/estate.hpp"
#include "contract/nouns/problem.hpp"

namespace steward {

/// An estate folder in memory: file name ("units.csv") to its text.
using EstateFiles = std::map<std::string, std::string>;

/// The names read_estate knows, in the order it reads them. `needed` ones must
/// be there.
struct EstateFileName {
  std::string_view name;
  bool needed = true;
};
inline constexpr EstateFileName estate_file_names[] = {
    {"estate.csv"},          {"nodes.csv"},          {"units.csv"},           {"points.csv"},
    {"installs.csv"},        {"tariffs.csv"},        {"tou.csv", false},      {"pools.csv"},
    {"invoices.csv", false}, {"fees.csv", false},    {"charges.csv", false},  {"reductions.csv", false},
    {"occupancies.csv"},     {"carried.csv", false}, {"readings.csv", false},
};

/// Reads a whole estate, or nothing of it.
///
/// Every problem of every file is listed at once, each with file, line, what is
/// wrong and what would be right, in English and Chinese; a name that is not
/// known comes with the nearest one that is. Nothing is guessed and nothing half
/// applied: any problem and there is no Estate. Row order never matters.
/// Files not named in `estate_file_names` are a problem when they end in ".csv"
/// (a misspelt file must not be ignored), else passed over.
///
/// Limits: those of CsvLimits per file; at most 200 problems are listed, then
/// one line says how many more there are.
/// Format: docs/formats/estate.md. Thread: any; pure.
std::optional<Estate> read_estate(const EstateFiles& files, Problems& problems);

}  // namespace steward
