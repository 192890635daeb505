#include "cloud/billing/bill_page.hpp"

#include <algorithm>

#include "cloud/billing/basis_words.hpp"
#include "cloud/billing/text_table.hpp"

namespace steward {
namespace {

std::string medium_words(Medium medium) {
  return medium == Medium::none ? std::string() : medium_zh(medium) + " " + std::string(word(medium)) + "  ";
}

std::string days_text(Day from, Day to) {
  return text_of(from) + " .. " + text_of(to - std::chrono::days{1});
}

const PoolStatement* pool_of(const Bill& bill, const PoolId& id) {
  const auto found =
      std::find_if(bill.pools.begin(), bill.pools.end(), [&](const auto& pool) { return pool.id == id; });
  return found == bill.pools.end() ? nullptr : &*found;
}

std::string unmetered_text(const BillLine& line) {
  if (const auto* fee = std::get_if<FeeShare>(&line.why)) {
    const auto part = fee->part == fee->whole
                          ? std::string()
                          : "  " + yuan_text(fee->unit_fee) + " × " + std::to_string(fee->part) + "/" +
                                std::to_string(fee->whole) + " 天 days";
    return "收费 fee " + fee->fee.text + (fee->name.empty() ? "" : " " + fee->name) + part;
  }
  if (const auto* charged = std::get_if<Charged>(&line.why))
    return "一次性 once " + charged->charge.text + (charged->name.empty() ? "" : " " + charged->name);
  const auto& reduction = std::get<Reduction>(line.why);
  const auto part = percent_text(reduction.ppm) + " × " + yuan_text(reduction.base);
  if (!reduction.rule.text.empty())
    return "减免 reduction " + reduction.rule.text + " (" + reduction.of + ") " + part + "  批准 approved " +
           reduction.approved_by + " " + text_of(reduction.approved_on);
  return (reduction.borne ? "代付空置减免 vacancy, borne " : "空置减免 vacancy, spared ") + reduction.of +
         " " + part;
}

std::string quantity_of(const BillLine& line) {
  if (line.quantity) return quantity_text(line.quantity->count, line.medium);
  if (const auto* fee = std::get_if<FeeShare>(&line.why)) return fee_count_text(*fee);
  return std::holds_alternative<PoolShare>(line.why) ? "按金额 by money" : "";
}

std::string price_of(const BillLine& line) {
  if (const auto* fee = std::get_if<FeeShare>(&line.why))
    return price_text(line.price) + "/" +
           (fee->basis == FeeBasis::area ? "m²" : std::string(word(fee->basis)));
  return line.tariff.text.empty() ? std::string()
                                  : price_text(line.price) + "/" + std::string(priced_unit(line.medium));
}

std::string item_text(const Bill& bill, const BillLine& line) {
  std::string text = medium_words(line.medium);
  if (const auto* own = std::get_if<OwnUse>(&line.why)) {
    text += "用量 use " + own->point.text;
    if (!own->band.empty()) text += "  时段 " + own->band;
    if (own->surcharge) text += "  加价 surcharge";
    if (own->tier > 1 || own->tier_upto) text += "  第 " + std::to_string(own->tier) + " 档 tier";
  } else if (const auto* share = std::get_if<PoolShare>(&line.why)) {
    const auto* pool = pool_of(bill, share->pool);
    const auto kind = pool == nullptr ? PoolKind::common : pool->kind;
    text += kind_zh(kind) + " " + kind_en(kind) + " " + share->pool.text +
            (pool == nullptr || pool->name.empty() ? "" : " " + pool->name);
  } else {
    text += unmetered_text(line);
  }
  if (line.medium == Medium::none && !std::holds_alternative<PoolShare>(line.why) &&
      !std::holds_alternative<FeeShare>(line.why))
    return text;
  const bool whole_month =
      line.from == first_day(bill.month) && line.to == first_day(bill.month + std::chrono::months{1});
  return whole_month ? text : text + "  " + days_text(line.from, line.to);
}

std::string multiplier_text(const UsageSegment& segment) {
  auto text = std::to_string(segment.multiplier_n);
  if (segment.multiplier_d != 1) text += "/" + std::to_string(segment.multiplier_d);
  return text;
}

std::string dial_text(const ClosingReading& reading) {
  return (is_estimate(reading.source) ? "E " : "") + grouped_decimal_text(reading.value, 3);
}

void add_meters(const Bill& bill, std::string& page) {
  if (bill.usages.empty()) return;
  bool estimated = false;
  TextTable table({Align::left, Align::left, Align::right, Align::right, Align::right, Align::right});
  table.row({"计量点 Point", "表 Meter", "上次 Previous", "本次 Current", "倍率 ×", "用量 Usage"});
  for (const auto& usage : bill.usages) {
    for (const auto& segment : usage.segments) {
      estimated =
          estimated || is_estimate(segment.begin.reading.source) || is_estimate(segment.end.reading.source);
      table.row({usage.point.text, segment.meter.text, dial_text(segment.begin.reading),
                 dial_text(segment.end.reading), multiplier_text(segment),
                 quantity_text(segment.usage.count, usage.medium)});
    }
  }
  page += "\n读数 Readings\n" + table.text("  ");
  if (estimated) page += "  E 估计 estimated: 未抄表 nobody read it\n";
}

/// Where a pool's total comes from: usage − children, an invoice or a fixed sum.
std::string source_text(const PoolStatement& pool) {
  if (pool.source == PoolSource::fixed) return "固定 fixed";
  if (pool.source == PoolSource::invoice)
    return "账单 invoice" + (pool.reference.empty() ? "" : " " + pool.reference);
  auto text = grouped_decimal_text(pool.residual.usage.count, 3) + " − " +
              grouped_decimal_text(pool.residual.children.count, 3);
  if (pool.residual.clamped.count > 0) text += " → 0";
  return text;
}

std::string price_of(const PoolStatement& pool) {
  return pool.source == PoolSource::residual ? price_text(pool.price) : std::string();
}

void add_pools(const Bill& bill, std::string& page) {
  if (bill.pools.empty()) return;
  TextTable table({Align::left, Align::left, Align::right, Align::right, Align::right});
  table.row({"公摊 Pool", "来源 From", "总量 To share", "单价 Price", "总费用 Cost (元)"});
  std::string formulas;
  for (const auto& pool : bill.pools) {
    table.row({pool.id.text + (pool.name.empty() ? "" : " " + pool.name), source_text(pool),
               pool.source == PoolSource::residual ? quantity_text(pool.residual.residual.count, pool.medium)
                                                   : std::string("-"),
               price_of(pool), yuan_text(pool.cost)});
    if (!pool.formula.empty()) formulas += "  公式 formula " + pool.id.text + ": " + pool.formula + "\n";
  }
  page += "\n公摊总量 What is shared\n" + table.text("  ") + formulas;
}

/// How each share came about: own weight, sum of weights, part of the total, then the part of the month.
void add_shares(const Bill& bill, std::string& page) {
  TextTable table(
      {Align::left, Align::left, Align::right, Align::right, Align::right, Align::right, Align::left});
  table.row(
      {"公摊 Pool", "房屋 Unit", "待分 Of", "本户 Weight", "合计 Sum of weights", "应分 Share", "占比 Part"});
  bool any = false;
  for (const auto& line : bill.lines) {
    const auto* share = std::get_if<PoolShare>(&line.why);
    const auto* pool = share == nullptr ? nullptr : pool_of(bill, share->pool);
    if (pool == nullptr) continue;
    for (std::size_t i = 0; i < pool->terms.size() && i < share->terms.size(); ++i) {
      const auto& term = pool->terms[i];
      const auto part = share->part == share->whole
                            ? std::string()
                            : std::to_string(share->part) + "/" + std::to_string(share->whole);
      table.row({pool->id.text + " " + basis_zh(term.basis) + " " + std::string(word(term.basis)),
                 line.unit.text.empty() ? "-" : line.unit.text, share_text(*pool, term.total, " 元"),
                 weight_text(term.basis, share->terms[i].weight, pool->medium),
                 weight_text(term.basis, term.weight_sum, pool->medium),
                 share_text(*pool, share->terms[i].share, " 元"), part});
      any = true;
    }
  }
  if (any) page += "\n公摊算法 How it is shared (最大余数法 largest remainder)\n" + table.text("  ");
}

}  // namespace

std::string lines_table(const Bill& bill) {
  TextTable table({Align::left, Align::right, Align::right, Align::right});
  table.row({"项目 Item", "数量 Quantity", "单价 Price (元 yuan)", "金额 Amount (元 yuan)"});
  table.rule();
  const UnitId* unit = nullptr;
  for (const auto& line : bill.lines) {
    if (unit == nullptr || *unit != line.unit) {
      unit = &line.unit;
      const bool reduced = std::holds_alternative<Reduction>(line.why);
      const auto whose = !line.unit.text.empty() ? "房屋 Unit " + line.unit.text
                         : reduced               ? std::string("全部房屋 all units")
                                                 : std::string("无人分摊 shared by nobody");
      table.row({whose, "", "", ""});
    }
    table.row({"  " + item_text(bill, line), quantity_of(line), price_of(line), yuan_text(line.amount)});
  }
  table.rule();
  table.row({"合计 Total", "", "", yuan_text(bill.total)});
  return table.text();
}

std::string bill_page(const Bill& bill) {
  std::string page = bill.estate_name + " " + bill.estate.text + "\n" + "账单 Bill " + bill.id.text + "\n";
  page += "户名 Account  " + bill.account_name + " (" + bill.account.text + ")\n";
  page += "账期 Period   " +
          days_text(first_day(bill.month), first_day(bill.month + std::chrono::months{1})) + "\n";
  if (bill.stepped) page += "模拟时间，非真实账单。 Simulated time: not a real bill.\n";
  page += "\n";
  page += lines_table(bill);
  add_meters(bill, page);
  add_pools(bill, page);
  add_shares(bill, page);
  return page;
}

}  // namespace steward
