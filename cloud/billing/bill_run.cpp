#include "cloud/billing/bill_run.hpp"

#include <algorithm>
#include <cassert>
#include <tuple>
#include <utility>

#include "cloud/billing/adds_up.hpp"
#include "cloud/billing/month_work.hpp"

namespace steward {
namespace {

void meter(MonthWork& work) {
  for (const auto& [id, point] : work.estate.points) {
    auto usage = usage_between(work.estate, work.readings, id, work.from, work.to, work.problems);
    if (!usage) continue;
    work.run.stepped = work.run.stepped || on_stepped_time(*usage);
    work.usages.emplace(id, std::move(*usage));
    note_removal(work, id);
  }
}

void place_units(MonthWork& work) {
  for (const auto& [unit, details] : work.estate.units) {
    for (NodeId at = details.node;; at = work.estate.nodes.at(at).parent) {
      work.units_under[at].push_back(unit);
      if (at == work.estate.root) break;
    }
  }
}

/// One month of one estate; the order of the steps is the order in which one stands on the other.
std::optional<BillRun> draw(const Estate& estate, const ClosingReadings& readings, Month month,
                            Problems& problems) {
  BillRun run;
  run.estate = estate.id;
  run.estate_name = estate.name;
  run.offset = estate.offset;
  run.month = month;
  const auto to = first_day(month + std::chrono::months{1});
  MonthWork work{estate, readings, first_day(month), to, problems, run, BillBook(estate), {}, {}, {}};
  meter(work);
  run.residuals = residuals_of(estate, work.usages, problems);
  for (const auto& [id, point] : estate.points) {
    if (point.use == PointUse::unit) bill_own_use(work, point);
  }
  for (const auto& [id, pool] : estate.pools) check_pool(work, pool);
  if (!problems.empty()) return std::nullopt;  // a pool is shared only when all of it is known
  place_units(work);
  for (const auto& [id, pool] : estate.pools) share_pool(work, pool);
  bill_fees(work);
  bill_charges(work);
  for (const auto& [id, rule] : estate.reductions) {
    const bool in_force = rule.from <= work.from && (!rule.to || *rule.to > work.from);
    if (in_force) work.book.reduce(rule, work.from, work.to);
  }
  if (!problems.empty()) return std::nullopt;  // a formula that could not be worked out
  for (auto& [id, usage] : work.usages) run.usages.push_back(std::move(usage));
  note_residuals(work);
  work.book.finish(run);
  return run;
}

}  // namespace

DrawnUp draw_up(const Estate& estate, ClosingReadings readings, Month month) {
  for (const auto& reading : estate.readings) readings.add(reading);
  DrawnUp drawn;
  drawn.run = draw(estate, readings, month, drawn.problems);
  std::sort(drawn.problems.begin(), drawn.problems.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.file, a.line, a.en) < std::tie(b.file, b.line, b.en);
  });
  drawn.problems.erase(std::unique(drawn.problems.begin(), drawn.problems.end()), drawn.problems.end());
  assert(drawn.run.has_value() == drawn.problems.empty());
  if (drawn.run) {
    const auto wrong = what_does_not_add_up(*drawn.run);
    assert(wrong.empty());
  }
  return drawn;
}

}  // namespace steward
