#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "contract/nouns/clock.hpp"

namespace steward {

/// A day of the estate's own calendar. Not an Instant: which instant its
/// midnight is depends on the estate's offset, and the two do not mix.
using Day = std::chrono::local_days;
/// A billing month of the estate's own calendar.
using Month = std::chrono::year_month;
/// The estate's fixed distance from UTC: 480 minutes in China, no summer time
/// (the estates billed here have none; a rule of days would be needed for it).
using UtcOffset = std::chrono::minutes;

/// The instant at which `day` begins in the estate. Closing readings carry it
/// as their `round_at`.
constexpr Instant midnight(Day day, UtcOffset offset) {
  return Instant{std::chrono::duration_cast<Milliseconds>(day.time_since_epoch() - offset)};
}

/// The estate's day that contains `at`.
constexpr Day day_of(Instant at, UtcOffset offset) {
  return Day{std::chrono::floor<std::chrono::days>(at.time_since_epoch() + offset)};
}

constexpr Day first_day(Month month) { return Day{month / std::chrono::day{1}}; }
constexpr Month month_of(Day day) {
  const std::chrono::year_month_day date{day};
  return date.year() / date.month();
}
constexpr Day first_day_of_year(Day day) {
  return Day{std::chrono::year_month_day{day}.year() / std::chrono::January / 1};
}
/// The first day of January and February, of March and April, ...: two months that tiers may count together.
constexpr Day first_day_of_two_months(Day day) {
  const std::chrono::year_month_day date{day};
  const auto month = static_cast<unsigned>(date.month());
  return Day{date.year() / std::chrono::month{month - (month - 1) % 2} / 1};
}
constexpr int year_of(Day day) { return static_cast<int>(std::chrono::year_month_day{day}.year()); }

/// "2026-06-01", ISO 8601. Years 2000..2199: anything else in a file is a slip of the hand.
std::string text_of(Day day);
std::optional<Day> read_day(std::string_view text);

/// "2026-06".
std::string text_of(Month month);
std::optional<Month> read_month(std::string_view text);

/// "2026-06-01T00:00:00+08:00": RFC 3339 in the estate's offset, milliseconds only when not zero.
std::string text_of(Instant at, UtcOffset offset);

}  // namespace steward
