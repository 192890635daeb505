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

/// Used in the tariff's period when the month begins.
struct UsedBefore {
  Milli year;
  Milli two_months;
};

/// Asked of the readings only when a tier needs it.
std::optional<UsedBefore> used_before(MonthWork& work, const Point& point, const std::vector<Day>& cuts) {
  bool yearly = false;
  bool two_monthly = false;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    const auto* version = version_on(work.estate.tariffs.at(point.tariff), cuts[i]);
    if (version == nullptr || version->tiers.size() < 2) continue;
    yearly = yearly || version->period == TierPeriod::year;
    two_monthly = two_monthly || version->period == TierPeriod::two_months;
  }
  UsedBefore before;
  if (yearly) {
    const auto used = used_in_year(work.estate, work.readings, point.id, work.from, work.problems);
    if (!used) return std::nullopt;
    work.run.stepped = work.run.stepped || used->stepped;  // it chose the price
    before.year = used->used;
  }
  if (two_monthly) {
    const auto since = first_day_of_two_months(work.from);
    const auto used = used_since(work.estate, work.readings, point.id, since, work.from, work.problems);
    if (!used) return std::nullopt;
    work.run.stepped = work.run.stepped || used->stepped;
    before.two_months = used->used;
  }
  return before;
}

Milli of_period(TierPeriod period, const UsedBefore& before) {
  switch (period) {
    case TierPeriod::year: return before.year;
    case TierPeriod::two_months: return before.two_months;
    case TierPeriod::month: return {};
  }
  return {};
}

/// Months of this year that the point has had a meter: 12, or fewer in the year in which its first was hung.
std::int64_t months_of(const MonthWork& work, const PointId& point) {
  const auto found = work.estate.installs.find(point);
  if (found == work.estate.installs.end() || found->second.empty()) return 12;
  const auto first = found->second.front().from;
  if (first < first_day_of_year(work.from)) return 12;
  return 13 - static_cast<std::int64_t>(static_cast<unsigned>(month_of(first).month()));
}

/// One piece of a point's month: one occupant, one version of the price.
class Piece {
 public:
  Piece(MonthWork& work, const Point& point, const TariffVersion& version, const AccountId& account,
        const PointUsage& usage)
      : work_(work), point_(point), version_(version), account_(account), usage_(usage) {
    const auto& unit = work.estate.units.at(point.unit);
    persons_ = std::max<std::int64_t>(0, unit.persons.value_or(0) - version.persons_above);
    months_ = months_of(work, point.id);
  }

  void bill(Milli start) {
    for (const auto& [band, price] : version_.bands) {
      Milli sum;
      for (const auto& segment : usage_.segments) {
        if (segment.band == band) sum += segment.usage;
      }
      OwnUse why{point_.id, version_.period, 1, {}, start};
      why.band = band;
      add(price, sum, std::move(why));
    }
    for (const auto& part : cut_by_tier(for_point(version_, persons_, months_), start, usage_.usage)) {
      OwnUse why{point_.id, version_.period, part.tier, part.upto, part.used_before, bound_of(part.tier)};
      why.surcharge = !version_.bands.empty();
      if (!why.surcharge || (part.price.count > 0 && part.quantity.count > 0))
        add(part.price, part.quantity, std::move(why));
    }
  }

 private:
  std::optional<BoundRule> bound_of(std::uint32_t number) const {
    const auto& tier = version_.tiers[number - 1];
    const bool raised = persons_ > 0 && tier.per_person.count > 0;
    const bool cut = version_.by_months && months_ < 12;
    if (!tier.upto || (!raised && !cut)) return std::nullopt;
    return BoundRule{*tier.upto, tier.per_person, raised ? persons_ : 0, cut ? months_ : 12};
  }

  void add(MicroYuan price, Milli quantity, OwnUse why) {
    work_.book.add(account_, BillLine{point_.unit, point_.medium, usage_.from, usage_.to, point_.tariff,
                                      version_.valid_from, price, quantity, round_to_fen(quantity, price),
                                      std::move(why)});
  }

  MonthWork& work_;
  const Point& point_;
  const TariffVersion& version_;
  const AccountId& account_;
  const PointUsage& usage_;
  std::int64_t persons_ = 0;
  std::int64_t months_ = 12;
};

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
  const auto before = used_before(work, point, cuts);
  Milli used;  // since the month began
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    const auto* version = version_for(work, point.tariff, cuts[i]);
    auto usage = piece_of(work, point, cuts[i], cuts[i + 1]);
    if (version == nullptr || !usage || !before) continue;
    const auto stay = std::find_if(stays.begin(), stays.end(), [&](const Stay& s) { return s.to > cuts[i]; });
    Piece(work, point, *version, stay->account, *usage).bill(of_period(version->period, *before) + used);
    used += usage->usage;
    work.unit_usage[{point.unit, point.medium}].push_back({cuts[i], usage->usage});
    work.book.add(stay->account, std::move(*usage));
  }
}

}  // namespace steward
