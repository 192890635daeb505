#include "drivers/sim/consumption.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <numeric>
#include <vector>

#include "drivers/sim/seeded.hpp"

namespace steward::sim {
namespace {

using std::chrono::sys_days;

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t whole_day = 10'000;  // parts a day's use is cut into
constexpr int days_of_2025 = 365;
constexpr auto horizon = static_cast<std::size_t>((last_day - first_day).count());

using Months = std::array<int, 12>;
using Hours = std::array<int, 24>;

/// Weights, not percentages: only their proportions count. Shapes are ours,
/// after the usual ones of a city in the Yangtze delta: air conditioning in July
/// and August, heating in January, light where nights are long.
struct Shape {
  Months month;
  int weekend_percent;  // weight of a Saturday or Sunday
  std::array<Hours, 2> hour;
};

constexpr Hours out_at_work{2, 2, 2, 2, 2, 3, 6, 6, 4, 3, 3, 4, 4, 3, 3, 3, 4, 7, 10, 11, 10, 9, 6, 4};
constexpr Hours at_home{2, 2, 2, 2, 2, 3, 5, 5, 5, 5, 6, 8, 7, 6, 5, 5, 6, 8, 9, 9, 8, 7, 5, 3};
constexpr Hours opening_hours{2, 2, 2, 2, 2, 2, 3, 5, 8, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 8, 7, 5, 3, 2};
constexpr Hours dark_hours{10, 10, 10, 10, 10, 9, 5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 6, 10, 12, 12, 12, 11, 10};
constexpr Hours coming_and_going{1, 1, 1, 1, 1, 3, 8, 12, 9, 5, 4, 6, 6, 5, 4, 5, 8, 12, 11, 8, 6, 5, 3, 2};
constexpr Hours washing_times{0, 0, 0, 0, 0, 2, 8, 9, 6, 4, 3, 5, 5, 3, 3, 3, 4, 7, 9, 10, 10, 8, 4, 1};

constexpr std::array<Shape, habits> shapes{{
    {{115, 105, 90, 75, 75, 95, 140, 145, 105, 75, 80, 100}, 115, {out_at_work, at_home}},
    {{105, 100, 95, 90, 90, 100, 125, 125, 105, 90, 90, 100}, 120, {opening_hours, opening_hours}},
    {{115, 110, 105, 95, 90, 85, 85, 90, 95, 105, 110, 115}, 100, {dark_hours, dark_hours}},
    {{100, 95, 100, 100, 100, 100, 105, 105, 100, 100, 100, 100}, 105, {coming_and_going, coming_and_going}},
    {{95, 95, 100, 100, 100, 105, 110, 110, 105, 100, 95, 95}, 110, {washing_times, washing_times}},
    {{90, 90, 95, 100, 100, 105, 115, 115, 105, 100, 95, 90}, 115, {washing_times, washing_times}},
    {{95, 95, 100, 100, 100, 105, 110, 110, 105, 100, 95, 95}, 115, {opening_hours, opening_hours}},
}};

/// Prefix sums of one habit's weights.
struct Table {
  std::array<std::int64_t, horizon + 1> until{};       // until[d]: weights of days 0..d-1
  std::int64_t least = 0;                              // the least weight of any day
  std::array<std::array<std::int64_t, 25>, 2> gone{};  // gone[shape][h]: parts of a day used by hour h
};

Table make_table(const Shape& shape) {
  Table table;
  table.least = 1'000'000;
  for (std::size_t d = 0; d < horizon; ++d) {
    const sys_days day = first_day + std::chrono::days{static_cast<int>(d)};
    const std::chrono::year_month_day date{day};
    const unsigned weekday = std::chrono::weekday{day}.iso_encoding();
    const std::int64_t month = shape.month[static_cast<unsigned>(date.month()) - 1];
    const std::int64_t weight = month * (weekday >= 6 ? shape.weekend_percent : 100);
    table.until[d + 1] = table.until[d] + weight;
    table.least = std::min(table.least, weight);
  }
  for (std::size_t variant = 0; variant < 2; ++variant) {
    const Hours& hours = shape.hour[variant];
    const std::int64_t total = std::accumulate(hours.begin(), hours.end(), std::int64_t{0});
    std::int64_t sum = 0;
    for (std::size_t hour = 0; hour < 24; ++hour) {
      sum += hours[hour];
      table.gone[variant][hour + 1] = sum * whole_day / total;
    }
  }
  return table;
}

const Table& table_of(Habit habit) {
  static const std::vector<Table> tables = [] {
    std::vector<Table> made;
    for (const Shape& shape : shapes) made.push_back(make_table(shape));
    return made;
  }();
  return tables[static_cast<std::size_t>(habit)];
}

std::int64_t at_midnight(const Load& load, const Table& table, std::size_t day) {
  const std::int64_t year = table.until[days_of_2025];
  const std::int64_t jitter_limit = load.yearly * table.least / year * 6 / 10;
  const auto jitter = drawn_at(load.key, day) % static_cast<std::uint64_t>(jitter_limit + 1);
  return load.yearly * table.until[day] / year + static_cast<std::int64_t>(jitter);
}

}  // namespace

std::int64_t flowed(const Load& load, Instant at) {
  assert(load.yearly >= 0 && load.yearly < 100'000'000'000);  // 100 GWh: times the weights still in 63 bits
  const Table& table = table_of(load.habit);
  const std::int64_t since = (at - local_midnight(first_day)).count();
  if (since <= 0) return at_midnight(load, table, 0);
  const auto day = static_cast<std::size_t>(since / day_ms);
  if (day >= horizon) return at_midnight(load, table, horizon);

  const std::int64_t begun = at_midnight(load, table, day);
  const std::int64_t days_use = at_midnight(load, table, day + 1) - begun;
  const std::int64_t in_day = since % day_ms;
  const auto& gone = table.gone[load.key & 1U];
  const auto hour = static_cast<std::size_t>(in_day / hour_ms);
  const std::int64_t parts = gone[hour] * hour_ms + (gone[hour + 1] - gone[hour]) * (in_day % hour_ms);
  // A day's use times parts (up to 3.6e10) could pass 63 bits, so it is cut in two
  // steps that both round down.
  const std::int64_t whole = days_use / whole_day;
  const std::int64_t rest = days_use % whole_day;
  return begun + (whole * parts + rest * parts / whole_day) / hour_ms;
}

std::int64_t yearly_reaching(Habit habit, std::int64_t target, std::chrono::sys_days day) {
  const Table& table = table_of(habit);
  const std::chrono::sys_days new_year{std::chrono::year_month_day{day}.year() / 1 / 1};
  const auto from = static_cast<std::size_t>((new_year - first_day).count());
  const auto to = static_cast<std::size_t>((day - first_day).count());
  assert(from < to && to <= horizon);
  return target * table.until[days_of_2025] / (table.until[to] - table.until[from]);
}

}  // namespace steward::sim
