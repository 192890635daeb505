#pragma once
#include <cstdint>
#include <optional>

#include "cloud/metering/closing.hpp"
#include "cloud/metering/estate.hpp"

namespace steward {

/// A register that nobody read, and how it was come to.
struct Estimate {
  std::int64_t value = 0;  // of the dial; Wh or litre
  ReadingSource method = ReadingSource::estimate_average;
  Day base_from;  // the registers it is taken from: these two midnights
  Day base_to;
};

/// rise × days / of_days, rounded half up once: what a register that rose by `rise` in `of_days` rises in
/// `days`. rise: 0 or more; of_days: 1 or more; days: 0 or more.
std::int64_t estimated_rise(std::int64_t rise, std::int64_t of_days, std::int64_t days);

/// The register of an installed meter at the midnight that begins `to`, from the one at `from`.
///
/// By the same days of the year before (season), else by the average day of the three months before `from`,
/// or of as many of them as there are registers for (average). Only good registers that were not estimated
/// count as a base, and only of this stay of this meter; a register that fell is none. Nothing: nothing to go
/// by, and a person reads the dial. Source of the order: the industry's practice, as in HeizkostenV 9a (a
/// comparable period comes first).
std::optional<Estimate> estimate(const Estate& estate, const ClosingReadings& readings,
                                 const Install& install, Day from, Day to);

}  // namespace steward
