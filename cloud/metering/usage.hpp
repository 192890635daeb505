#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cloud/metering/closing.hpp"
#include "cloud/metering/estate.hpp"
#include "contract/nouns/problem.hpp"
#include "contract/nouns/result.hpp"

namespace steward {

/// What one end of a segment stands on.
enum class EndKind : std::uint8_t {
  reading = 0,  // a closing reading
  opening = 1,  // the register written down when the meter was installed
  removal = 2,  // the register written down when it was removed
};
struct RegisterEnd {
  EndKind kind = EndKind::reading;
  ClosingReading reading;  // for opening and removal: meter, channel, value, and `at` = that day's midnight

  friend bool operator==(const RegisterEnd&, const RegisterEnd&) = default;
};

/// What one meter counted between two of its registers.
struct UsageSegment {
  MeterId meter;
  std::string channel;
  std::int64_t multiplier_n = 1;
  std::int64_t multiplier_d = 1;
  RegisterEnd begin;
  RegisterEnd end;
  Milli usage;       // floor(end*n/d) - floor(begin*n/d)
  std::string band;  // time of use it counts; empty: all

  friend bool operator==(const UsageSegment&, const UsageSegment&) = default;
};

/// What passed a point between two midnights: the sum over the meters that were
/// installed there, one segment each (换表 adds segments, not guesses).
struct PointUsage {
  PointId point;
  Medium medium = Medium::electricity;
  Day from;
  Day to;
  std::vector<UsageSegment> segments;  // by time
  Milli usage;

  friend bool operator==(const PointUsage&, const PointUsage&) = default;
};

/// Does any of its registers come from simulated time?
bool on_stepped_time(const PointUsage& usage);

/// The difference of two registers of one meter, multiplied (倍率).
///
/// Each register is multiplied and rounded down by itself, in 128 bits, so that
/// usages of neighbouring periods add up to the usage of the whole: nothing is
/// rounded twice, nothing is lost between periods.
/// Faults: implausible, "REVERSE_OR_RESET ..." when end < begin (a register
/// that fell was reset, exchanged, read wrongly, or wrapped; which of these, only
/// a person can say), and when the usage is above 10^13 (10 TWh).
Result<Milli> register_difference(std::int64_t begin, std::int64_t end, std::int64_t n, std::int64_t d);

/// Usage of `point` from the midnight that begins `from` to the one that begins
/// `to` (from <= to).
///
/// Every missing, doubtful or contradictory register is added to `problems`,
/// naming point, meter, instant and the next step; then there is no usage.
/// A point whose first meter comes later than `from` counts from its opening.
std::optional<PointUsage> usage_between(const Estate& estate, const ClosingReadings& readings,
                                        const PointId& point, Day from, Day to, Problems& problems);

/// What was used before, in a tariff's period.
struct YearUsage {
  Milli used;
  bool stepped = false;  // stands on simulated time
};

/// Usage of `point` in the calendar year of `until`, from 1 January up to the
/// midnight that begins `until`: for annual tiers.
///
/// Stands on the reading of 1 January; or on the opening of a meter installed in
/// this year at a point that had none; or on carried.csv plus what was counted
/// since the first closing reading of the year. With none of these it is a
/// problem, because a guess would choose the payer's price.
std::optional<YearUsage> used_in_year(const Estate& estate, const ClosingReadings& readings,
                                      const PointId& point, Day until, Problems& problems);

/// Usage of `point` from the midnight that begins `since` up to the one that begins `until`, for tiers of
/// two months; nothing before its first meter was hung.
std::optional<YearUsage> used_since(const Estate& estate, const ClosingReadings& readings,
                                    const PointId& point, Day since, Day until, Problems& problems);

}  // namespace steward
