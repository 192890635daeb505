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
  Milli residual;  // usage - children; below zero only where the point's pool gives it back
  Milli clamped;   // how far below zero it was when it was taken as zero; else zero

  friend bool operator==(const Residual&, const Residual&) = default;
};

/// Residuals of every point of `usages`, in id order.
///
/// A residual may be below zero by its pool's tolerance; without a pool, by
/// residual_tolerance_permille. It is then taken as zero and recorded, or given
/// back, as the pool's `negative` says. Beyond the tolerance some meter,
/// multiplier or tree is wrong, and some child would be billed too much: the run
/// is blocked.
///
/// usages: one per point, all of the same period
/// Problems: a residual further below zero than the tolerance, or below zero at
/// all where the pool says `block`; each names the point, its children and the
/// next step.
std::vector<Residual> residuals_of(const Estate& estate, const std::map<PointId, PointUsage>& usages,
                                   Problems& problems);

}  // namespace steward
