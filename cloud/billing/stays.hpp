#pragma once
#include <vector>

#include "cloud/metering/estate.hpp"

namespace steward {

/// Days of a month for which one account answers for a unit.
struct Stay {
  AccountId account;
  Day from;
  Day to;
  bool vacant = false;  // nobody occupies the unit and the account is its owner's
};

/// The stays of `unit` that fill [from, to) without gap, by time. Days nobody
/// occupies are the owner's, or else the vacant account's; neighbouring rows of one account are one
/// stay (a renewed contract is no move).
std::vector<Stay> stays_in(const Estate& estate, const UnitId& unit, Day from, Day to);

/// The name on the account's bills; empty when no occupancy names it.
class AccountNames {
 public:
  explicit AccountNames(const Estate& estate);
  std::string of(const AccountId& account) const;

 private:
  std::map<AccountId, std::string> names_;
  AccountId vacant_;
};

}  // namespace steward
