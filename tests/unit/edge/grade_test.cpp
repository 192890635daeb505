#include <doctest/doctest.h>

#include "edge/poll/grade.hpp"

using namespace steward;
using namespace std::chrono_literals;

namespace {

/// A value nothing speaks against: 1 kWh more than an hour ago.
Evidence sound() {
  Evidence evidence;
  evidence.judged = {1'001'000, Quality::good, Reason::none};
  evidence.sealed = true;
  evidence.max_rate = 60'000;
  evidence.step = 10;
  evidence.known = KnownValue{1'000'000, 1h};
  return evidence;
}

constexpr Grade suspect(Reason reason, bool again, bool second = false) {
  return {Quality::suspect, reason, again, second};
}

}  // namespace

TEST_SUITE("edge/grade") {
  TEST_CASE("a value sealed by its serial number, plausible and risen within reason is billed") {
    CHECK(grade(sound()) == Grade{});
  }

  TEST_CASE("each thing that speaks against a value alone keeps it out of the bills") {
    struct Row {
      const char* what;
      void (*spoil)(Evidence&);
      Grade graded;
    };
    const Row rows[] = {
        {"latched", [](Evidence& e) { e.latched = true; }, suspect(Reason::identity, false)},
        {"missed pulses", [](Evidence& e) { e.missed = true; }, suspect(Reason::missed, false)},
        {"foreign", [](Evidence& e) { e.foreign = true; }, suspect(Reason::foreign, false)},
        {"weak", [](Evidence& e) { e.strong = false; }, suspect(Reason::weak, false)},
        {"serial", [](Evidence& e) { e.same_device = false; }, suspect(Reason::identity, true)},
        {"unsealed", [](Evidence& e) { e.sealed = false; }, suspect(Reason::time_unsure, true)},
        {"jump", [](Evidence& e) { e.judged.value += 60'000; }, suspect(Reason::spike, true, true)},
        {"fell unseen", [](Evidence& e) { e.judged.value = 999'999; }, suspect(Reason::spike, true, true)},
        {"no history", [](Evidence& e) { e.known.reset(); }, suspect(Reason::unconfirmed, true, true)},
        {"backwards",
         [](Evidence& e) {
           e.judged = {5, Quality::suspect, Reason::backwards};
         },
         suspect(Reason::backwards, true)},
        {"skew",
         [](Evidence& e) {
           e.judged = {5, Quality::suspect, Reason::skew};
         },
         suspect(Reason::skew, false)},
        {"sentinel",
         [](Evidence& e) {
           e.judged = {0, Quality::invalid, Reason::sentinel};
         },
         {Quality::invalid, Reason::sentinel, true, false}},
    };
    for (const auto& row : rows) {
      CAPTURE(row.what);
      auto evidence = sound();
      row.spoil(evidence);
      CHECK(grade(evidence) == row.graded);
    }
  }

  TEST_CASE("a second read of another byte count makes up for missing history and for a jump") {
    auto fresh = sound();
    fresh.known.reset();
    fresh.second = SecondRead{fresh.judged.value, 200ms};
    CHECK(grade(fresh) == Grade{});
    auto jumped = sound();
    jumped.judged.value += 500'000;
    jumped.second = SecondRead{jumped.judged.value + 10, 200ms};
    CHECK(grade(jumped) == Grade{});
  }

  TEST_CASE("two reads that do not agree confirm nothing") {
    auto evidence = sound();
    evidence.known.reset();
    evidence.second = SecondRead{evidence.judged.value - 1, 200ms};
    CHECK(grade(evidence) == suspect(Reason::unconfirmed, true, true));
    // 60 kW for 200 ms is 4 Wh, and the last digit (10 Wh) may turn twice.
    evidence.second = SecondRead{evidence.judged.value + 24, 200ms};
    CHECK(grade(evidence) == Grade{});
    evidence.second = SecondRead{evidence.judged.value + 25, 200ms};
    CHECK(grade(evidence) == suspect(Reason::unconfirmed, true, true));
  }

  TEST_CASE("a second read cannot make up for a serial number or a fault between") {
    auto evidence = sound();
    evidence.second = SecondRead{evidence.judged.value, 200ms};
    evidence.sealed = false;
    CHECK(grade(evidence).reason == Reason::time_unsure);
    evidence.same_device = false;
    CHECK(grade(evidence).reason == Reason::identity);
  }

  TEST_CASE("numbers at the ends of what a register can hold do not overflow") {
    auto evidence = sound();
    evidence.known = KnownValue{0, Milliseconds::max()};
    evidence.max_rate = INT64_MAX;
    evidence.judged.value = INT64_MAX;
    CHECK(grade(evidence) == Grade{});
    evidence.known = KnownValue{INT64_MIN, Milliseconds::min()};
    CHECK(grade(evidence).reason == Reason::spike);
  }
}
