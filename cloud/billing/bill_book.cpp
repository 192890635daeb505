#include "cloud/billing/bill_book.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "cloud/billing/stays.hpp"

namespace steward {
namespace {

/// By unit; there own use, shares, reductions; then by what they are of, day and tier.
auto line_order(const BillLine& line) {
  const auto* own = std::get_if<OwnUse>(&line.why);
  const auto* share = std::get_if<PoolShare>(&line.why);
  const auto* reduction = std::get_if<Reduction>(&line.why);
  return std::tuple(line.unit, line.why.index(), line.medium,
                    own     ? own->point.text
                    : share ? share->pool.text
                            : reduction->of,
                    line.from, own ? own->tier : 0);
}

}  // namespace

void BillBook::add(const AccountId& account, const PoolStatement& statement) {
  auto& pools = bills_[account].pools;
  // Pools come in id order, so a bill's statements are sorted and the last one is the only one to compare
  // with.
  if (pools.empty() || pools.back().id != statement.id) pools.push_back(statement);
}

void BillBook::finish(BillRun& run) {
  const AccountNames names(estate_);
  for (auto& [account, bill] : bills_) {
    bill.id = BillId(text_of(run.month) + "-" + account.text);
    bill.estate = run.estate;
    bill.estate_name = run.estate_name;
    bill.offset = run.offset;
    bill.month = run.month;
    bill.account = account;
    bill.account_name = names.of(account);
    bill.vacant_account = account == estate_.vacant_account;
    bill.stepped = run.stepped;
    std::sort(bill.lines.begin(), bill.lines.end(),
              [](const auto& a, const auto& b) { return line_order(a) < line_order(b); });
    for (const auto& line : bill.lines) bill.total += line.amount;
    run.total += bill.total;
    run.bills.push_back(std::move(bill));
  }
}

}  // namespace steward
