#include "tests/unit/billing/estate_kit.hpp"

using namespace steward;
using namespace steward::test;

TEST_SUITE("billing/estate_doc") {
  TEST_CASE("the estate page's worked example bills exactly what the page says") {
    const auto run = run_of(lakeside());
    CHECK(lines_of(bill_of(run, "wang")) ==
          "own e-101 tier 1: 160.000 x 0.538 = 86.08\n"
          "own e-101 tier 2: 150.500 x 0.588 = 88.49\n"
          "share light: money x 0.56 = 7.73\n");
    CHECK(bill_of(run, "wang").total == Fen{18'230});
    CHECK(lines_of(bill_of(run, "landlord")) ==
          "own e-102 tier 1: 140.000 x 0.538 = 75.32\n"
          "share light: money x 0.56 = 11.59\n");
    CHECK(bill_of(run, "landlord").total == Fen{8'691});
    REQUIRE(run.pools.size() == 1);
    CHECK(run.pools[0].statement.residual.residual == Milli{34'500});
    CHECK(run.pools[0].statement.cost == Fen{1'932});
    CHECK(run.notices.empty());
  }
}
