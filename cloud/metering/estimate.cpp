#include "cloud/metering/estimate.hpp"

#include <cassert>

namespace steward {
namespace {

constexpr int most_months = 3;

struct Book {
  const Estate& estate;
  const ClosingReadings& readings;
  const Install& install;

  /// A good register at that midnight; estimated ones only where `any`.
  const ClosingReading* at(Day day, bool any) const {
    if (day < install.from || (install.to && day > *install.to)) return nullptr;
    const auto found = readings.find(install.meter, install.channel, midnight(day, estate.offset));
    if (found.reading == nullptr || found.conflict || found.reading->quality != Quality::good) return nullptr;
    return any || !is_estimate(found.reading->source) ? found.reading : nullptr;
  }

  /// How far the register rose between two midnights; nothing: not known, or it fell.
  std::optional<std::int64_t> rise(Day from, Day to) const {
    const auto* begin = at(from, false);
    const auto* end = at(to, false);
    if (begin == nullptr || end == nullptr || end->value < begin->value) return std::nullopt;
    return end->value - begin->value;
  }
};

std::int64_t days_between(Day from, Day to) { return (to - from).count(); }

Day months_before(Day day, int months) {
  const std::chrono::year_month_day date{day};
  const auto month = date.year() / date.month() - std::chrono::months(months);
  const auto last = std::chrono::local_days{month / std::chrono::last};
  const auto same = std::chrono::local_days{month / std::chrono::day{1}} +
                    std::chrono::days{static_cast<unsigned>(date.day()) - 1};
  return std::min<Day>(same, last);
}

}  // namespace

std::int64_t estimated_rise(std::int64_t rise, std::int64_t of_days, std::int64_t days) {
  assert(rise >= 0 && of_days > 0 && days >= 0);
  __extension__ using Wide = __int128;
  return static_cast<std::int64_t>((static_cast<Wide>(rise) * days * 2 + of_days) /
                                   (static_cast<Wide>(of_days) * 2));
}

std::optional<Estimate> estimate(const Estate& estate, const ClosingReadings& readings,
                                 const Install& install, Day from, Day to) {
  const Book book{estate, readings, install};
  const auto* begin = book.at(from, true);
  if (begin == nullptr) return std::nullopt;
  const auto of = [&](Day base_from, Day base_to, ReadingSource method) -> std::optional<Estimate> {
    const auto rise = book.rise(base_from, base_to);
    if (!rise || base_to <= base_from) return std::nullopt;
    return Estimate{
        begin->value + estimated_rise(*rise, days_between(base_from, base_to), days_between(from, to)),
        method, base_from, base_to};
  };
  if (auto season = of(months_before(from, 12), months_before(to, 12), ReadingSource::estimate_season))
    return season;
  // Up to the last register that was read: an estimate is no base for the next one.
  for (int until = 0; until < most_months; ++until) {
    const auto base_to = months_before(from, until);
    for (int months = most_months; months > until; --months) {
      if (auto average = of(months_before(from, months), base_to, ReadingSource::estimate_average))
        return average;
    }
  }
  return std::nullopt;
}

}  // namespace steward
