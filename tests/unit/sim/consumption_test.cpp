#include "drivers/sim/consumption.hpp"

#include <doctest/doctest.h>

#include "drivers/sim/seeded.hpp"

using namespace steward;
using namespace steward::sim;
using namespace std::chrono_literals;

TEST_SUITE("sim/consumption") {
  TEST_CASE("the generator gives splitmix64's published first numbers") {
    // Seed 1234567, as printed by the reference implementation.
    const std::uint64_t golden = 0x9E3779B97F4A7C15U;
    std::uint64_t state = 1234567;
    CHECK(scramble(state) == 6457827717110365317U);
    state += golden;
    CHECK(scramble(state) == 3203168211198807973U);
    state += golden;
    CHECK(scramble(state) == 9817491932198370423U);
  }

  TEST_CASE("a register never falls, minute by minute, for every habit") {
    for (int habit = 0; habit < habits; ++habit) {
      const Load load{static_cast<Habit>(habit), 2'400'000, scramble(static_cast<std::uint64_t>(habit))};
      std::int64_t before = flowed(load, local_midnight(first_day) - 1min);
      std::int64_t falls = 0;
      for (Instant at = local_midnight(first_day); at < local_midnight(first_day) + 24h * 40; at += 7min) {
        const std::int64_t now = flowed(load, at);
        if (now < before) ++falls;
        before = now;
      }
      CHECK(falls == 0);
    }
  }

  TEST_CASE("midnight belongs to both days, to the last millisecond") {
    const Load load{Habit::home_power, 3'000'000, scramble(9)};
    for (std::chrono::sys_days day = first_day; day < first_day + std::chrono::days{400};
         day += std::chrono::days{1}) {
      const Instant midnight = local_midnight(day);
      const std::int64_t step = flowed(load, midnight) - flowed(load, midnight - 1ms);
      REQUIRE(step >= 0);
      REQUIRE(step <= 1);
    }
  }

  TEST_CASE("a year's use is the load's yearly use, give or take one day's variation") {
    const Load load{Habit::shop_power, 8'000'000, scramble(77)};
    const std::int64_t used =
        flowed(load, local_midnight(std::chrono::sys_days{std::chrono::year{2026} / 1 / 1})) -
        flowed(load, local_midnight(first_day));
    CHECK(used > 8'000'000 - 22'000);
    CHECK(used < 8'000'000 + 22'000);
  }

  TEST_CASE("nothing flows through an empty flat's tap, and days differ elsewhere") {
    const Load none{Habit::home_water, 0, scramble(3)};
    CHECK(flowed(none, local_midnight(last_day)) == 0);

    const Load load{Habit::home_water, 100'000, scramble(3)};
    const Instant monday = local_midnight(std::chrono::sys_days{std::chrono::year{2026} / 6 / 1});
    const std::int64_t first = flowed(load, monday + 24h) - flowed(load, monday);
    const std::int64_t second = flowed(load, monday + 48h) - flowed(load, monday + 24h);
    CHECK(first > 0);
    CHECK(first != second);
  }

  TEST_CASE("outside the simulated years a register stands still") {
    const Load load{Habit::lift, 2'000'000, scramble(5)};
    CHECK(flowed(load, local_midnight(first_day) - 24h) == flowed(load, local_midnight(first_day)));
    CHECK(flowed(load, local_midnight(last_day) + 24h * 365) == flowed(load, local_midnight(last_day)));
  }

  TEST_CASE("a load made to reach a tier by a day has reached it by then") {
    const std::chrono::sys_days day{std::chrono::year{2026} / 6 / 15};
    const Load load{Habit::home_power, yearly_reaching(Habit::home_power, 2'760'000, day), scramble(8)};
    const std::int64_t used =
        flowed(load, local_midnight(day)) -
        flowed(load, local_midnight(std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}));
    CHECK(used > 2'760'000 - 18'000);  // a day's variation
    CHECK(used < 2'760'000 + 18'000);
  }
}
