// What a technician is told of a GPIO line that cannot be had. Edges themselves are the fake's part
// (tests/unit/drivers/pulse_bus_test.cpp): a machine without a GPIO chip builds and tests this tree.
#include "kit/gpio/edge_input.hpp"

#include <doctest/doctest.h>

#include "kit/loop/loop.hpp"

using namespace steward;

TEST_SUITE("kit/gpio") {
  TEST_CASE("a chip that is not there is asked for again, and named with its line") {
    Loop loop;
    GpioLine line;
    line.chip = "/dev/steward-has-no-such-chip";
    line.line = 17;
    const auto input = open_gpio(loop, line);
    REQUIRE_FALSE(input);
    CHECK(input.error().fault == Fault::retry);
    CHECK(input.error().message.starts_with("/dev/steward-has-no-such-chip line 17: "));
  }

  TEST_CASE("a device that is no GPIO chip is refused, whatever may be read from it") {
    Loop loop;
    GpioLine line;
    line.chip = "/dev/null";
    const auto input = open_gpio(loop, line);
    REQUIRE_FALSE(input);
    CHECK(input.error().message.starts_with("/dev/null line 0: "));
  }
}
