#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "cloud/metering/estate_checker.hpp"

// What the estate's shape is used for: tariffs, occupancies, readings.

namespace steward::rows {

void Checker::check_tiers() {
  std::map<std::pair<TariffId, Day>, std::vector<const Row<TierRow>*>> versions;
  std::set<TariffId> broken;  // a tariff with a bad row is judged when that row is mended
  for (const auto& row : rows_.tiers) {
    const auto& first = *tariffs_.at(row.value.tariff);
    if (!row.sound) broken.insert(row.value.tariff);
    if (row.sound && first.sound && row.value.medium != first.value.medium) {
      report("tariffs.csv", row.line,
             "tariff " + quoted(row.value.tariff.text) + " prices " + std::string(word(first.value.medium)) +
                 " in line " + std::to_string(first.line) + "; one tariff has one medium",
             "tariff " + quoted(row.value.tariff.text) + " 在第 " + std::to_string(first.line) +
                 " 行的介质为 " + std::string(word(first.value.medium)) + "；一个 tariff 只能有一种介质");
    }
    versions[{row.value.tariff, row.value.valid_from}].push_back(&row);
  }
  for (auto& [key, tiers] : versions) {
    if (!broken.contains(key.first)) check_version(tiers);
  }
}

void Checker::check_version(const std::vector<const Row<TierRow>*>& tiers_in_file) {
  auto tiers = tiers_in_file;
  std::stable_sort(tiers.begin(), tiers.end(), [](auto* a, auto* b) {
    return std::pair(a->value.tier, a->line) < std::pair(b->value.tier, b->line);
  });
  const auto& first = tiers.front()->value;
  const auto version = "tariff " + quoted(first.tariff.text) + " of " + text_of(first.valid_from);
  const auto version_zh = "tariff " + quoted(first.tariff.text) + "（" + text_of(first.valid_from) + "）";
  for (std::size_t i = 0; i < tiers.size(); ++i) {
    const auto& [line, sound, tier] = *tiers[i];
    const auto number = std::to_string(tier.tier);
    const bool last = i + 1 == tiers.size();
    if (i > 0 && tier.tier == tiers[i - 1]->value.tier) {
      report_double("tariffs.csv", line, version + ", tier " + number, tiers[i - 1]->line);
      return;
    }
    if (tier.tier != static_cast<std::int64_t>(i) + 1) {
      const auto missing = std::to_string(i + 1);
      report("tariffs.csv", line,
             version + " has a tier " + number + " but no tier " + missing + "; tiers count 1, 2, 3",
             version_zh + " 有第 " + number + " 档但缺第 " + missing + " 档；档次应为 1、2、3");
      return;
    }
    if (tier.period != first.period) {
      const auto both = std::string(word(first.period)) + " and " + std::string(word(tier.period));
      const auto both_zh = std::string(word(first.period)) + " 和 " + std::string(word(tier.period));
      report("tariffs.csv", line, version + " has the periods " + both + "; all its tiers need the same",
             version_zh + " 同时有 " + both_zh + "；各档的 period 应一致");
    }
    if (tier.by_months != first.by_months ||
        (tier.bounds.upto && tier.persons_above != first.persons_above)) {
      report("tariffs.csv", line,
             version +
                 ": part_year and persons_above differ from its first tier's; all its bounds need the same",
             version_zh + " 的 part_year 或 persons_above 与第 1 档不一致；各档应一致");
    } else if (i > 0 && tier.bounds.upto && tier.bounds.per_person < tiers[i - 1]->value.bounds.per_person) {
      report("tariffs.csv", line,
             version + ", tier " + number +
                 ": per_person is below that of the tier before, so bounds could cross",
             version_zh + " 第 " + number + " 档的 per_person 小于前一档，各档上限可能交叉");
    }
    if (!last && !tier.bounds.upto) {
      report("tariffs.csv", line,
             version + ", tier " + number + " has no upto; only the last tier may be without end",
             version_zh + " 第 " + number + " 档缺 upto；只有最后一档可以为空");
    } else if (last && tier.bounds.upto) {
      report("tariffs.csv", line,
             version + " ends at " + grouped_decimal_text(tier.bounds.upto->count, 3) +
                 "; leave upto of the last tier empty, so that every quantity has a price",
             version_zh + " 到 " + grouped_decimal_text(tier.bounds.upto->count, 3) +
                 " 为止；最后一档的 upto 应为空");
    } else if (i > 0 && tier.bounds.upto && tiers[i - 1]->value.bounds.upto &&
               *tier.bounds.upto <= *tiers[i - 1]->value.bounds.upto) {
      report("tariffs.csv", line,
             version + ", tier " + number + ": upto is not above that of the tier before",
             version_zh + " 第 " + number + " 档的 upto 应大于前一档");
    }
  }
}

void Checker::check_occupancies() {
  std::map<UnitId, std::vector<const Row<Occupancy>*>> of_unit;
  std::map<AccountId, const Row<Occupancy>*> names;
  for (const auto& row : rows_.occupancies) {
    const auto& occupancy = row.value;
    if (refer("occupancies.csv", row.line, "unit", occupancy.unit, units_, "units.csv") && row.sound) {
      of_unit[occupancy.unit].push_back(&row);
    }
    const auto [place, fresh] = names.emplace(occupancy.account, &row);
    if (!fresh && place->second->value.name != occupancy.name) {
      const auto line = std::to_string(place->second->line);
      const auto what = quoted(occupancy.account.text);
      report("occupancies.csv", row.line,
             "account " + what + " is named " + quoted(occupancy.name) + " here and " +
                 quoted(place->second->value.name) + " in line " + line + "; one account has one name",
             "account " + what + " 此处名为 " + quoted(occupancy.name) + "，第 " + line + " 行名为 " +
                 quoted(place->second->value.name) + "；同一账户应同名");
    }
  }
  for (auto& [unit, stays] : of_unit) {
    check_overlaps<Occupancy>("occupancies.csv", std::move(stays), [](const Occupancy& occupancy) {
      return std::pair("unit " + quoted(occupancy.unit.text) + " has two occupancies",
                       "房屋 " + quoted(occupancy.unit.text) + " 有两个住户，");
    });
  }
}

void Checker::check_carried() {
  std::map<std::pair<PointId, int>, std::uint32_t> seen;
  for (const auto& row : rows_.carried) {
    const auto& carried = row.value;
    if (refer("carried.csv", row.line, "point", carried.point, points_, "points.csv")) {
      const auto& point = *points_.at(carried.point);
      if (point.sound && point.value.use != PointUse::unit) {
        report("carried.csv", row.line,
               "point " + quoted(carried.point.text) + " has no tiers: its use is " +
                   std::string(word(point.value.use)),
               "计量点 " + quoted(carried.point.text) + " 的 use 为 " + std::string(word(point.value.use)) +
                   "，没有阶梯");
      }
    }
    const auto [place, fresh] = seen.emplace(std::pair(carried.point, carried.year), row.line);
    if (!fresh) {
      report_double("carried.csv", row.line,
                    "point " + quoted(carried.point.text) + " in " + std::to_string(carried.year),
                    place->second);
    }
  }
}

void Checker::check_readings() {
  std::map<std::tuple<MeterId, std::string, Instant>, std::uint32_t> seen;
  ReadingsInOrder in_order;
  const auto offset = rows_.estates.empty() ? UtcOffset{480} : rows_.estates.front().value.offset;
  for (const auto& row : rows_.readings) {
    const auto& reading = row.value;
    const bool known = refer("readings.csv", row.line, "meter", reading.meter, meters_, "installs.csv");
    if (known && !registers_.contains({reading.meter, reading.channel})) {
      report("readings.csv", row.line,
             "meter " + quoted(reading.meter.text) + " has no channel " + quoted(reading.channel) +
                 " in installs.csv; its channel is " + quoted(meters_.at(reading.meter)->value.channel),
             "表 " + quoted(reading.meter.text) + " 在 installs.csv 中没有通道 " + quoted(reading.channel) +
                 "；其通道为 " + quoted(meters_.at(reading.meter)->value.channel));
    }
    if (!row.sound) continue;
    const auto at = reading.day ? midnight(*reading.day, offset) : *reading.at;
    const auto [place, fresh] = seen.emplace(std::tuple(reading.meter, reading.channel, at), row.line);
    if (!fresh) {
      report_double("readings.csv", row.line,
                    "meter " + quoted(reading.meter.text) + " " + reading.channel + " at " + reading.at_text,
                    place->second);
    }
    in_order[{reading.meter, reading.channel, at}] = &row;
  }
  check_estimates(in_order);
}

/// Industry practice: never more than two in a row, for the third one somebody goes and looks.
void Checker::check_estimates(const ReadingsInOrder& readings) {
  constexpr int most_in_row = 2;
  constexpr auto next_of = std::chrono::days(62);  // two months: further apart, true closings lie between
  const Row<ReadingRow>* before = nullptr;
  Instant before_at{};
  int in_row = 0;
  for (const auto& [key, row] : readings) {
    const auto& reading = row->value;
    const auto at = std::get<Instant>(key);
    const bool follows = before != nullptr && before->value.meter == reading.meter &&
                         before->value.channel == reading.channel && at - before_at <= next_of;
    in_row = !is_estimate(reading.source) ? 0 : follows ? in_row + 1 : 1;
    before = row;
    before_at = at;
    if (in_row != most_in_row + 1) continue;
    report(
        "readings.csv", row->line,
        "the third estimate in a row of meter " + quoted(reading.meter.text) +
            "; at most two are billed: read the dial and enter it as manual",
        "表 " + quoted(reading.meter.text) + " 已连续第三次估计；最多连续两次：请现场抄表并以 manual 录入");
  }
}

}  // namespace steward::rows
