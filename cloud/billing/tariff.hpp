#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "cloud/metering/estate.hpp"

namespace steward {

/// The version in force on `day`, or nullptr when none is yet.
const TariffVersion* version_on(const Tariff& tariff, Day day);

/// The days strictly inside (from, to) on which a new version begins.
std::vector<Day> changes_inside(const Tariff& tariff, Day from, Day to);

/// `version` for one point: bounds raised by `persons` above persons_above, then cut to `months` of 12 where
/// the version goes by months; rounded down to a whole Wh or litre.
TariffVersion for_point(TariffVersion version, std::int64_t persons, std::int64_t months);

/// A part of a usage that falls in one tier (阶梯).
struct TierPart {
  std::uint32_t tier = 1;     // from 1
  std::optional<Milli> upto;  // the tier's bound; empty for the last
  Milli used_before;          // in the tariff's period, before this part
  Milli quantity;
  MicroYuan price;

  friend bool operator==(const TierPart&, const TierPart&) = default;
};

/// Cuts `quantity` (0 or more) at the bounds of `version`, given what was
/// already used in the tariff's period. A bound belongs to the lower tier: with
/// 2,760 kWh, the 2,760th is still tier 1. Parts add up to `quantity`; a usage
/// of zero gives one part of zero, so that the bill still shows its price.
/// Cutting a period in two gives the same quantity in every tier.
std::vector<TierPart> cut_by_tier(const TariffVersion& version, Milli used_before, Milli quantity);

}  // namespace steward
