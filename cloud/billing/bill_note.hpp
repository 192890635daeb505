#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cloud/billing/bill.hpp"
#include "contract/nouns/result.hpp"
#include "contract/text/json.hpp"

namespace steward {

/// A credit or debit note: what turns a bill as it stands (issued, and with the notes before this one) into
/// the bill as it is recomputed. An issued bill itself never changes.
struct BillNote {
  BillId bill;  // that it corrects
  SiteId estate;
  std::string estate_name;
  Month month{};
  AccountId account;
  std::string account_name;
  std::int64_t place = 1;  // 1, 2, ... per bill
  std::string why;
  std::string who;
  std::vector<BillLine> taken_back;  // of the bill as it stood, no longer so
  std::vector<BillLine> asked;       // of the bill as it is now, not so before
  Fen was;
  Fen now;
  std::optional<Bill> after;  // the bill as it is from here on; empty: the account has none any more

  Fen total() const { return now - was; }
};

/// The note between `was` and `now`, which are of one account and month; either may be empty, not both.
/// Nothing: their lines are the same, so there is nothing to correct. Asserts that the lines taken
/// back and asked add up to the difference.
std::optional<BillNote> note_between(const std::optional<Bill>& was, const std::optional<Bill>& now);

/// Canonical JSON, as of a bill: docs/formats/bill.md.
Json note_json(const BillNote& note);
/// The bill a stored note leads to. Faults: malformed.
Result<std::optional<Bill>> bill_after(std::string_view note_json);

/// A text page for its payer, Chinese with English beside it.
std::string note_page(const BillNote& note);

}  // namespace steward
