#include "cloud/app/run_words.hpp"

#include <algorithm>
#include <cassert>

namespace steward {
namespace {

std::vector<AccountTotal> totals_of(const std::vector<BillRow>& bills) {
  std::vector<AccountTotal> totals;
  for (const auto& bill : bills) totals.push_back({bill.account, bill.name, Fen{bill.total_fen}});
  return totals;
}

}  // namespace

std::string_view status_en(RunStatus status) {
  constexpr std::string_view words[] = {"draft", "checked", "approved", "issued"};
  return words[static_cast<std::size_t>(status)];
}

std::string_view status_zh(RunStatus status) {
  constexpr std::string_view words[] = {"草稿", "已复核", "已批准", "已开具"};
  return words[static_cast<std::size_t>(status)];
}

RunStatus next_status(RunStatus status) {
  assert(status != RunStatus::issued);
  return static_cast<RunStatus>(static_cast<int>(status) + 1);
}

int year_of(Instant at, UtcOffset offset) {
  const auto day = std::chrono::floor<std::chrono::days>(at + offset);
  return static_cast<int>(std::chrono::year_month_day(day).year());
}

Result<RunDiff> change_since(Store& store, const Books& books, Month before) {
  const auto stored = store.bills(books.run.site, text_of(before));
  if (!stored) return stored.error();
  return run_diff(text_of(before), totals_of(*stored), books.run.month, totals_of(books.bills));
}

}  // namespace steward
