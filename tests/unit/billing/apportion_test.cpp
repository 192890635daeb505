#include "cloud/billing/apportion.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace steward;

TEST_SUITE("billing/apportion") {
  TEST_CASE("E1a: 100.00 yuan over three equal flats is 33.34, 33.33, 33.33") {
    const std::vector<std::int64_t> weights{1, 1, 1};
    const auto shares = apportion(Fen{10'000}, weights);
    REQUIRE(shares);
    CHECK(*shares == std::vector{Fen{3'334}, Fen{3'333}, Fen{3'333}});
  }

  TEST_CASE("E1b: 1,234.28 yuan by seven floor areas adds up to the fen") {
    const std::vector<std::int64_t> areas{8'943, 12'050, 7'520, 6'666, 14'307, 9'898, 10'116};
    const auto shares = apportion(Fen{123'428}, areas);
    REQUIRE(shares);
    CHECK(*shares == std::vector{Fen{15'882}, Fen{21'400}, Fen{13'355}, Fen{11'839}, Fen{25'408}, Fen{17'578},
                                 Fen{17'966}});
  }

  TEST_CASE("E11: 70 % by usage and 30 % by area; the vacant flat bears its area") {
    const std::vector<std::int64_t> usage{1'200, 0, 2'400};
    const std::vector<std::int64_t> area{60, 80, 100};
    const auto by_usage = apportion(Fen{700'000}, usage);
    const auto by_area = apportion(Fen{300'000}, area);
    REQUIRE(by_usage);
    REQUIRE(by_area);
    std::vector<Fen> both;
    for (std::size_t i = 0; i < 3; ++i) both.push_back((*by_usage)[i] + (*by_area)[i]);
    CHECK(both == std::vector{Fen{308'333}, Fen{100'000}, Fen{591'667}});
  }

  TEST_CASE("counts left over go to the largest remainders, the first place on a tie") {
    const std::vector<std::int64_t> weights{1, 2, 2, 1};
    const auto out = share_out(10, weights);  // 1.67 3.33 3.33 1.67
    REQUIRE(out);
    CHECK(out->shares == std::vector<std::int64_t>{2, 3, 3, 2});
    CHECK(out->left_over == std::vector<std::size_t>{0, 3});
    const auto tie = share_out(1, std::vector<std::int64_t>{0, 5, 5, 5});
    REQUIRE(tie);
    CHECK(tie->shares == std::vector<std::int64_t>{0, 1, 0, 0});
  }

  TEST_CASE("a credit is shared as the mirror image of a charge") {
    const std::vector<std::int64_t> weights{3, 1, 3};
    const auto charge = share_out(1'000, weights);
    const auto credit = share_out(-1'000, weights);
    REQUIRE(charge);
    REQUIRE(credit);
    for (std::size_t i = 0; i < weights.size(); ++i) CHECK(credit->shares[i] == -charge->shares[i]);
  }

  TEST_CASE("watt-hours and litres are shared as they are, without turning into money") {
    const auto wh = apportion(WattHours{7}, std::vector<std::int64_t>{1, 1});
    const auto litres = apportion(Litres{7}, std::vector<std::int64_t>{1, 1});
    REQUIRE(wh);
    REQUIRE(litres);
    CHECK(*wh == std::vector{WattHours{4}, WattHours{3}});
    CHECK(*litres == std::vector{Litres{4}, Litres{3}});
  }

  TEST_CASE("the largest total and weights there are do not overflow") {
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    const auto out = share_out(most, std::vector<std::int64_t>{most, most, most});
    REQUIRE(out);
    CHECK(out->shares == std::vector<std::int64_t>{most / 3 + 1, most / 3, most / 3});
    const auto least = share_out(std::numeric_limits<std::int64_t>::min(), std::vector<std::int64_t>{most});
    REQUIRE(least);
    CHECK(least->shares.front() == std::numeric_limits<std::int64_t>::min());
  }

  TEST_CASE("an empty building is a fault, not a division by zero") {
    for (const auto& weights : {std::vector<std::int64_t>{}, std::vector<std::int64_t>{0, 0}}) {
      const auto shares = apportion(Fen{100}, weights);
      REQUIRE_FALSE(shares);
      CHECK(shares.error().fault == Fault::implausible);
    }
  }

  TEST_CASE("a weight below zero is a fault, even where the sum is above zero") {
    const auto shares = apportion(Fen{100}, std::vector<std::int64_t>{5, -1});
    REQUIRE_FALSE(shares);
    CHECK(shares.error().message == "a weight is below zero");
  }
}
