#pragma once
#include <map>
#include <optional>
#include <vector>

#include "cloud/metering/estate.hpp"
#include "cloud/metering/usage.hpp"
#include "contract/nouns/problem.hpp"

namespace steward {

/// What a point counted and its children did not: common use and loss (公共用量及损耗).
struct Residual {
  PointId point;
  Milli usage;     // of the point itself
  Milli children;  // sum over its children; zero for a leaf
  Milli residual;  // usage - children, never below zero
  Milli clamped;   // how far below zero it was before; zero when it was not

  friend bool operator==(const Residual&, const Residual&) = default;
};

/// A residual may be below zero by this many thousandths of the point's usage
/// and is then taken as zero and recorded: meters of class 1 and 2 (IEC 62053-21)
/// may differ by as much. Beyond it some meter, multiplier or tree is wrong, and
/// some child would be billed too much: the run is blocked.
inline constexpr std::int64_t residual_tolerance_permille = 20;

/// Residuals of every point of `usages`, in id order.
///
/// usages: one per point, all of the same period
/// Problems: a residual further below zero than the tolerance, naming the
/// point, its children and the next step.
std::vector<Residual> residuals_of(const Estate& estate, const std::map<PointId, PointUsage>& usages,
                                   Problems& problems);

}  // namespace steward
