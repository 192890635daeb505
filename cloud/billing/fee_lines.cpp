#include <algorithm>
#include <cassert>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "cloud/billing/apportion.hpp"
#include "cloud/billing/month_work.hpp"
#include "cloud/billing/price.hpp"
#include "cloud/billing/stays.hpp"

namespace steward {
namespace {

struct Days {
  Day from;
  Day to;
};

/// The period of a fee that the month ends, which is when it is billed.
std::optional<Days> period_ended_by(FeePeriod period, Month month) {
  const auto number = static_cast<unsigned>(month.month());
  const auto to = first_day(month + std::chrono::months{1});
  switch (period) {
    case FeePeriod::month: return Days{first_day(month), to};
    case FeePeriod::quarter:
      if (number % 3 != 0) return std::nullopt;
      return Days{first_day(month - std::chrono::months{2}), to};
    case FeePeriod::year:
      if (number != 12) return std::nullopt;
      return Days{first_day(month - std::chrono::months{11}), to};
    case FeePeriod::move_in: return Days{first_day(month), to};
  }
  return std::nullopt;
}

std::int64_t count_of(FeeBasis basis, const Unit& unit) {
  switch (basis) {
    case FeeBasis::area: return unit.area_cm2;
    case FeeBasis::household: return unit.kind == UnitKind::parking ? 0 : 1;
    case FeeBasis::persons: return unit.persons.value_or(0);  // read_estate saw that none is open
    case FeeBasis::vehicles: return unit.vehicles.value_or(0);
    case FeeBasis::unit: return 1;
  }
  return 0;
}

/// The fees of an estate and which plan of each a unit is under.
class Plans {
 public:
  explicit Plans(const Estate& estate) : estate_(estate) {
    for (const auto& plan : estate.fees) {
      fees_.emplace(plan.fee, plan.period);
      plans_[{plan.fee, plan.node, plan.group}].push_back(&plan);
    }
  }
  /// All plans of a fee have one period: read_estate saw to it.
  const std::map<FeeId, FeePeriod>& fees() const { return fees_; }

  /// The plan of `fee` for `unit` that was there on `day`: of the deepest node, there of its group before
  /// all.
  const FeePlan* of(const FeeId& fee, const Unit& unit, Day day) const {
    for (NodeId at = unit.node;; at = estate_.nodes.at(at).parent) {
      for (const auto& group : {unit.group, std::string()}) {
        const auto found = plans_.find({fee, at, group});
        if (found == plans_.end()) continue;
        const auto& versions = found->second;
        const auto newest = std::find_if(versions.rbegin(), versions.rend(),
                                         [&](const FeePlan* plan) { return plan->valid_from <= day; });
        if (newest != versions.rend()) return *newest;
      }
      if (at == estate_.root) return nullptr;
    }
  }

 private:
  const Estate& estate_;
  std::map<FeeId, FeePeriod> fees_;
  std::map<std::tuple<FeeId, NodeId, std::string>, std::vector<const FeePlan*>> plans_;  // by valid_from
};

BillLine line_of(const FeePlan& plan, const Unit& unit, Days days, Fen amount, FeeShare why) {
  return {unit.id,   Medium::none, days.from,    days.to, {},
          days.from, plan.price,   std::nullopt, amount,  std::move(why)};
}

/// A fee by days over whoever answered for the unit in its period.
void bill_period(MonthWork& work, const FeePlan& plan, const Unit& unit, Days days, Fen fee,
                 std::int64_t count) {
  const auto stays = stays_in(work.estate, unit.id, days.from, days.to);
  std::vector<std::int64_t> parts;
  for (const auto& stay : stays) parts.push_back((stay.to - stay.from).count());
  const auto out = share_out(fee.count, parts);
  assert(out);  // a period has days
  const auto whole = (days.to - days.from).count();
  for (std::size_t i = 0; i < stays.size(); ++i) {
    auto line = line_of(
        plan, unit, {stays[i].from, stays[i].to}, Fen{out->shares[i]},
        {plan.fee, plan.name, plan.basis, plan.period, days.from, days.to, count, fee, parts[i], whole});
    if (stays[i].vacant) spare_owner(work, line, stays[i].account, plan.vacant_ppm, plan.fee.text);
    work.book.add(stays[i].account, std::move(line));
  }
}

/// A fee for moving in: whole, to each account that comes to the unit in the month.
void bill_move_in(MonthWork& work, const FeePlan& plan, const Unit& unit, Fen fee, std::int64_t count) {
  const auto found = work.estate.occupancies.find(unit.id);
  if (found == work.estate.occupancies.end()) return;
  const Occupancy* before = nullptr;
  for (const auto& occupancy : found->second) {
    const bool renewed =
        before != nullptr && before->account == occupancy.account && before->to == occupancy.from;
    before = &occupancy;
    if (renewed || occupancy.from < work.from || occupancy.from >= work.to) continue;
    const Days day{occupancy.from, occupancy.from + std::chrono::days{1}};
    work.book.add(occupancy.account, line_of(plan, unit, day, fee,
                                             {plan.fee, plan.name, plan.basis, plan.period, day.from, day.to,
                                              count, fee, 1, 1}));
  }
}

}  // namespace

void bill_fees(MonthWork& work) {
  const Plans plans(work.estate);
  for (const auto& [fee, period] : plans.fees()) {
    const auto days = period_ended_by(period, work.run.month);
    if (!days) continue;
    for (const auto& [id, unit] : work.estate.units) {
      const auto* plan = plans.of(fee, unit, days->from);
      if (plan == nullptr) continue;
      const auto count = count_of(plan->basis, unit);
      const auto amount = round_fee(plan->basis, count, plan->price);
      if (count == 0 || plan->price.count == 0) continue;  // no vehicle, or exempt: no line
      if (plan->period == FeePeriod::move_in) {
        bill_move_in(work, *plan, unit, amount, count);
      } else {
        bill_period(work, *plan, unit, *days, amount, count);
      }
    }
  }
}

void bill_charges(MonthWork& work) {
  for (const auto& [id, charge] : work.estate.charges) {
    if (charge.day < work.from || charge.day >= work.to) continue;
    const auto next = charge.day + std::chrono::days{1};
    const auto stay = stays_in(work.estate, charge.unit, charge.day, next).front();
    work.book.add(stay.account, BillLine{charge.unit,
                                         Medium::none,
                                         charge.day,
                                         next,
                                         {},
                                         charge.day,
                                         {},
                                         std::nullopt,
                                         charge.amount,
                                         Charged{id, charge.name, charge.day}});
  }
}

void spare_owner(MonthWork& work, const BillLine& line, const AccountId& owner, std::int64_t vacant_ppm,
                 const std::string& of) {
  const auto ppm = whole_ppm - vacant_ppm;
  if (ppm == 0) return;
  const auto off = round_part(line.amount, ppm);
  auto taken = line;
  taken.quantity = std::nullopt;
  taken.amount = -off;
  taken.why = Reduction{of, line.amount, ppm, false};
  auto borne = taken;
  borne.amount = off;
  borne.why = Reduction{of, line.amount, ppm, true};
  work.book.add(owner, std::move(taken));
  work.book.add(work.estate.vacant_account, std::move(borne));
}

}  // namespace steward
