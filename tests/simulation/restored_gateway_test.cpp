// A gateway whose disk is replaced by an older copy of itself: nothing is forgotten, doubled or passed over.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/simulation/cloud_node.hpp"
#include "tests/simulation/edge_node.hpp"
#include "tests/simulation/real_keys.hpp"

using namespace steward;
using namespace steward::simulation;

namespace {

constexpr Milliseconds hour{3'600'000};

void live_on(World& world, EdgeNode& edge, int hours) {
  for (int at = 0; at < hours; ++at) {
    world.time.run_until(world.time.now() + hour);
    edge.round(at % 24 == 23, false);
  }
  world.time.run_until(world.time.now() + Milliseconds(60'000));
}

}  // namespace

TEST_SUITE("simulation/restored_gateway") {
  TEST_CASE("a disk put back to an older copy never takes the cloud's ack for its own new records") {
    const RealKeys real;
    const auto keys = real.keys();
    // Shorter than what was lost with the disk, just as long, and longer: at none of them may an ack be
    // believed.
    for (const int offline : {0, 3, 10, 30}) {
      CAPTURE(offline);
      World world(1, keys, Lie::none);
      EdgeNode edge(world, false);
      CloudNode cloud(world);
      cloud.boot();
      edge.boot();
      live_on(world, edge, 20);
      const auto copy = edge.backup();
      live_on(world, edge, 10);
      REQUIRE(edge.unacked() == 0);
      edge.put_back(copy);
      world.broker.cut(Machine::edge);
      edge.boot();
      live_on(world, edge, offline);
      world.broker.heal(Machine::edge);
      live_on(world, edge, 24);

      CHECK(world.tally["notice: fork"] > 0);
      CHECK(edge.unacked() >
            0);  // what the cloud does not have is still here, and not taken for acknowledged
      const auto alarms = cloud.books().alarms();
      REQUIRE(alarms);
      CHECK(std::any_of(alarms->begin(), alarms->end(),
                        [](const AlarmRow& alarm) { return alarm.kind == "fork"; }));
      const auto verdict =
          world.ledger.judge(cloud.books(), world.site, edge.clock().now() - 200 * hour, edge.clock().now());
      CHECK(verdict.doubled == 0);
      CHECK(verdict.wrong == 0);
      CHECK(verdict.found > 100);  // the history before stands as it was
    }
  }
}
