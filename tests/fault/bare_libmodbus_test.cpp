#include <doctest/doctest.h>

#include "tests/fault/report.hpp"

using namespace steward::fault;

TEST_SUITE("fault/bare libmodbus") {
  TEST_CASE("the same lines read by libmodbus alone: registers of others, and old ones") {
    print_heading();
    std::uint64_t seed = 500;
    for (const auto& schedule : schedules()) {
      // Restarts, plans and ad-hoc reads are the edge's; behind a gateway it would speak TCP.
      if (schedule.gateway ||
          schedule.restarts + schedule.plan_changes + schedule.ad_hoc + schedule.hangs > 0)
        continue;
      for (const bool flush : {false, true}) {
        Tally sum;
        for (const auto shape : shapes) sum += run_bare(schedule, shape, seed++, 2500, flush);
        print_row((flush ? "libmodbus + modbus_flush: " : "libmodbus: ") + schedule.name,
                  seed - shapes.size(), sum);
        CAPTURE(schedule.name);
        CAPTURE(flush);
        CHECK(sum.values > 0);
        // A line that only garbles and cuts off does not shift: CRC and length are enough there.
        CHECK(sum.wrong_register + sum.too_old > 0);
      }
    }
  }

  TEST_CASE("on a line without faults libmodbus reads right: the comparison is fair") {
    Schedule quiet;
    Tally sum;
    for (const auto shape : shapes) sum += run_bare(quiet, shape, 1, 2500, false);
    CHECK(sum.accepted == sum.exchanges);
    CHECK(sum.wrong_register == 0);
    CHECK(sum.too_old == 0);
  }
}
