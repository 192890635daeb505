#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "cloud/metering/estate_checker.hpp"

// Prices against the estate's shape: bands, persons, fees, charges, reductions.

namespace steward::rows {

void Checker::check_bands() {
  std::set<std::pair<TariffId, Day>> versions;
  for (const auto& row : rows_.tiers) versions.emplace(row.value.tariff, row.value.valid_from);
  std::map<std::tuple<TariffId, Day, std::string>, std::uint32_t> seen;
  for (const auto& row : rows_.bands) {
    const auto& [tariff, valid_from, price] = row.value;
    if (refer("tou.csv", row.line, "tariff", tariff, tariffs_, "tariffs.csv") && row.sound &&
        !versions.contains({tariff, valid_from})) {
      report("tou.csv", row.line,
             "tariff " + quoted(tariff.text) + " has no version of " + text_of(valid_from) +
                 " in tariffs.csv; add its tiers there, with the surcharge of each as price",
             "tariff " + quoted(tariff.text) + " 在 tariffs.csv 中没有 " + text_of(valid_from) +
                 " 的版本；请在其中登记各档，price 为该档加价");
    }
    const auto [place, fresh] = seen.emplace(std::tuple(tariff, valid_from, price.band), row.line);
    if (!fresh)
      report_double("tou.csv", row.line, "band " + quoted(price.band) + " of tariff " + quoted(tariff.text),
                    place->second);
  }
  std::map<TariffId, BandsByDay> priced;
  for (const auto& row : rows_.bands)
    priced[row.value.tariff][row.value.valid_from].insert(row.value.price.band);
  std::map<PointId, LineByBand> counted;
  for (const auto& row : rows_.installs) {
    if (row.sound) counted[row.value.point].emplace(row.value.band, row.line);
  }
  for (const auto& row : rows_.points) {
    if (row.sound) check_bands_of(row, counted[row.value.id], priced[row.value.tariff]);
  }
}

/// A point counts all its time on one register or each band on its own, and its tariff prices those.
void Checker::check_bands_of(const Row<Point>& row, const LineByBand& counted, const BandsByDay& priced) {
  const auto& point = row.value;
  if (counted.contains("") && counted.size() > 1) {
    report("installs.csv", counted.at(""),
           "point " + quoted(point.id.text) +
               " has rows with a band and this one without; what it counts would be billed twice",
           "计量点 " + quoted(point.id.text) + " 既有分时段的行又有此行未分时段；用量会重复计费");
    return;
  }
  for (const auto& [valid_from, bands] : priced) {
    for (const auto& [band, line] : counted) {
      if (bands.contains(band)) continue;
      const auto version = "tariff " + quoted(point.tariff.text) + " of " + text_of(valid_from);
      report("points.csv", row.line,
             "point " + quoted(point.id.text) + " counts " +
                 (band.empty() ? "without bands" : "band " + quoted(band)) + " (installs.csv), which " +
                 version + " does not price (tou.csv)",
             "计量点 " + quoted(point.id.text) +
                 (band.empty() ? " 未分时段计量" : " 计量时段 " + quoted(band)) + "（installs.csv），而 " +
                 version + " 没有其价格（tou.csv）");
    }
  }
}

void Checker::check_persons() {
  std::map<TariffId, std::uint32_t> by_persons;
  for (const auto& row : rows_.tiers) {
    if (row.value.bounds.per_person.count > 0) by_persons.emplace(row.value.tariff, row.line);
  }
  for (const auto& row : rows_.points) {
    const auto unit = units_.find(row.value.unit);
    const auto tariff = by_persons.find(row.value.tariff);
    if (tariff == by_persons.end() || unit == units_.end() || !unit->second->sound ||
        unit->second->value.persons)
      continue;
    report("units.csv", unit->second->line,
           "persons is empty, but the tiers of tariff " + quoted(row.value.tariff.text) +
               " (tariffs.csv line " + std::to_string(tariff->second) + ") hang on it; fill it in",
           "persons 为空，但 tariff " + quoted(row.value.tariff.text) + "（tariffs.csv 第 " +
               std::to_string(tariff->second) + " 行）的阶梯与人数有关；请补填");
  }
}

void Checker::check_fees() {
  std::map<std::tuple<FeeId, NodeId, std::string, Day>, std::uint32_t> seen;
  std::map<FeeId, const Row<FeePlan>*> first;
  for (const auto& row : rows_.fees) {
    const auto& plan = row.value;
    const bool node = refer("fees.csv", row.line, "node", plan.node, nodes_, "nodes.csv");
    if (!row.sound) continue;
    const auto [place, fresh] =
        seen.emplace(std::tuple(plan.fee, plan.node, plan.group, plan.valid_from), row.line);
    if (!fresh)
      report_double("fees.csv", row.line, "fee " + quoted(plan.fee.text) + " of " + text_of(plan.valid_from),
                    place->second);
    const auto& other = *first.emplace(plan.fee, &row).first->second;
    if (other.value.period != plan.period) {
      const auto line = std::to_string(other.line);
      report(
          "fees.csv", row.line,
          "fee " + quoted(plan.fee.text) + " has period " + std::string(word(other.value.period)) +
              " in line " + line +
              "; a fee with another period is another fee, or a month between them would be billed to nobody",
          "收费项目 " + quoted(plan.fee.text) + " 在第 " + line + " 行的 period 为 " +
              std::string(word(other.value.period)) + "；周期不同应另立收费项目，否则其间月份无人计费");
    }
    const auto column = plan.basis == FeeBasis::persons    ? "persons"
                        : plan.basis == FeeBasis::vehicles ? "vehicles"
                                                           : "";
    if (!node || *column == 0) continue;
    for (const auto& unit : rows_.units) {
      const auto& value = plan.basis == FeeBasis::persons ? unit.value.persons : unit.value.vehicles;
      if (!unit.sound || value || !is_under(unit.value.node, plan.node)) continue;
      if (!plan.group.empty() && plan.group != unit.value.group) continue;
      report("fees.csv", row.line,
             "the fee is by " + std::string(column) + ", which is empty for unit " +
                 quoted(unit.value.id.text) + " (units.csv line " + std::to_string(unit.line) +
                 "); fill it in, 0 pays nothing",
             "按 " + std::string(column) + " 收费，但房屋 " + quoted(unit.value.id.text) + "（units.csv 第 " +
                 std::to_string(unit.line) + " 行）未填写；请补填，0 为不收");
      break;
    }
  }
}

void Checker::check_charges() {
  std::map<ChargeId, std::uint32_t> seen;
  for (const auto& row : rows_.charges) {
    refer("charges.csv", row.line, "unit", row.value.unit, units_, "units.csv");
    const auto [place, fresh] = seen.emplace(row.value.id, row.line);
    if (!fresh) report_double("charges.csv", row.line, "charge " + quoted(row.value.id.text), place->second);
  }
}

void Checker::check_reductions() {
  std::map<AccountId, std::uint32_t> accounts;
  for (const auto& row : rows_.occupancies) accounts.emplace(row.value.account, row.line);
  for (const auto& row : rows_.units) accounts.emplace(row.value.owner, row.line);
  for (const auto& row : rows_.estates) accounts.emplace(row.value.vacant_account, row.line);
  std::map<std::string, std::uint32_t> items{{"all", 0}, {"own", 0}, {"share", 0}, {"fee", 0}, {"charge", 0}};
  for (const auto& row : rows_.pools) items.emplace(row.value.id.text, row.line);
  for (const auto& row : rows_.fees) items.emplace(row.value.fee.text, row.line);
  for (const auto& row : rows_.charges) items.emplace(row.value.id.text, row.line);
  std::map<ReductionId, std::uint32_t> seen;
  for (const auto& row : rows_.reductions) {
    const auto& rule = row.value;
    refer("reductions.csv", row.line, "account", rule.account, accounts, "occupancies.csv");
    if (!rule.unit.text.empty()) refer("reductions.csv", row.line, "unit", rule.unit, units_, "units.csv");
    if (row.sound && !items.contains(rule.item)) {
      report(
          "reductions.csv", row.line,
          "item " + quoted(rule.item) + " is not all, own, share, fee, charge, nor a pool, a fee or a charge",
          "item " + quoted(rule.item) +
              " 应为 all、own、share、fee、charge，或某个公摊、收费项目或一次性收费的编号");
    }
    const auto [place, fresh] = seen.emplace(rule.id, row.line);
    if (!fresh) report_double("reductions.csv", row.line, "reduction " + quoted(rule.id.text), place->second);
  }
}

}  // namespace steward::rows
