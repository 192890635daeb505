#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "contract/nouns/result.hpp"
#include "drivers/sim/estate_model.hpp"

namespace steward::sim {

/// The local days whose midnights are written down: `from` and `to` included, so
/// 2026-06-01 .. 2026-07-01 is one month with both its closing readings.
struct LedgerRange {
  std::chrono::sys_days from;
  std::chrono::sys_days to;
};

/// One file of the estate folder, as docs/formats/estate.md describes it.
struct NamedText {
  std::string name;  // "units.csv"
  std::string text;
};

/// The estate as the cloud imports it: estate, nodes, units, points, installs,
/// tariffs, pools, occupancies and carried (usage between 1 January of
/// range.from's year and range.from). Equal arguments give equal bytes.
std::vector<NamedText> estate_files(const EstateModel& model, const LedgerRange& range);

/// readings.csv: the closing readings at each first of a month in the range, for
/// an estate that is to be billed without a gateway.
NamedText readings_file(const EstateModel& model, const LedgerRange& range);

/// The truth, for tests and for tests/oracle/price_ledger.py:
/// `ledger.csv` (meter,channel,at_ms,count): each dial at each local midnight;
/// `ledger_usage.csv` (month,point,used,flowed): for each whole month in the
/// range what the registers say (after the multiplier) and what truly flowed, in
/// Wh or litres. They differ by less than one register step times the multiplier.
std::vector<NamedText> ledger_files(const EstateModel& model, const LedgerRange& range);

/// meters.csv of the gateway: which profile answers where.
NamedText meters_file(const EstateModel& model);

/// Writes `files` into `folder`, made when missing; each whole or not at all
/// (written aside, then renamed). Faults: broken, naming path and cause.
Result<void> write_files(const std::string& folder, const std::vector<NamedText>& files);

}  // namespace steward::sim
