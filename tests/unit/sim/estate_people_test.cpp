#include "drivers/sim/estate_people.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace steward;
using namespace steward::sim;

TEST_SUITE("sim/estate_people") {
  TEST_CASE("every resident's card is another number a board can hold") {
    const auto cards = resident_cards(lay_out({.flats = 100}));
    CHECK(cards.size() == 12);
    CHECK(std::set<std::uint32_t>(cards.begin(), cards.end()).size() == cards.size());
    for (const std::uint32_t card : cards) {
      CHECK(card >= 10'000'000);
      CHECK(card <= 99'999'999);
      CHECK(card != 0x00FFFFFF);
    }
  }
}
