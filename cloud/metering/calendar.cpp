#include "cloud/metering/calendar.hpp"

#include <algorithm>
#include <cstdint>

namespace steward {
namespace {

using namespace std::chrono;

std::string padded(std::int64_t number, std::size_t digits) {
  auto text = std::to_string(number);
  return text.size() < digits ? std::string(digits - text.size(), '0') + text : text;
}

/// Exactly `digits` decimal digits at `at`; empty when there is anything else.
std::optional<int> digits_at(std::string_view text, std::size_t at, std::size_t digits) {
  if (text.size() < at + digits) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(at, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<Month> month_of_numbers(std::optional<int> y, std::optional<int> m) {
  if (!y || !m || *y < 2000 || *y > 2199 || *m < 1 || *m > 12) return std::nullopt;
  return year{*y} / month{static_cast<unsigned>(*m)};
}

/// "Z", "+08:00" or "-03:30" as minutes east of UTC.

}  // namespace

std::string text_of(Day day) {
  const year_month_day date{day};
  return padded(static_cast<int>(date.year()), 4) + "-" + padded(static_cast<unsigned>(date.month()), 2) +
         "-" + padded(static_cast<unsigned>(date.day()), 2);
}

std::optional<Day> read_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto month = read_month(text.substr(0, 7));
  const auto d = digits_at(text, 8, 2);
  if (!month || !d) return std::nullopt;
  const auto date = *month / day{static_cast<unsigned>(*d)};
  if (!date.ok()) return std::nullopt;
  return Day{date};
}

std::string text_of(Month month) {
  return padded(static_cast<int>(month.year()), 4) + "-" + padded(static_cast<unsigned>(month.month()), 2);
}

std::optional<Month> read_month(std::string_view text) {
  if (text.size() != 7 || text[4] != '-') return std::nullopt;
  return month_of_numbers(digits_at(text, 0, 4), digits_at(text, 5, 2));
}

std::string text_of(Instant at, UtcOffset offset) {
  const auto local = at.time_since_epoch() + offset;
  const auto whole_days = floor<days>(local);
  const hh_mm_ss clock{duration_cast<Milliseconds>(local - whole_days)};
  auto text = text_of(Day{whole_days}) + "T" + padded(clock.hours().count(), 2) + ":" +
              padded(clock.minutes().count(), 2) + ":" + padded(clock.seconds().count(), 2);
  if (clock.subseconds().count() != 0) text += "." + padded(clock.subseconds().count(), 3);
  const auto east = offset.count() < 0 ? -offset.count() : offset.count();
  return text + (offset.count() < 0 ? "-" : "+") + padded(east / 60, 2) + ":" + padded(east % 60, 2);
}

}  // namespace steward
