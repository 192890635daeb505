#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "contract/nouns/clock.hpp"

namespace steward {

/// RFC 3339 in UTC with milliseconds: "2026-06-01T00:00:00.000Z". Years 1970..9999.
std::string instant_text(Instant instant);

/// Reads RFC 3339: a date, 'T', a time of day with or without a fraction (to the
/// millisecond), and 'Z' or an offset such as "+08:00". Nothing for anything
/// else: 31 April, 24:00, leap seconds (which UTC milliseconds cannot name).
std::optional<Instant> read_instant(std::string_view text);

/// Reads a calendar date "2026-06-01". Nothing for a day that does not exist.
std::optional<std::chrono::year_month_day> read_date(std::string_view text);

}  // namespace steward
