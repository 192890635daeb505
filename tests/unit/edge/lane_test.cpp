#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "edge/poll/lane.hpp"

using namespace steward;
using namespace std::chrono_literals;

namespace {

using Wishes = std::vector<LaneWish>;
constexpr Ticks start{std::chrono::hours(1)};

/// Units as the bus sees them, and a script of what happens: each step as one word.
struct Bench {
  explicit Bench(std::vector<LaneWish> wishes, LaneLimits limits = {}, std::size_t first_silent = 0)
      : statuses(wishes.size()), round(std::move(wishes), limits, start, first_silent) {
    for (auto& status : statuses) status = {Standing::clean, start, 1, false, false};
  }

  void quarantine(std::size_t unit, std::chrono::nanoseconds ready) {
    statuses[unit].standing = Standing::quarantined;
    statuses[unit].ready_at = now + ready;
    ++statuses[unit].episode;
  }

  /// Runs until the round is done; each exchange takes 100 ms.
  std::string play() {
    std::string played;
    for (int guard = 0; guard < 1000; ++guard) {
      const auto step = round.next(now, [&](std::size_t unit) { return statuses[unit]; });
      const auto name = std::to_string(step.unit);
      switch (step.kind) {
        case LaneStep::Kind::done: return played;
        case LaneStep::Kind::wait:
          REQUIRE(step.until > now);
          played += "~ ";
          now = step.until;
          break;
        case LaneStep::Kind::identify: {
          played += "i" + name + " ";
          const auto outcome = on_identify ? on_identify(step.unit) : LaneOutcome::answered;
          if (outcome != LaneOutcome::refused) now += 100ms;
          if (outcome == LaneOutcome::answered) statuses[step.unit].standing = Standing::clean;
          if (outcome == LaneOutcome::failed) quarantine(step.unit, 1s);
          round.identified(step.unit, outcome, statuses[step.unit].episode, now);
          break;
        }
        case LaneStep::Kind::read: {
          played += "r" + name + "." + std::to_string(step.read) + " ";
          const auto outcome = on_read ? on_read(step.unit, step.read) : LaneOutcome::answered;
          if (outcome != LaneOutcome::refused) now += 100ms;
          if (outcome == LaneOutcome::failed || outcome == LaneOutcome::unsupported)
            quarantine(step.unit, 3s);
          round.was_read(step.unit, step.read, outcome, statuses[step.unit].episode);
          break;
        }
      }
    }
    FAIL("the round does not end");
    return played;
  }

  Ticks now = start;
  std::vector<UnitStatus> statuses;
  LaneRound round;
  std::function<LaneOutcome(std::size_t)> on_identify;
  std::function<LaneOutcome(std::size_t, std::size_t)> on_read;
};

}  // namespace

