#include "cloud/metering/residual.hpp"

#include <string>

namespace steward {
namespace {

/// "6.4 ‰" of `usage`; used in words only.
std::string permille_text(Milli part, Milli usage) {
  if (usage.count == 0) return "∞";
  __extension__ using Wide = __int128;
  return decimal_text(static_cast<std::int64_t>(static_cast<Wide>(part.count) * 10'000 / usage.count), 1) +
         " ‰";
}

constexpr std::int64_t nothing_below = 0;  // Negative::block

void refuse_negative(const Estate& estate, const Residual& found, std::int64_t tolerance,
                     Problems& problems) {
  const auto& point = estate.points.at(found.point);
  std::string names;
  for (const auto& child : estate.children(found.point)) names += (names.empty() ? "" : ", ") + child.text;
  const auto quantity = [&](Milli count) {
    return grouped_decimal_text(count.count, 3) + " " + std::string(priced_unit(point.medium));
  };
  const auto too_much = quantity(found.clamped) + " (" + permille_text(found.clamped, found.usage) + ")";
  problems.push_back({"readings", 0,
                      "point " + found.point.text + ": its children (" + names + ") counted " +
                          quantity(found.children) + ", the point itself only " + quantity(found.usage) +
                          ", " + too_much + " less; up to " + std::to_string(tolerance) +
                          " ‰ would be taken as zero. Check the multipliers in installs.csv, the parents in "
                          "points.csv and the meters",
                      "计量点 " + found.point.text + "：下级（" + names + "）合计 " +
                          quantity(found.children) + "，本级仅 " + quantity(found.usage) + "，少 " +
                          too_much + "；" + std::to_string(tolerance) +
                          " ‰ 以内按零处理。请核对 installs.csv 的倍率、points.csv 的上级和各表"});
}

}  // namespace

std::vector<Residual> residuals_of(const Estate& estate, const std::map<PointId, PointUsage>& usages,
                                   Problems& problems) {
  std::map<PointId, Milli> below;
  for (const auto& [id, usage] : usages) {
    const auto& parent = estate.points.at(id).parent;
    if (!parent.text.empty()) below[parent] += usage.usage;
  }
  std::map<PointId, const Pool*> pools;
  for (const auto& [id, pool] : estate.pools) {
    if (pool.source == PoolSource::residual) pools.emplace(pool.point, &pool);
  }
  std::vector<Residual> residuals;
  residuals.reserve(usages.size());
  for (const auto& [id, usage] : usages) {
    const auto children = below.contains(id) ? below.at(id) : Milli{};
    Residual found{id, usage.usage, children, usage.usage - children, {}};
    if (found.residual.count < 0) {
      const auto shared = pools.find(id);
      const auto negative = shared == pools.end() ? Negative::clamp : shared->second->negative;
      const auto tolerance = shared == pools.end()         ? residual_tolerance_permille
                             : negative == Negative::block ? nothing_below
                                                           : shared->second->tolerance_permille;
      found.clamped = -found.residual;
      __extension__ using Wide = __int128;
      const auto allowed = static_cast<Wide>(found.usage.count) * tolerance;
      if (static_cast<Wide>(found.clamped.count) * 1000 > allowed)
        refuse_negative(estate, found, tolerance, problems);
      if (negative == Negative::credit || negative == Negative::scale) {
        found.clamped = {};
      } else {
        found.residual = {};
      }
    }
    residuals.push_back(found);
  }
  return residuals;
}

}  // namespace steward
