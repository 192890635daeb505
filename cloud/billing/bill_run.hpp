#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cloud/billing/bill.hpp"
#include "cloud/metering/closing.hpp"
#include "cloud/metering/estate.hpp"
#include "contract/nouns/problem.hpp"

namespace steward {

/// One unit's place in a pool.
struct UnitShare {
  UnitId unit;
  std::vector<ShareTerm> terms;  // one per term of the statement
  std::int64_t share = 0;        // their sum: Wh, litre, or fen when money is shared
  bool left_over = false;        // holds one of the counts left over, of any term
};

/// A pool and how it was shared: the shares and what no unit has weight for add up to it.
struct PoolRun {
  PoolStatement statement;
  std::vector<UnitShare> shares;  // every unit under the node, by id; empty when no unit has weight
  std::int64_t unshared = 0;      // terms in which no unit has weight: the vacant account's
};

/// Something the manager should know that does not stop the run: a residual
/// taken as zero, a pool nobody has weight in, a residual no pool covers.
struct Notice {
  std::string en;
  std::string zh;
};

/// All bills of one estate and month, with everything they stand on. Whether it
/// is a draft or issued is not here: that is a state of the stored run.
struct BillRun {
  SiteId estate;
  std::string estate_name;
  UtcOffset offset{480};
  Month month{};
  bool stepped = false;             // any reading of simulated time
  std::vector<PointUsage> usages;   // whole month, every point, by id
  std::vector<Residual> residuals;  // every point, by id
  std::vector<PoolRun> pools;       // by id
  std::vector<Bill> bills;          // by account
  std::vector<Notice> notices;
  Fen total;  // of all bills
};

/// A run, or everything that stands in its way.
struct DrawnUp {
  std::optional<BillRun> run;
  Problems problems;  // empty exactly when there is a run; no doubles
};

/// Draws up the bills of `month`.
///
/// Usage of every point between the closing readings at the two midnights,
/// residuals of the tree, pools shared by largest remainder, tiers by the year's
/// or the month's usage, one rounding per line. Where the occupant or the tariff
/// changes inside the month, a unit's own use is cut at the closing readings of
/// that day; tiers follow the metering point, not the person. Shares of a unit
/// whose occupant changes are cut by days (by usage, where the basis is usage).
///
/// readings: see ClosingReadings; estate.readings are added to them here
/// Deterministic: same estate and readings, same run, to the byte of its JSON.
/// Nothing is estimated: any register missing, doubtful or contradictory, or a
/// residual far below zero, gives problems and no run, all of them at once.
/// Asserts that shares add up to their pool and lines to their bill.
/// Thread: any; pure.
DrawnUp draw_up(const Estate& estate, ClosingReadings readings, Month month);

}  // namespace steward
