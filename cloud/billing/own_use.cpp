#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "cloud/billing/month_work.hpp"
#include "cloud/billing/price.hpp"
#include "cloud/billing/stays.hpp"
#include "cloud/billing/tariff.hpp"

namespace steward {
namespace {

/// The days on which a point's month is cut: its occupant or its price changes.
std::vector<Day> cuts_of(const MonthWork& work, const Point& point, const std::vector<Stay>& stays) {
  std::set<Day> cuts{work.from, work.to};
  for (const auto& stay : stays) cuts.insert(stay.from);
  for (const auto day : changes_inside(work.estate.tariffs.at(point.tariff), work.from, work.to))
    cuts.insert(day);
  return {cuts.begin(), cuts.end()};
}

/// Already used in the calendar year when the month begins; asked of the readings only when a tier needs it.
std::optional<Milli> year_before(MonthWork& work, const Point& point, const std::vector<Day>& cuts) {
  bool yearly = false;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    const auto* version = version_on(work.estate.tariffs.at(point.tariff), cuts[i]);
    yearly =
        yearly || (version != nullptr && version->period == TierPeriod::year && version->tiers.size() > 1);
  }
  if (!yearly) return Milli{};
  const auto before = used_in_year(work.estate, work.readings, point.id, work.from, work.problems);
  if (!before) return std::nullopt;
  work.run.stepped = work.run.stepped || before->stepped;  // it chose the price
  return before->used;
}

std::optional<PointUsage> piece_of(MonthWork& work, const Point& point, Day from, Day to) {
  if (from == work.from && to == work.to) {
    const auto whole = work.usages.find(point.id);
    return whole == work.usages.end() ? std::nullopt : std::optional(whole->second);
  }
  auto piece = usage_between(work.estate, work.readings, point.id, from, to, work.problems);
  work.run.stepped = work.run.stepped || (piece && on_stepped_time(*piece));
  return piece;
}

}  // namespace

const TariffVersion* version_for(MonthWork& work, const TariffId& tariff, Day day) {
  const auto* version = version_on(work.estate.tariffs.at(tariff), day);
  if (version == nullptr) {
    const auto when = text_of(day);
    work.problems.push_back(
        {"tariffs.csv", 0,
         "tariff \"" + tariff.text + "\" has no price on " + when +
             "; add a version whose valid_from is that day or earlier",
         "tariff \"" + tariff.text + "\" 在 " + when + " 没有价格；请补充 valid_from 不晚于该日的版本"});
  }
  return version;
}

void bill_own_use(MonthWork& work, const Point& point) {
  const auto stays = stays_in(work.estate, point.unit, work.from, work.to);
  const auto cuts = cuts_of(work, point, stays);
  const auto before = year_before(work, point, cuts);
  Milli used;  // since the month began
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    const auto* version = version_for(work, point.tariff, cuts[i]);
    auto usage = piece_of(work, point, cuts[i], cuts[i + 1]);
    if (version == nullptr || !usage || !before) continue;
    const auto stay = std::find_if(stays.begin(), stays.end(), [&](const Stay& s) { return s.to > cuts[i]; });
    const auto start = version->period == TierPeriod::year ? *before + used : used;
    for (const auto& part : cut_by_tier(*version, start, usage->usage)) {
      work.book.add(
          stay->account,
          BillLine{point.unit, point.medium, cuts[i], cuts[i + 1], point.tariff, version->valid_from,
                   part.price, part.quantity, round_to_fen(part.quantity, part.price),
                   OwnUse{point.id, version->period, part.tier, part.upto, part.used_before}});
    }
    used += usage->usage;
    work.unit_usage[{point.unit, point.medium}].push_back({cuts[i], usage->usage});
    work.book.add(stay->account, std::move(*usage));
  }
}

}  // namespace steward
