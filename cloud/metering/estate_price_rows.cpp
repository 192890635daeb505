#include <array>
#include <utility>

#include "cloud/metering/cells.hpp"
#include "cloud/metering/estate_rows.hpp"

// Single rows of tariffs.csv, tou.csv, fees.csv, charges.csv and reductions.csv.

namespace steward::rows {
namespace {

MicroYuan price_in(Cells& cells, std::int64_t below_yuan) {
  const MicroYuan price{cells.amount("price", 6)};
  if (price.count > below_yuan * 1'000'000) {
    const auto most = std::to_string(below_yuan);
    cells.refuse_cell("price", "below " + most + " yuan", "小于 " + most + " 元的单价");
  }
  return price;
}

std::string needed_text(Cells& cells, std::string_view column) {
  if (cells.empty(column))
    cells.refuse(std::string(column) + " is empty; it must say", std::string(column) + " 不能为空");
  return cells.name(column);
}

std::int64_t percent_in(Cells& cells, std::string_view column) {
  const auto ppm = cells.amount(column, 4);  // 1 % is 10^4 ppm
  if (ppm > whole_ppm) cells.refuse_cell(column, "0 to 100", "0 至 100");
  return ppm;
}

}  // namespace

TierRow tier_of(Cells& cells) {
  TierRow row;
  row.tariff = cells.id<TariffId>("tariff");
  row.medium = cells.choice("medium", std::array{Medium::electricity, Medium::water});
  row.valid_from = cells.day("valid_from");
  row.period =
      cells.choice("period", std::array{TierPeriod::year, TierPeriod::month, TierPeriod::two_months});
  row.tier = cells.whole("tier", 1, 20);
  if (const auto upto = cells.amount_or_empty("upto", 3)) row.bounds.upto = Milli{*upto};
  row.bounds.price = price_in(cells, 1000);
  row.bounds.per_person = Milli{cells.amount_or_empty("per_person", 3).value_or(0)};
  if (!cells.empty("persons_above")) row.persons_above = cells.whole("persons_above", 0, 1000);
  if (row.bounds.per_person.count > 0 && (cells.empty("persons_above") || !row.bounds.upto)) {
    cells.refuse("per_person raises upto for each person above persons_above; give both",
                 "per_person 按超出 persons_above 的人数提高 upto；两者都必须填写");
  }
  const auto part = cells.text("part_year");
  if (!part.empty() && part != "full" && part != "months")
    cells.refuse_cell("part_year", "full or months", "full 或 months");
  row.by_months = part == "months";
  if (row.by_months && row.period != TierPeriod::year)
    cells.refuse("part_year is months, so period must be year", "part_year 为 months 时 period 必须为 year");
  return row;
}

BandRow band_of(Cells& cells) {
  return {cells.id<TariffId>("tariff"),
          cells.day("valid_from"),
          {cells.id<Id<struct BandTag>>("band").text, price_in(cells, 1000)}};
}

FeePlan fee_of(Cells& cells) {
  FeePlan plan;
  plan.fee = cells.id<FeeId>("fee");
  plan.node = cells.id<NodeId>("node");
  plan.group = cells.name("group");
  plan.valid_from = cells.day("valid_from");
  plan.basis = cells.choice("basis", std::array{FeeBasis::area, FeeBasis::household, FeeBasis::persons,
                                                FeeBasis::vehicles, FeeBasis::unit});
  plan.period = cells.choice(
      "period", std::array{FeePeriod::month, FeePeriod::quarter, FeePeriod::year, FeePeriod::move_in});
  plan.price = price_in(cells, 1'000'000);
  plan.name = cells.name("name");
  if (!cells.empty("vacant_percent")) plan.vacant_ppm = percent_in(cells, "vacant_percent");
  plan.line = cells.line();
  return plan;
}

Charge charge_of(Cells& cells) {
  return {cells.id<ChargeId>("charge"), cells.id<UnitId>("unit"), cells.day("day"),
          Fen{cells.amount("amount", 2)}, cells.name("name")};
}

ReductionRule reduction_of(Cells& cells) {
  ReductionRule rule;
  rule.id = cells.id<ReductionId>("reduction");
  rule.account = cells.id<AccountId>("account");
  rule.unit = cells.id<UnitId>("unit", true);
  rule.item = cells.id<Id<struct ItemTag>>("item").text;
  rule.ppm = percent_in(cells, "percent");
  rule.from = cells.day("from");
  rule.to = cells.day_or_empty("to");
  rule.approved_by = needed_text(cells, "approved_by");
  rule.approved_on = cells.day("approved_on");
  rule.why = needed_text(cells, "why");
  cells.check_days(rule.from, rule.to);
  return rule;
}

}  // namespace steward::rows
