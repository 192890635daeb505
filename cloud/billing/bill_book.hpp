#pragma once
#include <map>

#include "cloud/billing/bill_run.hpp"

namespace steward {

/// The bills of a month while their lines come in; one per account.
class BillBook {
 public:
  explicit BillBook(const Estate& estate) : estate_(estate) {}

  void add(const AccountId& account, BillLine line) { bills_[account].lines.push_back(std::move(line)); }
  /// Evidence of an own-use line.
  void add(const AccountId& account, PointUsage usage) { bills_[account].usages.push_back(std::move(usage)); }
  /// Evidence of a share line; callers come pool by pool, in id order.
  void add(const AccountId& account, const PoolStatement& statement);

  /// Takes `rule` off the lines that are there; nothing where it fits none that asks for more than it gives.
  void reduce(const ReductionRule& rule, Day from, Day to);

  /// Sorts the lines, sums them up and puts the bills into `run`, by account.
  void finish(BillRun& run);

 private:
  const Estate& estate_;
  std::map<AccountId, Bill> bills_;
};

}  // namespace steward
