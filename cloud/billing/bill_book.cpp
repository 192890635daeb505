#include "cloud/billing/bill_book.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

#include "cloud/billing/price.hpp"
#include "cloud/billing/stays.hpp"

namespace steward {
namespace {

/// What a line is of: a point, a pool, a fee, a charge, or what is reduced.
std::string_view subject_of(const BillLine& line) {
  if (const auto* own = std::get_if<OwnUse>(&line.why)) return own->point.text;
  if (const auto* share = std::get_if<PoolShare>(&line.why)) return share->pool.text;
  if (const auto* fee = std::get_if<FeeShare>(&line.why)) return fee->fee.text;
  if (const auto* charged = std::get_if<Charged>(&line.why)) return charged->charge.text;
  return std::get<Reduction>(line.why).of;
}

/// By unit; there own use, shares, fees, charges, reductions; then by what they are of, day, band and tier.
auto line_order(const BillLine& line) {
  static const OwnUse none;
  const auto* own = std::get_if<OwnUse>(&line.why);
  const auto* reduction = std::get_if<Reduction>(&line.why);
  const auto& how = own != nullptr ? *own : none;
  const bool of_all_units =
      reduction != nullptr && line.unit.text.empty();  // last, below what it is taken off
  return std::tuple(of_all_units, std::string_view(line.unit.text), line.why.index(), line.medium,
                    subject_of(line), line.from, how.surcharge, std::string_view(how.band), how.tier,
                    std::string_view(reduction != nullptr ? reduction->rule.text : how.band));
}

bool fits(const ReductionRule& rule, const BillLine& line) {
  constexpr std::string_view kinds[] = {"own", "share", "fee", "charge"};
  if (std::holds_alternative<Reduction>(line.why)) return false;
  if (!rule.unit.text.empty() && rule.unit != line.unit) return false;
  if (rule.item == "all" || rule.item == kinds[line.why.index()]) return true;
  return !std::holds_alternative<OwnUse>(line.why) && rule.item == subject_of(line);
}

}  // namespace

void BillBook::add(const AccountId& account, const PoolStatement& statement) {
  auto& pools = bills_[account].pools;
  // Pools come in id order, so a bill's statements are sorted and the last one is the only one to compare
  // with.
  if (pools.empty() || pools.back().id != statement.id) pools.push_back(statement);
}

void BillBook::reduce(const ReductionRule& rule, Day from, Day to) {
  const auto found = bills_.find(rule.account);
  if (found == bills_.end()) return;
  Fen base;
  for (const auto& line : found->second.lines) {
    if (fits(rule, line)) base += line.amount;
  }
  const auto off = round_part(base, rule.ppm);
  if (off.count <= 0) return;
  add(rule.account, BillLine{rule.unit,
                             Medium::none,
                             from,
                             to,
                             {},
                             from,
                             {},
                             std::nullopt,
                             -off,
                             Reduction{rule.item, base, rule.ppm, false, rule.id, rule.approved_by,
                                       rule.approved_on, rule.why}});
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
