#include "cloud/billing/bill_page.hpp"

#include <algorithm>

#include "cloud/billing/text_table.hpp"

namespace steward {
namespace {

std::string quantity_text(std::int64_t milli, Medium medium) {
  return grouped_decimal_text(milli, 3) + " " + std::string(priced_unit(medium));
}

std::string medium_words(Medium medium) {
  return medium == Medium::electricity ? "电 electricity" : "水 water";
}

std::string days_text(Day from, Day to) {
  return text_of(from) + " .. " + text_of(to - std::chrono::days{1});
}

const PoolStatement* pool_of(const Bill& bill, const PoolId& id) {
  const auto found =
      std::find_if(bill.pools.begin(), bill.pools.end(), [&](const auto& pool) { return pool.id == id; });
  return found == bill.pools.end() ? nullptr : &*found;
}

std::string item_text(const Bill& bill, const BillLine& line) {
  std::string text = medium_words(line.medium) + "  ";
  if (const auto* own = std::get_if<OwnUse>(&line.why)) {
    text += "用量 use " + own->point.text;
    if (own->tier > 1 || own->tier_upto) text += "  第 " + std::to_string(own->tier) + " 档 tier";
  } else {
    const auto& share = std::get<PoolShare>(line.why);
    const auto* pool = pool_of(bill, share.pool);
    text += "公摊 share " + share.pool.text + (pool == nullptr || pool->name.empty() ? "" : " " + pool->name);
  }
  const bool whole_month =
      line.from == first_day(bill.month) && line.to == first_day(bill.month + std::chrono::months{1});
  return whole_month ? text : text + "  " + days_text(line.from, line.to);
}

void add_lines(const Bill& bill, std::string& page) {
  TextTable table({Align::left, Align::right, Align::right, Align::right});
  table.row({"项目 Item", "数量 Quantity", "单价 Price (元 yuan)", "金额 Amount (元 yuan)"});
  table.rule();
  const UnitId* unit = nullptr;
  for (const auto& line : bill.lines) {
    if (unit == nullptr || *unit != line.unit) {
      unit = &line.unit;
      table.row(
          {line.unit.text.empty() ? "无人分摊 shared by nobody" : "房屋 Unit " + line.unit.text, "", "", ""});
    }
    table.row({"  " + item_text(bill, line),
               line.quantity ? quantity_text(line.quantity->count, line.medium) : "按金额 by money",
               price_text(line.price) + "/" + std::string(priced_unit(line.medium)), yuan_text(line.amount)});
  }
  table.rule();
  table.row({"合计 Total", "", "", yuan_text(bill.total)});
  page += table.text();
}

std::string multiplier_text(const UsageSegment& segment) {
  auto text = std::to_string(segment.multiplier_n);
  if (segment.multiplier_d != 1) text += "/" + std::to_string(segment.multiplier_d);
  return text;
}

void add_meters(const Bill& bill, std::string& page) {
  if (bill.usages.empty()) return;
  TextTable table({Align::left, Align::left, Align::right, Align::right, Align::right, Align::right});
  table.row({"计量点 Point", "表 Meter", "上次 Previous", "本次 Current", "倍率 ×", "用量 Usage"});
  for (const auto& usage : bill.usages) {
    for (const auto& segment : usage.segments) {
      table.row({usage.point.text, segment.meter.text, grouped_decimal_text(segment.begin.reading.value, 3),
                 grouped_decimal_text(segment.end.reading.value, 3), multiplier_text(segment),
                 quantity_text(segment.usage.count, usage.medium)});
    }
  }
  page += "\n读数 Readings\n" + table.text("  ");
}

std::string weight_text(const PoolStatement& pool, std::int64_t weight) {
  switch (pool.basis) {
    case Basis::area: return decimal_text(weight, 4) + " m²";
    case Basis::household: return std::to_string(weight);
    case Basis::usage: return quantity_text(weight, pool.usage.medium);
  }
  return {};
}

void add_pools(const Bill& bill, std::string& page) {
  if (bill.pools.empty()) return;
  TextTable table({Align::left, Align::right, Align::right, Align::left});
  table.row({"公摊 Pool", "总量 To share", "总费用 Cost (元)", "按 By"});
  for (const auto& pool : bill.pools) {
    table.row({pool.id.text + (pool.name.empty() ? "" : " " + pool.name),
               quantity_text(pool.residual.residual.count, pool.usage.medium), yuan_text(pool.cost),
               (pool.basis == Basis::household ? "" : weight_text(pool, pool.weight_sum) + ", ") +
                   std::to_string(pool.units) + " 户 units"});
  }
  page += "\n公摊总量 What is shared\n" + table.text("  ");
}

}  // namespace

std::string bill_page(const Bill& bill) {
  std::string page = bill.estate_name + " " + bill.estate.text + "\n" + "账单 Bill " + bill.id.text + "\n";
  page += "户名 Account  " + bill.account_name + " (" + bill.account.text + ")\n";
  page += "账期 Period   " +
          days_text(first_day(bill.month), first_day(bill.month + std::chrono::months{1})) + "\n";
  if (bill.stepped) page += "模拟时间，非真实账单。 Simulated time: not a real bill.\n";
  page += "\n";
  add_lines(bill, page);
  add_meters(bill, page);
  add_pools(bill, page);
  return page;
}

std::string bill_table(std::span<const Bill> bills) {
  TextTable table({Align::left, Align::left, Align::right, Align::right, Align::right, Align::right});
  table.row({"账单 Bill", "户名 Name", "房屋 Units", "自用 Own use", "公摊 Shares", "合计 Total (元 yuan)"});
  table.rule();
  Fen all_own;
  Fen all_shares;
  for (const auto& bill : bills) {
    Fen own;
    Fen shares;
    std::vector<std::string> units;
    for (const auto& line : bill.lines) {
      (std::holds_alternative<OwnUse>(line.why) ? own : shares) += line.amount;
      if (!line.unit.text.empty() && (units.empty() || units.back() != line.unit.text))
        units.push_back(line.unit.text);
    }
    table.row({bill.id.text, bill.account_name, std::to_string(units.size()), yuan_text(own),
               yuan_text(shares), yuan_text(bill.total)});
    all_own += own;
    all_shares += shares;
  }
  table.rule();
  table.row(
      {"合计 Total", "", "", yuan_text(all_own), yuan_text(all_shares), yuan_text(all_own + all_shares)});
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
    const bool money = statement.share == ShareOf::money;
    const auto total = money ? statement.cost.count : statement.residual.residual.count;
    std::int64_t sum = pool.shares.empty() ? total : 0;
    std::string holders;
    std::size_t holding = 0;
    for (const auto& share : pool.shares) {
      sum += share.share;
      if (!share.left_over) continue;
      if (++holding <= 3) holders += (holders.empty() ? "" : ", ") + share.unit.text;
    }
    if (holding > 3) holders += " +" + std::to_string(holding - 3);
    if (pool.shares.empty()) holders = "空置账户承担 vacant account";
    const auto text = [&](std::int64_t count) {
      return money ? yuan_text(Fen{count}) + " 元" : quantity_text(count, statement.usage.medium);
    };
    all = all && sum == total;
    table.row({statement.id.text, statement.name, text(total), text(sum), std::to_string(statement.units),
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
