#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cloud/metering/estate.hpp"
#include "cloud/metering/estate_csv.hpp"
#include "contract/nouns/problem.hpp"

// Internal to read_estate: the files row by row, before the rows are held
// against one another.

namespace steward::rows {

/// One row of a file. `sound` is false when a field of it was already reported:
/// its id still counts as known, so that one slip is one problem, but nothing
/// else about it is judged.
template <class T>
struct Row {
  std::uint32_t line = 0;
  bool sound = true;
  T value;
};

struct TierRow {
  TariffId tariff;
  Medium medium = Medium::electricity;
  Day valid_from;
  TierPeriod period = TierPeriod::month;
  std::int64_t tier = 0;
  Tier bounds;
  std::int64_t persons_above = 0;
  bool by_months = false;
};
struct BandRow {
  TariffId tariff;
  Day valid_from;
  BandPrice price;
};
struct CarriedRow {
  PointId point;
  int year = 0;
  Milli used;
};
struct ReadingRow {
  MeterId meter;
  std::string channel;
  std::string at_text;
  std::optional<Day> day;     // a local date, or
  std::optional<Instant> at;  // an instant
  std::int64_t value = 0;
  ReadingSource source = ReadingSource::manual;
};

struct InvoiceRow {
  PoolId pool;
  Month month{};
  Invoice invoice;
};

struct EstateRows {
  std::vector<Row<Estate>> estates;  // the four scalar fields only
  std::vector<Row<Node>> nodes;
  std::vector<Row<Unit>> units;
  std::vector<Row<Point>> points;
  std::vector<Row<Install>> installs;
  std::vector<Row<TierRow>> tiers;
  std::vector<Row<BandRow>> bands;
  std::vector<Row<FeePlan>> fees;
  std::vector<Row<Charge>> charges;
  std::vector<Row<ReductionRule>> reductions;
  std::vector<Row<Pool>> pools;
  std::vector<Row<InvoiceRow>> invoices;
  std::vector<Row<Occupancy>> occupancies;
  std::vector<Row<CarriedRow>> carried;
  std::vector<Row<ReadingRow>> readings;
  /// Files that were read as tables. Others (missing, not CSV, a column missing)
  /// are one problem each, and references into them are not judged.
  std::set<std::string, std::less<>> whole_files;
};

class Cells;
Pool pool_of(Cells& cells);
InvoiceRow invoice_of(Cells& cells);
TierRow tier_of(Cells& cells);
BandRow band_of(Cells& cells);
FeePlan fee_of(Cells& cells);
Charge charge_of(Cells& cells);
ReductionRule reduction_of(Cells& cells);

/// Reads every file, reporting what is wrong inside single rows.
EstateRows read_rows(const EstateFiles& files, Problems& problems);

/// Holds the rows against one another: references, doubles, cycles, overlaps,
/// gaps in tiers, media that do not match.
void check_rows(const EstateRows& rows, Problems& problems);

/// Makes the estate of rows in which nothing was wrong.
Estate assemble(EstateRows rows);

/// Sorts by file and line, drops doubles and cuts the list at its limit.
void tidy(Problems& problems);

}  // namespace steward::rows
