#include "cloud/billing/stays.hpp"

#include <algorithm>

namespace steward {
namespace {

void append(std::vector<Stay>& stays, const AccountId& account, Day from, Day to, bool vacant) {
  if (from >= to) return;
  if (!stays.empty() && stays.back().account == account && stays.back().vacant == vacant) {
    stays.back().to = to;
  } else {
    stays.push_back({account, from, to, vacant});
  }
}

}  // namespace

std::vector<Stay> stays_in(const Estate& estate, const UnitId& unit, Day from, Day to) {
  std::vector<Stay> stays;
  const auto& owner = estate.owner_of(unit);
  const bool owned = owner != estate.vacant_account;  // the landlord's own days are all alike
  Day filled = from;
  if (const auto found = estate.occupancies.find(unit); found != estate.occupancies.end()) {
    for (const auto& occupancy : found->second) {
      const Day begin = std::max(occupancy.from, filled);
      const Day end = occupancy.to ? std::min(*occupancy.to, to) : to;
      if (begin >= end) continue;
      append(stays, owner, filled, begin, owned);
      append(stays, occupancy.account, begin, end, false);
      filled = end;
    }
  }
  append(stays, owner, filled, to, owned);
  return stays;
}

AccountNames::AccountNames(const Estate& estate) : vacant_(estate.vacant_account) {
  for (const auto& [unit, occupancies] : estate.occupancies) {
    for (const auto& occupancy : occupancies) names_.emplace(occupancy.account, occupancy.name);
  }
}

std::string AccountNames::of(const AccountId& account) const {
  const auto found = names_.find(account);
  if (found != names_.end() && !found->second.empty()) return found->second;
  return account == vacant_ ? "空置 vacant" : account.text;
}

}  // namespace steward
