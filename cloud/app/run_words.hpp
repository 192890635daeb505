#pragma once
#include <string>
#include <string_view>

#include "cloud/app/month_books.hpp"
#include "cloud/billing/run_diff.hpp"
#include "cloud/store/store.hpp"

/// How verbs speak of a month's bills.
namespace steward {

std::string_view status_en(RunStatus status);
std::string_view status_zh(RunStatus status);
/// The one step there is from `status`; issued has none after it.
RunStatus next_status(RunStatus status);
/// The year a number of that instant belongs to.
int year_of(Instant at, UtcOffset offset);

/// The accounts' totals beside those of `before` as they are stored; without a run of that month, every
/// account is new.
Result<RunDiff> change_since(Store& store, const Books& books, Month before);

}  // namespace steward
