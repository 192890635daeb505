#include <doctest/doctest.h>

#include <cstdio>

#include "tests/fault/a_million.hpp"
#include "tests/fault/report.hpp"

using namespace steward;
using namespace steward::fault;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t first_seed = 20'000;

Schedule named(const std::string& beginning) {
  for (auto& schedule : schedules()) {
    if (schedule.name.starts_with(beginning)) return schedule;
  }
  FAIL("no schedule is called " << beginning);
  return {};
}

/// All shapes of one schedule, one line for them.
Tally run(const Schedule& schedule, std::uint64_t seed, std::uint64_t each,
          Removed removed = Removed::nothing, const std::string& without = "") {
  Tally sum;
  for (const auto shape : shapes) sum += run_guarded(schedule, shape, seed++, each, removed);
  print_row(without.empty() ? schedule.name : "without " + without + ": " + schedule.name,
            seed - shapes.size(), sum);
  return sum;
}

Schedule twin_line(Twins twins) {
  Schedule schedule;
  schedule.faults.twins = twins;
  return schedule;
}

}  // namespace

TEST_SUITE("fault/never wrong") {
  TEST_CASE(
      "a million exchanges through faults of every kind: no value of another register, none older than its "
      "request") {
    const auto sum = a_million(Tongue::modbus, "Modbus", first_seed, schedules());
    MESSAGE("refusals believed: " << sum.refusals
                                  << ", of these to an earlier request: " << sum.refusals_old);
    CHECK(sum.chance <= chance_allowed(sum.values));
  }
}

TEST_SUITE("fault/each part is needed") {
  TEST_CASE("without the dictionary a reply is taken for another register") {
    const auto schedule = named("replies kept back and let go at the worst time, in order");
    CHECK(run(schedule, 1, 3000, Removed::dictionary, "the dictionary").wrong_register > 0);
    CHECK(run(schedule, 1, 3000).wrong_register == 0);
  }

  TEST_CASE("without the quarantine a reply that overtook is taken for a later request's") {
    const auto schedule = named("F1r");
    CHECK(run(schedule, 1, 10'000, Removed::quarantine, "the quarantine").too_old > 0);
    CHECK(run(schedule, 1, 10'000).too_old == 0);
  }

  TEST_CASE(
      "without the alternating probe a probe's late copy ends the quarantine, and data as late is taken") {
    const auto schedule = named("replies kept back and let go at the worst time, in order");
    CHECK(run(schedule, 1, 10'000, Removed::alternating_probe, "the alternating probe").too_old > 0);
    CHECK(run(schedule, 1, 10'000).too_old == 0);
  }

  TEST_CASE("without the alternating byte count a copy answers the next request of the same block") {
    const auto schedule = named("F4");
    CHECK(run(schedule, 1, 5000, Removed::alternating_count, "the alternating count").too_old > 0);
    CHECK(run(schedule, 1, 5000).too_old == 0);
  }

  TEST_CASE("without the probe bit on disk a restart takes an old probe's reply for its own") {
    const auto schedule = named("the edge restarts, replies kept back");
    const auto without = run(schedule, 1, 10'000, Removed::kept_bit, "the kept bit");
    CHECK(without.too_old + without.identities_old > 0);
    const auto with = run(schedule, 1, 10'000);
    CHECK(with.too_old + with.identities_old == 0);
  }

  TEST_CASE("without the retire rule a new plan takes the old plan's replies for its own registers") {
    const auto schedule = named("the plan changes, replies kept back and shuffled");
    CHECK(run(schedule, 1, 10'000, Removed::retire_rule, "the retire rule").wrong_register > 0);
    CHECK(run(schedule, 1, 10'000).wrong_register == 0);
  }

  TEST_CASE("without the gate garbled frames whose CRC fits are billed") {
    auto schedule = named("F1 ");
    schedule.name = "2 % of all replies garbled so that the CRC fits";
    schedule.faults.late = 20;
    schedule.faults.forged = 20;
    const auto without = run(schedule, 1, 10'000, Removed::gate, "the gate");
    CHECK(without.chance > 100);
    CHECK(without.billing_wrong > 100);
    const auto with = run(schedule, 1, 10'000);
    CHECK(with.chance > 100);
    CHECK(with.billing > 1000);
    CHECK(with.billing_wrong == 0);
  }
}

TEST_SUITE("fault/two devices at one address") {
  TEST_CASE(
      "they are latched within 100 exchanges, the latch names the last clean check, and nothing since is "
      "billed") {
    struct Variant {
      Twins twins;
      const char* name;
    };
    for (const auto& variant :
         {Variant{Twins::in_turn, "both, one behind the other"},
          Variant{Twins::collide, "both, mostly at once"},
          Variant{Twins::one_at_random, "now one, now the other"},
          Variant{Twins::each_at_random, "each as it hears"}, Variant{Twins::rarely, "the second rarely"}}) {
      Tally sum;
      std::uint64_t latest = 0;
      for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        const auto shape = seed % 2 == 0 ? Shape::one_unit_one_block : Shape::one_unit_four_blocks;
        const auto tally = run_guarded(twin_line(variant.twins), shape, seed, 200);
        CAPTURE(variant.name);
        CAPTURE(seed);
        CHECK(tally.latched_after >= 1);
        CHECK(tally.latched_after <= 100);
        CHECK(tally.latch_names_clean_check);
        CHECK(tally.billed_since_clean_check == 0);
        latest = std::max(latest, tally.latched_after);
        sum += tally;
      }
      std::printf(
          "two devices, %-28s: latched after at most %llu exchanges, %llu of %llu values the other's, %llu "
          "called "
          "back, %llu billed before the last clean check\n",
          variant.name, static_cast<unsigned long long>(latest),
          static_cast<unsigned long long>(sum.twin_values), static_cast<unsigned long long>(sum.values),
          static_cast<unsigned long long>(sum.called_back),
          static_cast<unsigned long long>(sum.billing_wrong));
    }
  }

  TEST_CASE("two that always collide give nothing at all") {
    const auto tally = run_guarded(twin_line(Twins::collide_always), Shape::one_unit_four_blocks, 1, 300);
    CHECK(tally.accepted == 0);
    CHECK(tally.billing == 0);
  }

  TEST_CASE(
      "without the gate the other device's values are billed, with it none since the last clean check") {
    Tally with;
    Tally without;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      with += run_guarded(twin_line(Twins::one_at_random), Shape::one_unit_one_block, seed, 200);
      without +=
          run_guarded(twin_line(Twins::one_at_random), Shape::one_unit_one_block, seed, 200, Removed::gate);
    }
    CHECK(with.twin_values > 100);
    CHECK(with.billed_since_clean_check == 0);
    CHECK(without.billed_since_clean_check > 100);
  }
}

TEST_SUITE("fault/a second master") {
  TEST_CASE("its questions and answers are no values of ours, and nothing is billed while it is there") {
    Schedule schedule;
    schedule.name = "a second master asks every 2 to 20 s";
    schedule.faults.foreign = 500;
    const auto sum = run(schedule, 1, 20'000);
    CHECK(sum.wrong_register == 0);
    CHECK(sum.identities_wrong == 0);
    CHECK(sum.billing_wrong == 0);
    CHECK(sum.billing < sum.values / 10);
  }
}
