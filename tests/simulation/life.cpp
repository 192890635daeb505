#include "tests/simulation/life.hpp"

#include "tests/simulation/faults.hpp"

namespace steward::simulation {
namespace {

constexpr Milliseconds hour{3'600'000};
constexpr int strikes_per_mille = 40;     // an episode a day, most of them shorter
constexpr int doors_per_mille = 50;       // an hour
constexpr int rounds_per_telemetry = 36;  // telemetry and doors are there to be neighbours
constexpr int drain_hours = 24 * 10;      // a clock may have been two days ahead

}  // namespace

std::string LifeReport::words() const {
  return "seed " + std::to_string(seed) + ": " + std::to_string(verdict.promised) + " promised, " +
         std::to_string(verdict.lost) + " lost, " + std::to_string(verdict.doubled) + " doubled, " +
         std::to_string(verdict.wrong) + " wrong, " + std::to_string(verdict.let_off) + " gone with a disk" +
         (drained ? "" : ", NOT DRAINED") + (verdict.first_flaw.empty() ? "" : "; " + verdict.first_flaw);
}

LifeReport live(const LifeSetup& setup, const Keys& keys) {
  World world(setup.seed, keys, setup.lie);
  EdgeNode edge(world, setup.forgets);
  CloudNode cloud(world);
  Faults faults(world, edge, cloud, setup.restores);
  if (setup.lie == Lie::edge_disk) world.disks.lie(Machine::edge);
  cloud.boot();
  edge.boot();
  const auto from = edge.clock().now();
  world.time.at(30 * hour, [&] { faults.strike(setup.first); });
  for (int at = 1; at <= setup.days * 24 && world.broken.empty(); ++at) {
    if (world.dice.rolls(strikes_per_mille)) world.time.after(world.up_to(hour), [&] { faults.strike(); });
    if (world.dice.rolls(doors_per_mille)) {
      world.time.after(world.up_to(hour), [&] {
        if (edge.is_running()) edge.door_event();
      });
    }
    world.time.run_until(at * hour);
    if (edge.is_running()) edge.round(at % 24 == 0, at % rounds_per_telemetry == 0);
  }
  LifeReport report{setup.seed, {}, {}, false};
  if (world.broken.empty()) faults.mend();
  report.verdict.first_flaw = world.broken;
  for (int hours = 0; hours < drain_hours && !report.drained && world.broken.empty(); ++hours) {
    world.time.run_until(world.time.now() + hour);
    if (!edge.is_running() || !cloud.is_running()) continue;  // a cut that was under way
    report.drained = edge.unacked() == 0;
  }
  if (cloud.is_running()) {
    const auto margin = std::chrono::hours(24 * 3);  // of clocks that were wrong
    report.verdict +=
        world.ledger.judge(cloud.books(), world.site, from - margin, edge.clock().now() + margin);
  }
  report.tally = world.tally;
  return report;
}

}  // namespace steward::simulation
