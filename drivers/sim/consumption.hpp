#pragma once
#include <chrono>
#include <cstdint>

#include "contract/nouns/clock.hpp"

namespace steward::sim {

/// The estate keeps Chinese time, which has no summer time: UTC+8.
inline constexpr int utc_offset_minutes = 480;

/// The simulated meters were installed on the first day and are read until the
/// last; outside, a register stands still.
inline constexpr std::chrono::sys_days first_day{std::chrono::year{2025} / 1 / 1};
inline constexpr std::chrono::sys_days last_day{std::chrono::year{2031} / 1 / 1};

/// The instant at which the estate's local day begins.
constexpr Instant local_midnight(std::chrono::sys_days local_day) {
  return Instant{local_day} - std::chrono::minutes{utc_offset_minutes};
}

/// Who draws, which says how a year, a week and a day look.
enum class Habit : std::uint8_t {
  home_power,
  shop_power,
  corridor_light,
  lift,
  pump,
  home_water,
  shop_water,
};
inline constexpr int habits = 7;

/// One consumer: enough to know what has flowed at any instant.
struct Load {
  Habit habit = Habit::home_power;
  std::int64_t yearly = 0;  // Wh or litres in the 365 days of 2025, before day-to-day variation
  std::uint64_t key = 0;    // its own variation and its own shape of day
};

/// What has flowed through `load` since `first_day`: Wh or litres, plus a
/// constant below one day's use. Never falls; 0 for a load with yearly = 0.
///
/// Closed form, O(1): yearly use times the share of the year's weights gone by,
/// plus a bounded variation drawn for each midnight, plus the share of the day.
///   at midnight of day d:  yearly * weights(0..d) / weights(2025) + jitter(d)
/// jitter is at most six tenths of the least daily use, so a day's use varies by
/// up to that and is never negative.
/// Thread: any (tables are made once, at first use).
std::int64_t flowed(const Load& load, Instant at);

/// The yearly use with which a load of this habit has used `target` between the
/// start of 1 January and the start of `day` of the same year (variation apart).
std::int64_t yearly_reaching(Habit habit, std::int64_t target, std::chrono::sys_days day);

}  // namespace steward::sim
