#include "cloud/billing/adds_up.hpp"

#include <map>

namespace steward {

std::string what_does_not_add_up(const BillRun& run) {
  Fen all;
  std::map<PoolId, std::int64_t> of_pool;
  std::map<PointId, Milli> of_point;
  for (const auto& bill : run.bills) {
    Fen sum;
    for (const auto& line : bill.lines) {
      sum += line.amount;
      if (const auto* own = std::get_if<OwnUse>(&line.why)) {
        of_point[own->point] += line.quantity.value_or(Milli{});
      } else {
        of_pool[std::get<PoolShare>(line.why).pool] +=
            line.quantity ? line.quantity->count : line.amount.count;
      }
    }
    if (sum != bill.total) return "the lines of bill " + bill.id.text;
    all += sum;
  }
  if (all != run.total) return "the bills of the run";

  for (const auto& pool : run.pools) {
    const auto& statement = pool.statement;
    const auto total =
        statement.share == ShareOf::money ? statement.cost.count : statement.residual.residual.count;
    std::int64_t shares = 0;
    for (const auto& share : pool.shares) shares += share.share;
    if (!pool.shares.empty() && shares != total) return "the shares of pool " + statement.id.text;
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
