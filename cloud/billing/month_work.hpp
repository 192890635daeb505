#pragma once
#include <map>
#include <utility>
#include <vector>

#include "cloud/billing/bill_book.hpp"
#include "cloud/billing/bill_run.hpp"

namespace steward {

// Internal to draw_up: what its steps hand to one another.

/// What one unit used of one medium on some days of the month.
struct UsedOnDays {
  Day from;
  Milli usage;
};

/// One month of one estate while its bills are drawn up.
struct MonthWork {
  const Estate& estate;
  const ClosingReadings& readings;
  Day from;  // the month, [from, to)
  Day to;
  Problems& problems;
  BillRun& run;                          // usages and bills are put in last
  BillBook book;                         // the lines so far
  std::map<PointId, PointUsage> usages;  // of the whole month, every point
  std::map<NodeId, std::vector<UnitId>> units_under;
  std::map<std::pair<UnitId, Medium>, std::vector<UsedOnDays>> unit_usage;

  Milli usage_of(const UnitId& unit, Medium medium, Day since, Day until) const {
    Milli sum;
    const auto found = unit_usage.find({unit, medium});
    if (found == unit_usage.end()) return sum;
    for (const auto& used : found->second) {
      if (used.from >= since && used.from < until) sum += used.usage;
    }
    return sum;
  }
};

/// The version of `tariff` in force on `day`, or nullptr and a problem.
const TariffVersion* version_for(MonthWork& work, const TariffId& tariff, Day day);

/// Lines and evidence of what the unit of `point` used itself, cut where its occupant or its price changes.
void bill_own_use(MonthWork& work, const Point& point);

/// Problems that a pool's price would meet, before anything is shared.
void check_pool(MonthWork& work, const Pool& pool);
/// Shares one pool among its units and their stays. After check_pool of all, and after all own use.
void share_pool(MonthWork& work, const Pool& pool);

/// Lines of the fees whose period the month ends, by days over the stays in it.
void bill_fees(MonthWork& work);
/// Lines of what is asked for once in the month.
void bill_charges(MonthWork& work);
/// The owner of a vacant unit pays `vacant_ppm` of `line`, and the landlord the rest: two lines that mirror
/// each other.
void spare_owner(MonthWork& work, const BillLine& line, const AccountId& owner, std::int64_t vacant_ppm,
                 const std::string& of);

/// What the weights of a pool's units are under each of its terms; a formula that fails is a problem.
std::vector<UnitShare> weigh_units(MonthWork& work, const Pool& pool, PoolStatement& statement);

/// What the manager should know of the residuals: taken as zero, given back, or covered by no pool.
void note_residuals(MonthWork& work);
/// A point without a meter at the month's end.
void note_removal(MonthWork& work, const PointId& point);
/// A term in which no unit has weight.
void note_no_weight(MonthWork& work, const PoolStatement& statement, const PoolTerm& term);

}  // namespace steward
