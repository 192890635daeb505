#include "drivers/bus/guarded_bus.hpp"

#include "tests/unit/drivers/bus_fixture.hpp"

using namespace steward;

TEST_SUITE("drivers/bus/guarded") {
  TEST_CASE("a unit is read after it was identified, and its serial is kept first") {
    GuardedBench bench;
    CHECK(bench.read(1, four).error().fault == Fault::refused);
    bench.wait_clean(1);
    REQUIRE(bench.book.records.size() == 1);
    CHECK(bench.book.records[0].memory.next_probe == 1);
    CHECK(bench.book.records[0].serial ==
          TellingRegisters::words_of(UnitAddress{1}, {RegisterKind::holding, 100, 2}));
    check_told(bench.read(1, four), 1, four);
    check_told(bench.read(1, three), 1, three);
    CHECK(bench.read(2, four).error().fault == Fault::refused);
    CHECK(bench.bus->counters(UnitAddress{1}).answered == 3);
  }

  TEST_CASE("no data goes out while the disk cannot keep the probe bit") {
    GuardedBench bench;
    bench.book.refuse = true;
    const auto kept = bench.identify(1);
    REQUIRE_FALSE(kept);
    CHECK(kept.error().fault == Fault::broken);
    CHECK(bench.read(1, four).error().fault == Fault::refused);
    bench.book.refuse = false;
    bench.wait_clean(1);  // and no longer than that
    check_told(bench.read(1, four), 1, four);
  }

  TEST_CASE("a late reply of the length that is waited for is not taken, and says how late it was") {
    GuardedBench bench(Milliseconds(30));
    bench.wait_clean(1);
    bench.wait_clean(2);
    bench.slave->delay_replies(Milliseconds(60));
    const auto late = bench.read(1, four);
    REQUIRE_FALSE(late);
    bench.slave->delay_replies(Milliseconds(0));
    CHECK(bench.read(1, three).error().fault == Fault::refused);
    bench.wait_clean(1);
    CHECK(bench.book.records.back().memory.longest_delay >= std::chrono::milliseconds(50));
    check_told(bench.read(1, three), 1, three);
    check_told(bench.read(1, four), 1, four);
  }

  TEST_CASE("a device that is pulled out quarantines all of its units") {
    GuardedBench bench(Milliseconds(50));
    bench.wait_clean(1);
    bench.wait_clean(2);
    bench.slave.reset();
    CHECK_FALSE(bench.read(1, four));
    CHECK(bench.bus->status(UnitAddress{2}).standing == Standing::quarantined);
  }

  TEST_CASE("through a gateway: identity first, then exactly what was asked for") {
    GatewayBench bench;
    CHECK(bench.read(1, four).error().fault == Fault::refused);
    bench.wait_clean(1);
    bench.wait_clean(2);
    check_told(bench.read(1, four), 1, four);
    check_told(bench.read(2, four), 2, four);
    check_told(bench.read(1, three), 1, three);
  }

  TEST_CASE("a gateway that wraps a late reply in the new transaction id does not fool the dictionary") {
    GatewayBench bench;
    bench.wait_clean(1);
    Bytes earlier;
    bench.slave->change_replies([&](Bytes reply) {
      earlier = reply;
      return reply;
    });
    check_told(bench.read(1, four), 1, four);
    bench.slave->change_replies([&](Bytes reply) {
      std::copy(reply.begin(), reply.begin() + 2, earlier.begin());
      return earlier;
    });
    const auto refused = bench.read(1, three);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().fault == Fault::malformed);
    CHECK(bench.standing(1) == Standing::quarantined);
  }

  TEST_CASE(
      "a late reply under its own id is one unit's matter, one under no id of ours ends the connection") {
    GatewayBench bench(Milliseconds(30));
    bench.wait_clean(1);
    bench.wait_clean(2);
    Bytes late;
    bench.slave->change_replies([&](Bytes reply) {
      late = std::move(reply);
      return Bytes{};
    });
    CHECK_FALSE(bench.read(1, four));
    bench.slave->change_replies([&](Bytes reply) {
      Bytes both = late;
      both.insert(both.end(), reply.begin(), reply.end());
      return both;
    });
    check_told(bench.read(2, four), 2, four);
    CHECK(bench.standing(2) == Standing::clean);
    late[0] ^= 0x40;
    CHECK_FALSE(bench.read(2, three));
    CHECK(bench.standing(2) == Standing::quarantined);
    bench.slave->change_replies({});
    bench.wait_clean(2);
    check_told(bench.read(2, three), 2, three);
  }
}
