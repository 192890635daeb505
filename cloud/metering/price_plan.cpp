#include "cloud/metering/price_plan.hpp"

#include <algorithm>

namespace steward {

std::string_view word(TierPeriod period) {
  constexpr std::string_view words[] = {"year", "month", "two_months"};
  return words[static_cast<std::size_t>(period)];
}
std::string_view word(FeeBasis basis) {
  constexpr std::string_view words[] = {"area", "household", "persons", "vehicles", "unit"};
  return words[static_cast<std::size_t>(basis)];
}
std::string_view word(FeePeriod period) {
  constexpr std::string_view words[] = {"month", "quarter", "year", "move_in"};
  return words[static_cast<std::size_t>(period)];
}

bool TariffVersion::by_persons() const {
  return std::any_of(tiers.begin(), tiers.end(), [](const Tier& tier) { return tier.per_person.count > 0; });
}

}  // namespace steward
