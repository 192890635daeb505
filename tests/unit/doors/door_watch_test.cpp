// The watch against a simulated board, one story per case, in no real time.
#include "edge/doors/door_watch.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

#include "tests/support/manual_clock.hpp"
#include "tests/unit/doors/board_controller.hpp"
#include "tests/unit/doors/on_loop.hpp"
#include "tests/unit/doors/packets.hpp"

using namespace steward;
using test::BoardController;
using test::gate_serial;
using test::MemorySink;
using test::on_loop;

namespace {

struct Gate {
  explicit Gate(sim::DoorBoardSetup setup = {.serial = gate_serial})
      : board(setup), controller(board, clock) {}

  /// A sweep by a watch that knows only what the sink has stored: each call is a
  /// restart of the gateway.
  Result<std::size_t> sweep_after_restart(std::size_t batch = 64) {
    DoorWatch watch(loop, clock, controller, sink, {.controller = "gate", .batch = batch});
    return on_loop(loop, watch.sweep());
  }
  void swipe(std::uint32_t times = 1) {
    for (std::uint32_t i = 0; i < times; ++i) {
      clock.advance(Milliseconds{1'000});
      board.swipe({.at = clock.now(), .card = ++last_card});
    }
  }
  std::vector<std::uint32_t> stored_cards() const {
    std::vector<std::uint32_t> cards;
    for (const auto& event : sink.events) cards.push_back(event.card);
    return cards;
  }
  DoorCursor cursor() const { return sink.cursors.at("gate"); }

  Loop loop;
  ManualClock clock;
  sim::DoorBoard board;
  BoardController controller;
  MemorySink sink;
  std::uint32_t last_card = 0;
};

using Cards = std::vector<std::uint32_t>;
using Kinds = std::vector<std::string>;

/// Bad weather for the nth question (from 1), fine before and after.
test::Weather fails_at(int nth) {
  return [nth, count = 0]() mutable -> std::optional<Error> {
    return ++count == nth ? std::optional(Error{Fault::retry, "no reply"}) : std::nullopt;
  };
}

}  // namespace

TEST_SUITE("edge/door_watch") {
  TEST_CASE("first contact stores the whole memory, the next sweep what is new") {
    Gate gate;
    gate.swipe(3);
    CHECK(*gate.sweep_after_restart() == 3);
    CHECK(gate.stored_cards() == Cards{1, 2, 3});
    const DoorEvent& event = gate.sink.events.front();
    CHECK(event.controller == "gate");
    CHECK(event.serial == gate_serial);
    CHECK(event.index == 1);
    CHECK(event.type == 1);
    CHECK(event.reason == 18);
    CHECK(event.received_at == gate.clock.now());
    // The board's clock is eight hours ahead of UTC and is kept as it reads.
    CHECK(event.controller_time_ms == ms_of(gate.clock.now()) - 2'000 + 8 * 3'600'000);
    CHECK(event.raw.size() == 64);
    gate.swipe(2);
    CHECK(*gate.sweep_after_restart() == 2);
    CHECK(*gate.sweep_after_restart() == 0);
    CHECK(gate.stored_cards() == Cards{1, 2, 3, 4, 5});
    CHECK(gate.sink.remarks.empty());
  }

  TEST_CASE("an empty memory is no news and no fault") {
    Gate gate;
    CHECK(*gate.sweep_after_restart() == 0);
    CHECK(gate.sink.stores == 0);
  }

  TEST_CASE("events and cursor come in batches, each stored whole") {
    Gate gate;
    gate.swipe(10);
    CHECK(*gate.sweep_after_restart(4) == 10);
    CHECK(gate.sink.stores == 3);
    CHECK(gate.cursor().index == 10);
  }

  TEST_CASE("a lost reply never skips an index, whichever reply it was") {
    // Questions of a first sweep over 5 events: special events, status, 5 events.
    for (int lost = 1; lost <= 7; ++lost) {
      CAPTURE(lost);
      Gate gate;
      gate.swipe(5);
      gate.controller.weather = fails_at(lost);
      CHECK(gate.sweep_after_restart().error().fault == Fault::retry);
      CHECK(gate.sink.events.size() == static_cast<std::size_t>(std::max(0, lost - 3)));
      CHECK(gate.sweep_after_restart());
      CHECK(gate.stored_cards() == Cards{1, 2, 3, 4, 5});
      CHECK(gate.sink.remarks.empty());
    }
  }

  TEST_CASE("a store that fails stores nothing, and the events come again") {
    Gate gate;
    gate.swipe(5);
    gate.sink.weather = fails_at(2);  // the first question to the sink is for the cursor
    const auto swept = gate.sweep_after_restart();
    REQUIRE_FALSE(swept);
    CHECK(gate.sink.events.empty());
    CHECK(gate.sink.cursors.empty());
    CHECK(*gate.sweep_after_restart() == 5);
    CHECK(gate.stored_cards() == Cards{1, 2, 3, 4, 5});
  }

  TEST_CASE("overwritten events are a gap with its first and last index") {
    Gate gate({.serial = gate_serial, .memory = 20, .chunk = 8});
    gate.swipe(5);
    CHECK(*gate.sweep_after_restart() == 5);
    gate.swipe(30);  // 35 in all, 1..16 dropped
    CHECK(gate.board.oldest() == 17);
    CHECK(*gate.sweep_after_restart() == 19);
    CHECK(gate.sink.events[5].index == 17);
    CHECK(gate.sink.remark_kinds() == Kinds{"door_gap"});
    CHECK(gate.sink.remarks[0].subject == "gate");
    CHECK(gate.sink.remarks[0].detail.find("events 6 to 16 of memory 0") == 0);
    CHECK(gate.cursor().index == 35);
  }

  TEST_CASE("what was overwritten before the first contact was never ours to lose") {
    Gate gate({.serial = gate_serial, .memory = 20, .chunk = 8});
    gate.swipe(30);
    CHECK(*gate.sweep_after_restart() == 14);
    CHECK(gate.sink.events.front().index == 17);
    CHECK(gate.sink.remarks.empty());
  }

  TEST_CASE("a reset memory is a new generation, also when it is empty") {
    Gate gate;
    gate.swipe(5);
    CHECK(gate.sweep_after_restart());
    gate.board.restart_memory();
    CHECK(*gate.sweep_after_restart() == 0);
    CHECK(gate.sink.remark_kinds() == Kinds{"door_restarted"});
    CHECK(gate.cursor().generation == 1);
    CHECK(gate.cursor().index == 0);
    gate.swipe(2);
    CHECK(*gate.sweep_after_restart() == 2);
    CHECK(gate.sink.events.back().generation == 1);
    CHECK(gate.sink.events.back().index == 2);
    CHECK(gate.sink.remarks.size() == 1);
  }

  TEST_CASE("a reset memory that has grown past the cursor is told by its events") {
    for (const std::uint32_t since : {5U, 6U, 50U}) {
      CAPTURE(since);
      Gate gate;
      gate.swipe(5);
      CHECK(gate.sweep_after_restart());
      gate.board.restart_memory();
      gate.swipe(since);
      CHECK(gate.sweep_after_restart());
      // With exactly as many events as before, it shows with the next one.
      if (since == 5) gate.swipe();
      CHECK(gate.sweep_after_restart());
      CHECK(gate.sink.remark_kinds() == Kinds{"door_restarted"});
      CHECK(gate.sink.events.size() == 5 + std::max(since, 6U));
      CHECK(gate.sink.events[5].generation == 1);
      CHECK(gate.sink.events[5].index == 1);
    }
  }

  TEST_CASE("another controller under the same name is another memory") {
    Gate gate;
    gate.swipe(3);
    CHECK(gate.sweep_after_restart());
    sim::DoorBoard other({.serial = 225419896});
    for (std::uint32_t card = 100; card < 110; ++card) other.swipe({.at = gate.clock.now(), .card = card});
    gate.controller.replace(other);
    CHECK(*gate.sweep_after_restart() == 10);
    CHECK(gate.cursor().serial == 225419896);
    CHECK(gate.cursor().generation == 1);
    CHECK(gate.sink.remark_kinds() == Kinds{"door_restarted"});
    CHECK(gate.sink.remarks[0].detail.find("225419896") != std::string::npos);
  }

  TEST_CASE("events that come during a sweep wait for the next one, a reset during it is noticed") {
    Gate gate;
    gate.swipe(4);
    int asked = 0;
    gate.controller.between = [&] {
      if (++asked == 5) gate.swipe(2);
    };
    CHECK(gate.sweep_after_restart());
    gate.controller.between = nullptr;
    CHECK(gate.sweep_after_restart());
    CHECK(gate.stored_cards() == Cards{1, 2, 3, 4, 5, 6});

    gate.swipe(4);
    asked = 0;
    gate.controller.between = [&] {
      if (++asked == 5) gate.board.restart_memory();  // after two of the four
    };
    CHECK(gate.sweep_after_restart().error().fault == Fault::retry);
    gate.swipe(1);
    CHECK(gate.sweep_after_restart());
    CHECK(gate.sink.events.back().generation == 1);
    CHECK(gate.sink.events.back().card == 11);
    CHECK(gate.sink.remark_kinds() == Kinds{"door_restarted"});
  }

  TEST_CASE("silence is said once, and so is the return") {
    Gate gate;
    gate.swipe(1);
    bool dead = true;
    gate.controller.weather = [&]() -> std::optional<Error> {
      return dead ? std::optional(Error{Fault::retry, "192.0.2.7:60000: no reply in 900 ms"}) : std::nullopt;
    };
    DoorWatch watch(gate.loop, gate.clock, gate.controller, gate.sink,
                    {.controller = "gate", .silent_after = 3});
    for (int i = 0; i < 6; ++i) CHECK_FALSE(on_loop(gate.loop, watch.sweep()));
    CHECK(gate.sink.remark_kinds() == Kinds{"door_silent"});
    CHECK(gate.sink.remarks[0].detail.find("192.0.2.7") != std::string::npos);
    CHECK_FALSE(watch.health().online);
    CHECK(watch.health().failures == 6);
    dead = false;
    for (int i = 0; i < 3; ++i) CHECK(on_loop(gate.loop, watch.sweep()));
    CHECK(gate.sink.remark_kinds() == Kinds{"door_silent", "door_back"});
    CHECK(watch.health().online);
    CHECK(watch.health().stored == 1);
    CHECK(watch.health().last_error.empty());
  }

  TEST_CASE("two sweeps at once do not fetch an event twice") {
    Gate gate;
    gate.swipe(20);
    DoorWatch watch(gate.loop, gate.clock, gate.controller, gate.sink, {.controller = "gate"});
    std::optional<Result<std::size_t>> first;
    std::optional<Result<std::size_t>> second;
    gate.loop.spawn(test::keep(watch.sweep(), first));
    gate.loop.spawn(test::keep(watch.sweep(), second));
    REQUIRE(gate.loop.run_until([&] { return first && second; }, test::patience));
    CHECK(**first + **second == 20);
    CHECK(gate.sink.events.size() == 20);
  }

  TEST_CASE("a wake starts a sweep long before the next poll; stop ends the watch") {
    Gate gate;
    DoorWatch watch(gate.loop, gate.clock, gate.controller, gate.sink,
                    {.controller = "gate", .poll_every = Milliseconds{3'600'000}});
    test::Service service(gate.loop, watch.run());
    CHECK(gate.loop.run_until([&] { return watch.health().online; }, test::patience));
    gate.swipe(1);
    watch.wake();
    CHECK(gate.loop.run_until([&] { return watch.health().stored == 1; }, test::patience));
    watch.stop();
    CHECK(service.ends());
  }
}
