#include "cloud/billing/tariff.hpp"

#include <algorithm>
#include <cassert>

namespace steward {

const TariffVersion* version_on(const Tariff& tariff, Day day) {
  const TariffVersion* found = nullptr;
  for (const auto& version : tariff.versions) {
    if (version.valid_from <= day) found = &version;
  }
  return found;
}

std::vector<Day> changes_inside(const Tariff& tariff, Day from, Day to) {
  std::vector<Day> days;
  for (const auto& version : tariff.versions) {
    if (version.valid_from > from && version.valid_from < to) days.push_back(version.valid_from);
  }
  return days;
}

TariffVersion for_point(TariffVersion version, std::int64_t persons, std::int64_t months) {
  __extension__ using Wide = __int128;
  for (auto& tier : version.tiers) {
    if (!tier.upto) continue;
    const auto raised =
        static_cast<Wide>(tier.upto->count) + static_cast<Wide>(persons) * tier.per_person.count;
    tier.upto = Milli{static_cast<std::int64_t>(version.by_months ? raised * months / 12 : raised)};
  }
  return version;
}

std::vector<TierPart> cut_by_tier(const TariffVersion& version, Milli used_before, Milli quantity) {
  assert(quantity.count >= 0 && used_before.count >= 0 && !version.tiers.empty());
  std::vector<TierPart> parts;
  Milli used = used_before;
  Milli left = quantity;
  for (std::size_t i = 0; i < version.tiers.size(); ++i) {
    const auto& tier = version.tiers[i];
    const Milli room = tier.upto ? std::max(Milli{}, *tier.upto - used) : left;
    const Milli part = std::min(room, left);
    const bool holds_zero = quantity.count == 0 && parts.empty() && (!tier.upto || room.count > 0);
    if (part.count > 0 || holds_zero) {
      parts.push_back({static_cast<std::uint32_t>(i + 1), tier.upto, used, part, tier.price});
      used += part;
      left = left - part;
    }
  }
  assert(left.count == 0 && !parts.empty());  // the last tier has no bound
  return parts;
}

}  // namespace steward
