#pragma once
#include <optional>
#include <string>
#include <vector>

#include "contract/nouns/ids.hpp"
#include "contract/nouns/quantity.hpp"
#include "contract/text/json.hpp"

namespace steward {

/// What one account is asked in a month.
struct AccountTotal {
  AccountId account;
  std::string name;
  Fen total;
};

/// An account in one month and in the other. Empty: no bill.
struct AccountChange {
  AccountId account;
  std::string name;
  std::optional<Fen> was;
  std::optional<Fen> now;

  Fen change() const { return now.value_or(Fen{}) - was.value_or(Fen{}); }
};

/// Two months side by side: what a person looks at before bills go out.
struct RunDiff {
  std::string before;  // "2026-05"
  std::string month;
  std::vector<AccountChange> accounts;  // largest change first, then by account
  Fen was;
  Fen now;
};

/// Puts the months beside each other by account. Each list: any order, no account twice.
RunDiff run_diff(std::string before, const std::vector<AccountTotal>& was, std::string month,
                 const std::vector<AccountTotal>& now);

/// A table of at most the 40 largest changes, the new, the gone, and the sums, in both languages.
std::string run_diff_page(const RunDiff& diff);
Json run_diff_json(const RunDiff& diff);

}  // namespace steward
