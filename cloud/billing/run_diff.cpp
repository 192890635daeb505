#include "cloud/billing/run_diff.hpp"

#include <algorithm>
#include <map>

#include "cloud/billing/text_table.hpp"
#include "cloud/metering/decimal.hpp"

namespace steward {
namespace {

constexpr std::size_t most_shown = 40;  // a screen; --json has them all

std::int64_t size_of(Fen fen) { return fen.count < 0 ? -fen.count : fen.count; }

/// Whole per cent of what it was, rounded half away from zero; empty where there is nothing to compare with.
std::string percent_text(Fen was, Fen change) {
  if (was.count <= 0) return {};
  __extension__ using Wide = __int128;
  const auto twice = static_cast<Wide>(size_of(change)) * 200 + was.count;
  const auto whole = static_cast<std::int64_t>(twice / (static_cast<Wide>(was.count) * 2));
  return (change.count < 0 ? "-" : "+") + std::to_string(whole) + " %";
}

std::string signed_yuan(Fen fen) { return (fen.count > 0 ? "+" : "") + yuan_text(fen); }

}  // namespace

RunDiff run_diff(std::string before, const std::vector<AccountTotal>& was, std::string month,
                 const std::vector<AccountTotal>& now) {
  RunDiff diff{std::move(before), std::move(month), {}, {}, {}};
  std::map<AccountId, AccountChange> accounts;
  for (const auto& one : was) {
    accounts[one.account] = {one.account, one.name, one.total, {}};
    diff.was = diff.was + one.total;
  }
  for (const auto& one : now) {
    auto& change = accounts[one.account];
    change.account = one.account;
    change.name = one.name;
    change.now = one.total;
    diff.now = diff.now + one.total;
  }
  for (auto& [account, change] : accounts) diff.accounts.push_back(std::move(change));
  std::stable_sort(diff.accounts.begin(), diff.accounts.end(),
                   [](const auto& a, const auto& b) { return size_of(a.change()) > size_of(b.change()); });
  return diff;
}

std::string run_diff_page(const RunDiff& diff) {
  TextTable table({Align::left, Align::left, Align::right, Align::right, Align::right, Align::right});
  table.row({"account 账户", "name 户名", diff.before, diff.month, "change 变化", "%"});
  table.rule();
  std::size_t fresh = 0;
  std::size_t gone = 0;
  std::size_t same = 0;
  for (std::size_t i = 0; i < diff.accounts.size(); ++i) {
    const auto& one = diff.accounts[i];
    fresh += one.was ? 0U : 1U;
    gone += one.now ? 0U : 1U;
    same += one.was == one.now ? 1U : 0U;
    if (i >= most_shown || one.was == one.now) continue;
    table.row({one.account.text, one.name, one.was ? yuan_text(*one.was) : "new 新",
               one.now ? yuan_text(*one.now) : "gone 无", signed_yuan(one.change()),
               percent_text(one.was.value_or(Fen{}), one.change())});
  }
  table.rule();
  table.row({"", "sum 合计", yuan_text(diff.was), yuan_text(diff.now), signed_yuan(diff.now - diff.was),
             percent_text(diff.was, diff.now - diff.was)});
  return table.text() + std::to_string(same) + " unchanged, " + std::to_string(fresh) + " new, " +
         std::to_string(gone) + " gone / " + std::to_string(same) + " 户不变，" + std::to_string(fresh) +
         " 户新增，" + std::to_string(gone) + " 户减少\n";
}

Json run_diff_json(const RunDiff& diff) {
  const auto fen = [](const std::optional<Fen>& value) { return value ? Json(value->count) : Json(); };
  auto accounts = Json::array();
  for (const auto& one : diff.accounts) {
    auto json = Json::object();
    json.set("account", one.account.text).set("name", one.name);
    json.set("was_fen", fen(one.was)).set("now_fen", fen(one.now)).set("change_fen", one.change().count);
    accounts.push(std::move(json));
  }
  auto json = Json::object();
  json.set("before", diff.before).set("month", diff.month);
  json.set("was_fen", diff.was.count).set("now_fen", diff.now.count);
  json.set("accounts", std::move(accounts));
  return json;
}

}  // namespace steward
