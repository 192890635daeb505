#include "tests/fault/a_million.hpp"

using namespace steward::fault;

namespace {

Schedule named(const std::string& beginning) {
  for (auto& schedule : schedules()) {
    if (schedule.name.starts_with(beginning)) return schedule;
  }
  FAIL("no schedule is called " << beginning);
  return {};
}

Tally run(const Schedule& schedule, Tongue tongue, Shape shape, std::uint64_t exchanges,
          Removed removed = Removed::nothing, const std::string& without = "") {
  const auto tally = run_guarded(schedule, shape, 1, exchanges, removed, tongue);
  print_row(without.empty() ? schedule.name : "without " + without + ": " + schedule.name, 1, tally);
  return tally;
}

}  // namespace

TEST_SUITE("fault/never wrong, mixed meters") {
  TEST_CASE("a million exchanges of Modbus, DL/T 645 and CJ/T 188 on one wire: the same holds") {
    const auto sum = a_million(Tongue::mixed, "mixed", 50'000);
    CHECK(sum.wrong_register == 0);
  }
}

TEST_SUITE("fault/each part is needed by Chinese meters") {
  TEST_CASE("without a look at the identifier a reply is taken for another item") {
    const auto schedule = named("replies kept back and let go at the worst time, in order");
    for (const auto tongue : {Tongue::dlt645, Tongue::cjt188}) {
      const auto shape = Shape::one_unit_four_blocks;
      const auto without = run(schedule, tongue, shape, 5000, Removed::dictionary, "the identifier");
      // An item that was too short for the one it passes for has bytes at its end that no meter said.
      CHECK(without.wrong_register + without.chance > 100);
      const auto with = run(schedule, tongue, shape, 5000);
      CHECK(with.wrong_register + with.chance == 0);
    }
  }

  TEST_CASE("without an identity in between a copy answers the next request for the same DL/T 645 item") {
    const auto schedule = named("F4");
    const auto shape = Shape::one_unit_one_block;
    const auto without =
        run(schedule, Tongue::dlt645, shape, 5000, Removed::identity_between, "the identity in between");
    CHECK(without.too_old > 0);
    CHECK(run(schedule, Tongue::dlt645, shape, 5000).too_old == 0);
  }

  TEST_CASE("without another SER a copy answers the next request for the same CJ/T 188 item") {
    const auto schedule = named("F4");
    const auto shape = Shape::one_unit_one_block;
    const auto without =
        run(schedule, Tongue::cjt188, shape, 5000, Removed::alternating_count, "another SER");
    CHECK(without.too_old > 0);
    CHECK(run(schedule, Tongue::cjt188, shape, 5000).too_old == 0);
  }

  TEST_CASE("without the quarantine a reply that overtook is taken for a later request's") {
    const auto schedule = named("F1r");
    for (const auto tongue : {Tongue::dlt645, Tongue::cjt188}) {
      const auto shape = Shape::one_unit_one_block;
      CHECK(run(schedule, tongue, shape, 10'000, Removed::quarantine, "the quarantine").too_old > 0);
      CHECK(run(schedule, tongue, shape, 10'000).too_old == 0);
    }
  }

  TEST_CASE(
      "without the alternating probe a late copy of one ends the quarantine, and data as late is taken") {
    const auto schedule = named("replies kept back and let go at the worst time, in order");
    for (const auto tongue : {Tongue::dlt645, Tongue::cjt188}) {
      const auto shape = Shape::one_unit_four_blocks;
      const auto without = run(schedule, tongue, shape, 10'000, Removed::alternating_probe, "another probe");
      CHECK(without.too_old + without.identities_old > 0);
      const auto with = run(schedule, tongue, shape, 10'000);
      CHECK(with.too_old + with.identities_old == 0);
    }
  }

  TEST_CASE("without the gate garbled frames whose sum fits are billed") {
    auto schedule = named("F1 ");
    schedule.name = "2 % of all replies garbled so that the sum fits";
    schedule.faults.late = 20;
    schedule.faults.forged = 20;
    for (const auto tongue : {Tongue::dlt645, Tongue::cjt188}) {
      const auto shape = Shape::eight_units_mixed;
      const auto without = run(schedule, tongue, shape, 20'000, Removed::gate, "the gate");
      CHECK(without.chance > 50);
      CHECK(without.billing_wrong > 50);
      const auto with = run(schedule, tongue, shape, 20'000);
      CHECK(with.chance > 50);
      CHECK(with.billing > 1000);
      CHECK(with.billing_wrong == 0);
    }
  }
}

TEST_SUITE("fault/a second master among Chinese meters") {
  TEST_CASE("its questions and answers are no values of ours, and nothing is billed while it is there") {
    Schedule schedule;
    schedule.name = "a second master asks every 2 to 20 s";
    schedule.faults.foreign = 500;
    for (const auto tongue : {Tongue::dlt645, Tongue::cjt188, Tongue::mixed}) {
      const auto sum = run(schedule, tongue, Shape::eight_units_mixed, 20'000);
      CHECK(sum.wrong_register == 0);
      CHECK(sum.identities_wrong == 0);
      CHECK(sum.billing_wrong == 0);
      CHECK(sum.billing < sum.values / 5);
    }
  }
}
