#pragma once
#include <optional>
#include <string>
#include <utility>

#include "cloud/metering/usage.hpp"

namespace steward {

// Internal to usage_between and used_in_year: one meter between two of its registers.

/// The lookups every function here needs, as one argument.
struct Book {
  const Estate& estate;
  const ClosingReadings& readings;
  const Point& point;
  Problems& problems;

  void refuse(std::string en, std::string zh) const {
    problems.push_back({"readings", 0, "point " + point.id.text + ": " + std::move(en),
                        "计量点 " + point.id.text + "：" + std::move(zh)});
  }
  std::string quantity(std::int64_t count) const {
    return grouped_decimal_text(count, 3) + " " + std::string(priced_unit(point.medium));
  }
};

/// True when `install` counts anything of the days [from, to). On the day of an
/// exchange both meters do: the old one up to its removal register.
bool counts_in(const Install& install, Day from, Day to);

/// What `install` counted of [from, to), or problems: a register that is missing or doubtful, that fell, or
/// that fell in between and rose again.
std::optional<UsageSegment> segment_of(const Book& book, const Install& install, Day from, Day to);

}  // namespace steward
