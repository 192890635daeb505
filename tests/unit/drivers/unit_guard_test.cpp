#include "drivers/guard/unit_guard.hpp"

#include <doctest/doctest.h>

#include "drivers/guard/delay_book.hpp"
#include "drivers/guard/probe_budget.hpp"

using namespace steward;
using namespace std::chrono_literals;

namespace {

constexpr Tag data{0x0408};
constexpr Tag other{0x0414};
constexpr Tag p0{0x0302};
constexpr Tag p1{0x0304};
constexpr GuardRules rules{{p0, p1}, 3s, 300s};
constexpr Ticks start{1h};

/// A unit that was asked for its identity and answered `delay` later.
UnitGuard clean(std::chrono::nanoseconds delay = 10ms) {
  UnitGuard guard(rules, {}, start);
  guard.sent(p0, start + 3s);
  guard.answered(p0, start + 3s + delay);
  guard.kept();
  return guard;
}

}  // namespace

TEST_SUITE("drivers/guard/unit") {
  TEST_CASE("at start nothing but the probe goes out, and that only after D") {
    const UnitGuard guard(rules, {}, start);
    CHECK(guard.standing() == Standing::quarantined);
    CHECK(guard.probe_at() == start + 3s);
    CHECK_FALSE(guard.may_send(p0, start + 3s - 1ns));
    CHECK(guard.may_send(p0, start + 3s));
    CHECK_FALSE(guard.may_send(p1, start + 3s));
    CHECK_FALSE(guard.may_send(data, start + 1h));
  }

  TEST_CASE("data waits until the flipped bit is on disk") {
    UnitGuard guard(rules, {}, start);
    guard.sent(p0, start + 3s);
    guard.answered(p0, start + 3s);
    CHECK(guard.standing() == Standing::answered);
    CHECK_FALSE(guard.may_send(data, start + 4s));
    CHECK(guard.to_keep().next_probe == 1);
    guard.kept();
    CHECK(guard.may_send(data, start + 4s));
  }

  TEST_CASE("a fault before the bit is on disk goes on with the same probe") {
    UnitGuard guard(rules, {}, start);
    guard.sent(p0, start + 3s);
    guard.answered(p0, start + 3s);
    guard.failed();
    guard.kept();  // the disk was slow: what it kept changes nothing
    CHECK(guard.standing() == Standing::quarantined);
    CHECK(guard.may_send(p0, start + 10s));
    CHECK_FALSE(guard.may_send(p1, start + 10s));
  }

  TEST_CASE("each episode asks with the other probe; a restart goes on with the kept bit") {
    auto guard = clean();
    guard.sent(data, start + 4s);
    guard.failed();
    CHECK_FALSE(guard.may_send(p0, start + 1h));
    CHECK(guard.may_send(p1, start + 7s));
    const UnitGuard again(rules, guard.to_keep(), start + 5s);
    CHECK(again.may_send(p1, start + 8s));
    CHECK_FALSE(again.may_send(p0, start + 8s));
  }

  TEST_CASE("while clean no tag follows itself, one request is open, the next probe stays unused") {
    auto guard = clean();
    CHECK(guard.may_send(data, start + 4s));
    CHECK_FALSE(guard.may_send(p1, start + 4s));
    guard.sent(data, start + 4s);
    CHECK_FALSE(guard.may_send(other, start + 4s));
    guard.answered(data, start + 4s);
    CHECK_FALSE(guard.may_send(data, start + 5s));
    CHECK(guard.may_send(other, start + 5s));
    CHECK(guard.identity_tag() == p0);
    CHECK(guard.may_send(p0, start + 5s));
  }

  TEST_CASE("an unanswered probe is repeated, more and more rarely, the same one for ever") {
    UnitGuard guard(rules, {}, start);
    Ticks at = start;
    std::chrono::nanoseconds before{0};
    for (int probe = 0; probe < 20; ++probe) {
      const auto wait = guard.probe_at() - at;
      CHECK(wait >= before);
      before = wait;
      at = guard.probe_at();
      REQUIRE(guard.may_send(p0, at));
      guard.sent(p0, at);
      guard.failed();
    }
    CHECK(before == 300s);
  }

  TEST_CASE("D grows with the latest reply ever seen, and no further than its cap") {
    auto guard = clean();
    CHECK(guard.quarantine() == 3s);
    guard.sent(data, start + 4s);
    guard.failed();
    CHECK(guard.unasked(data, start + 6s) == std::optional<std::chrono::nanoseconds>(2s));
    CHECK(guard.quarantine() == 8s);
    CHECK(guard.probe_at() == start + 12s);
    CHECK_FALSE(guard.unasked(data, start + 7s));  // a copy: its request is answered
    CHECK(guard.to_keep().longest_delay == 2s);
    guard.sent(p1, start + 20s);
    CHECK(guard.unasked(p1, start + 3h));
    CHECK(guard.quarantine() == 300s);
  }

  TEST_CASE("an unasked frame ends the clean time") {
    auto guard = clean();
    const auto episode = guard.episode();
    CHECK_FALSE(guard.unasked(data, start + 5s));
    CHECK(guard.standing() == Standing::quarantined);
    CHECK(guard.episode() == episode + 1);
    CHECK_FALSE(guard.clean_since());
  }
}

TEST_SUITE("drivers/guard/budget") {
  TEST_CASE("probes that all time out take 4 % of the line, after a head start") {
    ProbeBudget budget(40, 5s, start);
    Ticks now = start;
    std::chrono::nanoseconds spent{0};
    while (now < start + 1h) {
      if (budget.affordable(now)) {
        now += 1s;
        budget.spend(1s, now);
        spent += 1s;
      } else {
        CHECK(budget.affordable_at(now) > now);
        now = budget.affordable_at(now);
        CHECK(budget.affordable(now));
      }
    }
    CHECK(spent <= 5s + 144s + 1s);  // 4 % of an hour
    CHECK(spent >= 144s);
  }

  TEST_CASE("a quiet hour does not save up more than a minute's share") {
    ProbeBudget budget(40, 0s, start);
    int probes = 0;
    while (budget.affordable(start + 1h)) {
      budget.spend(100ms, start + 1h);
      ++probes;
    }
    CHECK(probes == 24);  // 2.4 s
  }
}

TEST_SUITE("drivers/guard/delays") {
  TEST_CASE("the time-out follows the unit, and never exceeds what is allowed") {
    DelayBook book;
    for (int at = 0; at < 7; ++at) book.add(10ms);
    CHECK(book.timeout(1s) == 1s);
    book.add(20ms);
    CHECK(book.timeout(1s) == 70ms);
    book.add(900ms);
    CHECK(book.timeout(1s) == 1s);
    for (int at = 0; at < 64; ++at) book.add(15ms);
    CHECK(book.timeout(1s) == 60ms);
  }
}
