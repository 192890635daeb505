#include "drivers/sim/estate_people.hpp"

namespace steward::sim {
namespace {

constexpr std::size_t most_cards = 12;

}  // namespace

std::string checkpoint_code() { return std::string("PT1.") + site_code + ".lobby.1"; }

std::vector<std::uint32_t> resident_cards(const EstatePlan& plan) {
  std::vector<std::uint32_t> cards;
  for (const UnitPlan& unit : plan.units) {
    if (unit.account.text.empty()) continue;
    if (cards.size() == most_cards) break;
    // A stride that shares no factor with the modulus visits no number twice.
    cards.push_back(10'000'000 + static_cast<std::uint32_t>((cards.size() + 1) * 7'654'321 % 89'999'999));
  }
  return cards;
}

}  // namespace steward::sim
