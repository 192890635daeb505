#include "cloud/billing/adds_up.hpp"

#include <map>
#include <tuple>
#include <utility>

namespace steward {

std::string what_does_not_add_up(const BillRun& run) {
  Fen all;
  Fen mirrored;  // vacancies
  std::map<std::tuple<FeeId, UnitId, Day>, std::pair<Fen, Fen>> of_fee;
  std::map<PoolId, std::int64_t> of_pool;
  std::map<PointId, Milli> of_point;
  for (const auto& bill : run.bills) {
    Fen sum;
    for (const auto& line : bill.lines) {
      sum += line.amount;
      if (const auto* own = std::get_if<OwnUse>(&line.why)) {
        if (!own->surcharge) of_point[own->point] += line.quantity.value_or(Milli{});
      } else if (const auto* share = std::get_if<PoolShare>(&line.why)) {
        of_pool[share->pool] += line.quantity ? line.quantity->count : line.amount.count;
      } else if (const auto* fee = std::get_if<FeeShare>(&line.why)) {
        auto& of = of_fee[{fee->fee, line.unit, fee->period_from}];
        if (fee->period == FeePeriod::move_in) continue;
        of.first += line.amount;
        of.second = fee->unit_fee;
      } else if (const auto* reduction = std::get_if<Reduction>(&line.why)) {
        if (reduction->rule.text.empty()) mirrored += line.amount;
      }
    }
    if (sum != bill.total) return "the lines of bill " + bill.id.text;
    all += sum;
  }
  if (all != run.total) return "the bills of the run";
  if (mirrored.count != 0) return "the vacancy reductions and what is paid for them";
  for (const auto& [key, sums] : of_fee) {
    if (sums.first != sums.second)
      return "the fee " + std::get<FeeId>(key).text + " of unit " + std::get<UnitId>(key).text;
  }

  for (const auto& pool : run.pools) {
    const auto& statement = pool.statement;
    const auto total = statement.total();
    std::int64_t terms = 0;
    for (const auto& term : statement.terms) terms += term.total;
    if (terms != total) return "the parts of pool " + statement.id.text;
    std::int64_t shares = pool.unshared;
    for (const auto& share : pool.shares) shares += share.share;
    if (shares != total) return "the shares of pool " + statement.id.text;
    for (const auto& share : pool.shares) {
      std::int64_t sum = 0;
      for (const auto& term : share.terms) sum += term.share;
      if (sum != share.share) return "the share of unit " + share.unit.text + " of pool " + statement.id.text;
    }
    if (of_pool[statement.id] != total) return "the lines of pool " + statement.id.text;
  }
  for (const auto& usage : run.usages) {
    const auto billed = of_point.find(usage.point);
    if (billed != of_point.end() && billed->second != usage.usage)
      return "the lines of point " + usage.point.text;
  }
  return {};
}

}  // namespace steward
