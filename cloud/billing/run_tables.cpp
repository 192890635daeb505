#include <algorithm>

#include "cloud/billing/basis_words.hpp"
#include "cloud/billing/bill_page.hpp"
#include "cloud/billing/text_table.hpp"

namespace steward {
namespace {

bool takes_part(const UnitShare& share) {
  return std::any_of(share.terms.begin(), share.terms.end(),
                     [](const auto& term) { return term.weight > 0; });
}

}  // namespace

std::string bill_table(std::span<const Bill> bills) {
  TextTable table(
      {Align::left, Align::left, Align::right, Align::right, Align::right, Align::right, Align::right});
  table.row({"账单 Bill", "户名 Name", "房屋 Units", "自用 Own use", "公摊 Shares", "其他 Other",
             "合计 Total (元 yuan)"});
  table.rule();
  Fen all_own;
  Fen all_shares;
  Fen all_others;
  for (const auto& bill : bills) {
    Fen own;
    Fen shares;
    Fen others;  // fees, charges and reductions
    std::vector<std::string> units;
    for (const auto& line : bill.lines) {
      (std::holds_alternative<OwnUse>(line.why)      ? own
       : std::holds_alternative<PoolShare>(line.why) ? shares
                                                     : others) += line.amount;
      if (!line.unit.text.empty() && (units.empty() || units.back() != line.unit.text))
        units.push_back(line.unit.text);
    }
    table.row({bill.id.text, bill.account_name, std::to_string(units.size()), yuan_text(own),
               yuan_text(shares), yuan_text(others), yuan_text(bill.total)});
    all_own += own;
    all_shares += shares;
    all_others += others;
  }
  table.rule();
  table.row({"合计 Total", "", "", yuan_text(all_own), yuan_text(all_shares), yuan_text(all_others),
             yuan_text(all_own + all_shares + all_others)});
  return table.text();
}

std::string pool_proof(const BillRun& run) {
  TextTable table({Align::left, Align::left, Align::right, Align::right, Align::right, Align::left});
  table.row({"公摊 Pool", "名称 Name", "总量 To share", "各户之和 Sum of shares", "户 Units",
             "余数归属 Left-over counts to"});
  table.rule();
  bool all = true;
  for (const auto& pool : run.pools) {
    const auto& statement = pool.statement;
    const auto total = statement.total();
    std::int64_t sum = pool.unshared;
    std::string holders;
    std::size_t holding = 0;
    for (const auto& share : pool.shares) {
      sum += share.share;
      if (!share.left_over) continue;
      if (++holding <= 3) holders += (holders.empty() ? "" : ", ") + share.unit.text;
    }
    if (holding > 3) holders += " +" + std::to_string(holding - 3);
    if (pool.shares.empty()) holders = "空置账户承担 vacant account";
    all = all && sum == total;
    table.row({statement.id.text, statement.name, share_text(statement, total, " 元"),
               share_text(statement, sum, " 元"),
               std::to_string(std::count_if(pool.shares.begin(), pool.shares.end(), takes_part)),
               holders.empty() ? "-" : holders});
  }
  table.rule();
  return table.text() +
         (all ? "每个公摊均已分完，分毫不差。 The shares add up to every pool, to the last count.\n"
              : "有公摊未能分完！ Some shares do NOT add up to their pool!\n");
}

std::string notice_list(const BillRun& run) {
  std::string text;
  for (const auto& notice : run.notices) text += notice.zh + "\n" + notice.en + "\n";
  return text;
}

}  // namespace steward