TEST_SUITE("edge/lane") {
  TEST_CASE("clean units are read in list order, each to its end") {
    Bench bench({{2}, {1}, {2}});
    CHECK(bench.play() == "r0.0 r0.1 r1.0 r2.0 r2.1 ");
    CHECK(bench.round.finished(2));
  }

  TEST_CASE("a quarantined unit is passed over and comes back when its probe may go out") {
    Bench bench({{1}, {1}, {3}});
    bench.quarantine(0, 150ms);
    // Unit 2 is in hand when it is ready, and is not cut in two.
    CHECK(bench.play() == "r1.0 r2.0 r2.1 r2.2 i0 r0.0 ");
    CHECK(bench.now == start + 600ms);
  }

  TEST_CASE("the lane waits only when nothing else is left to ask") {
    Bench bench({{1}, {1}});
    bench.quarantine(0, 3s);
    CHECK(bench.play() == "r1.0 ~ i0 r0.0 ");
    CHECK(bench.now == start + 3s + 200ms);
  }

  TEST_CASE("at start all units are quarantined: one wait, then probe and reads of each") {
    Bench bench({{1}, {1}});
    bench.quarantine(0, 3s);
    bench.quarantine(1, 3s);
    CHECK(bench.play() == "~ i0 r0.0 i1 r1.0 ");
  }

  TEST_CASE("a read that fails is made up for after the unit's probe, where it stood") {
    Bench bench({{3}, {1}});
    int faults = 1;
    bench.on_read = [&](std::size_t unit, std::size_t read) {
      return unit == 0 && read == 1 && faults-- > 0 ? LaneOutcome::failed : LaneOutcome::answered;
    };
    CHECK(bench.play() == "r0.0 r0.1 r1.0 ~ i0 r0.1 r0.2 ");
  }

  TEST_CASE("a dead unit costs a round two probes at most, and none of its neighbours waits for it") {
    Bench bench({{1}, {1}, {1}});
    bench.quarantine(0, 0s);
    bench.on_identify = [](std::size_t) { return LaneOutcome::failed; };
    CHECK(bench.play() == "i0 r1.0 r2.0 ~ i0 ");
    CHECK(bench.round.given_up(0));
    CHECK(bench.round.was_asked(0));
  }

  TEST_CASE("a unit known to be silent gets one probe, after all others, and is read if it answers") {
    Bench dead({{1, false, true}, {1}});
    dead.quarantine(0, 0s);
    dead.on_identify = [](std::size_t) { return LaneOutcome::failed; };
    CHECK(dead.play() == "r1.0 i0 ");
    CHECK(dead.now == start + 200ms);
    Bench back({{1, false, true}, {1}});
    back.quarantine(0, 0s);
    CHECK(back.play() == "r1.0 i0 r0.0 ");
    CHECK(back.round.finished(0));
  }

  TEST_CASE("nobody waits for a silent unit whose back-off still runs") {
    Bench bench({{1, false, true}, {1}});
    bench.quarantine(0, 20s);
    CHECK(bench.play() == "r1.0 ");
    CHECK(bench.round.given_up(0));
    CHECK_FALSE(bench.round.was_asked(0));
  }

  TEST_CASE("silent units take turns when the line can afford one probe a round") {
    std::string probed;
    std::size_t turn = 0;
    for (int round = 0; round < 4; ++round) {
      Bench bench({{1, false, true}, {1, false, true}, {1, false, true}}, {}, turn);
      for (std::size_t unit = 0; unit < 3; ++unit) bench.quarantine(unit, 0s);
      int affordable = 1;
      bench.on_identify = [&](std::size_t unit) {
        if (affordable-- <= 0) return LaneOutcome::refused;
        probed += std::to_string(unit);
        return LaneOutcome::failed;
      };
      bench.play();
      turn = bench.round.next_silent();
    }
    CHECK(probed == "0120");
  }

  TEST_CASE("a probe the line cannot afford is tried again soon, within the round's patience") {
    Bench bench(Wishes{{1}});
    bench.quarantine(0, 0s);
    int refusals = 2;
    bench.on_identify = [&](std::size_t) {
      return refusals-- > 0 ? LaneOutcome::refused : LaneOutcome::answered;
    };
    CHECK(bench.play() == "i0 ~ i0 ~ i0 r0.0 ");
  }

  TEST_CASE("when the round's patience is over, what is still doubtful is given up") {
    LaneLimits limits;
    limits.patience = 2s;
    Bench bench({{1}, {1}}, limits);
    bench.quarantine(0, 3s);
    CHECK(bench.play() == "r1.0 ");
    CHECK(bench.round.given_up(0));
  }

  TEST_CASE("a long list is no reason to call its last unit silent: each is probed once however late") {
    LaneLimits limits;
    limits.patience = 300ms;
    Bench bench({{1}, {1}, {1}, {1}}, limits);
    for (std::size_t unit = 0; unit < 4; ++unit) bench.quarantine(unit, 0s);
    CHECK(bench.play() == "i0 r0.0 i1 r1.0 i2 r2.0 i3 r3.0 ");
  }

  TEST_CASE("a closing's values stand between two identities") {
    Bench bench({{2, true}});
    CHECK(bench.play() == "i0 r0.0 r0.1 i0 ");
    CHECK(bench.round.finished(0));
  }

  TEST_CASE("a probe that was just answered is the first of the two identities") {
    Bench bench({{1, true}});
    bench.quarantine(0, 1s);
    CHECK(bench.play() == "~ i0 r0.0 i0 ");
  }

  TEST_CASE("a fault between the two identities begins the closing anew") {
    Bench bench({{2, true}});
    int faults = 1;
    bench.on_read = [&](std::size_t, std::size_t read) {
      return read == 1 && faults-- > 0 ? LaneOutcome::failed : LaneOutcome::answered;
    };
    CHECK(bench.play() == "i0 r0.0 r0.1 ~ i0 r0.0 r0.1 i0 ");
    CHECK(bench.round.finished(0));
  }

  TEST_CASE("an episode that ended unseen between the identities begins the closing anew") {
    Bench bench({{1, true}});
    bool once = true;
    bench.on_read = [&](std::size_t unit, std::size_t) {
      if (std::exchange(once, false)) ++bench.statuses[unit].episode;
      return LaneOutcome::answered;
    };
    CHECK(bench.play() == "i0 r0.0 i0 r0.0 i0 ");
  }

  TEST_CASE("asked for better values, the last identity begins the next attempt; attempts are bounded") {
    Bench bench({{1, true}});
    CHECK(bench.play() == "i0 r0.0 i0 ");
    CHECK(bench.round.again(0, 2, bench.now));
    CHECK(bench.play() == "r0.0 r0.1 i0 ");
    CHECK(bench.round.again(0, 2, bench.now));
    bench.play();
    CHECK(bench.round.again(0, 2, bench.now));
    bench.play();
    CHECK_FALSE(bench.round.again(0, 2, bench.now));
    CHECK(bench.round.finished(0));
  }

  TEST_CASE("a register the meter does not have is passed over from then on") {
    Bench bench(Wishes{{2}});
    bench.on_read = [](std::size_t, std::size_t read) {
      return read == 0 ? LaneOutcome::unsupported : LaneOutcome::answered;
    };
    CHECK(bench.play() == "r0.0 ~ i0 r0.1 ");
    CHECK(bench.round.finished(0));
  }

  TEST_CASE("when the bus wants the identity first, it gets it") {
    Bench bench(Wishes{{2}});
    int refusals = 1;
    bench.on_read = [&](std::size_t, std::size_t read) {
      return read == 1 && refusals-- > 0 ? LaneOutcome::refused : LaneOutcome::answered;
    };
    CHECK(bench.play() == "r0.0 r0.1 i0 r0.1 ");
  }

  TEST_CASE("an identity that may not follow another one gets a read between") {
    Bench bench({{1, true}});
    int refusals = 1;
    bench.on_identify = [&](std::size_t) {
      return refusals-- > 0 ? LaneOutcome::refused : LaneOutcome::answered;
    };
    CHECK(bench.play() == "i0 r0.0 i0 r0.0 i0 ");
  }

  TEST_CASE("a unit that answers probes and fails every read is given up, not asked for ever") {
    Bench bench(Wishes{{1}});
    bench.on_read = [](std::size_t, std::size_t) { return LaneOutcome::failed; };
    bench.play();
    CHECK(bench.round.given_up(0));
  }

  TEST_CASE("every random course of faults ends, and every unit finished or given up") {
    for (std::uint32_t seed = 1; seed <= 300; ++seed) {
      CAPTURE(seed);
      std::uint32_t state = seed;
      const auto roll = [&](std::uint32_t sides) {
        return (state = state * 1664525 + 1013904223) / 65536 % sides;
      };
      std::vector<LaneWish> wishes;
      for (std::uint32_t i = 0; i < 1 + roll(6); ++i) wishes.push_back({roll(4), roll(2) == 0, roll(4) == 0});
      Bench bench(wishes);
      for (std::size_t unit = 0; unit < wishes.size(); ++unit) {
        if (roll(2) == 0) bench.quarantine(unit, std::chrono::milliseconds(roll(5000)));
      }
      constexpr LaneOutcome outcomes[] = {LaneOutcome::answered, LaneOutcome::answered, LaneOutcome::failed,
                                          LaneOutcome::refused, LaneOutcome::unsupported};
      bench.on_identify = [&](std::size_t) { return outcomes[roll(4)]; };
      bench.on_read = [&](std::size_t, std::size_t) { return outcomes[roll(5)]; };
      bench.play();
      for (std::size_t unit = 0; unit < wishes.size(); ++unit)
        CHECK((bench.round.finished(unit) || bench.round.given_up(unit)));
    }
  }
}
