// Random lives of a gate: swipes, lost replies, a failing store, gateway
// restarts, a memory that overwrites itself and is reset. Whatever happens, each
// event is stored once, or lies in a gap that was named, or was in a memory that
// a reset took away before it could be fetched.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <tuple>

#include "drivers/sim/seeded.hpp"
#include "edge/doors/door_watch.hpp"
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

/// What really happened, beside what the watch made of it.
struct Life {
  explicit Life(std::uint64_t seed) : draws(seed) {
    const auto bad_weather = [this]() -> std::optional<Error> {
      const bool lost = stormy && draws.below(6) == 0;
      return lost ? std::optional(Error{Fault::retry, "lost"}) : std::nullopt;
    };
    controller.weather = bad_weather;
    sink.weather = bad_weather;
    controller.between = [this] {
      if (stormy && draws.below(10) == 0) swipe();
      if (stormy && draws.below(400) == 0) reset();
    };
  }

  /// The one thing no index can tell: a reset that is followed by more than a
  /// whole memory of events (204,800 on a real board) before the next contact. It
  /// is reported as a gap. The lives leave it out.
  bool could_not_be_told() const {
    const auto cursor = sink.cursors.find("gate");
    if (cursor == sink.cursors.end() || cursor->second.index == 0) return false;
    return memories > 0 && cursor->second.generation == generation_at_reset && board.newest() >= 16;
  }
  void swipe() {
    if (could_not_be_told()) return;
    clock.advance(Milliseconds{1'000 + draws.below(60'000)});
    board.swipe({.at = clock.now(), .card = ++last_card});
    truth[{memories, board.newest()}] = last_card;
  }
  void reset() {
    if (board.newest() == 0) return;  // nothing shows that an empty memory was reset
    const auto cursor = sink.cursors.find("gate");
    generation_at_reset = cursor == sink.cursors.end() ? 0 : cursor->second.generation;
    ++memories;
    board.restart_memory();
  }
  void step(std::unique_ptr<DoorWatch>& watch) {
    switch (draws.below(8)) {
      case 0: watch = make_watch(); break;  // the gateway restarts
      case 1: {
        const auto burst = draws.below(30);  // the board holds 24
        for (std::int64_t i = 0; i < burst; ++i) swipe();
        break;
      }
      case 2:
        if (draws.below(10) == 0) reset();
        break;
      default: swipe(); break;
    }
    const auto swept = on_loop(loop, watch->sweep());
    failed_sweeps += swept ? 0 : 1;
  }
  std::unique_ptr<DoorWatch> make_watch() {
    return std::make_unique<DoorWatch>(
        loop, clock, controller, sink,
        DoorWatchSetup{.controller = "gate", .batch = static_cast<std::size_t>(1 + draws.below(9))});
  }

  sim::Draws draws;
  Loop loop;
  ManualClock clock;
  sim::DoorBoard board{{.serial = gate_serial, .memory = 24, .chunk = 8}};
  BoardController controller{board, clock};
  MemorySink sink;
  bool stormy = true;
  std::uint32_t last_card = 0;
  std::uint32_t memories = 0;                                              // resets so far
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> truth;  // memory, index -> card
  std::uint32_t generation_at_reset = 0;
  int failed_sweeps = 0;
};

/// "events 6 to 16 of memory 2 ..." -> memory, first, last.
std::tuple<std::uint32_t, std::uint32_t, std::uint32_t> gap_of(const EdgeEvent& remark) {
  unsigned first = 0;
  unsigned last = 0;
  unsigned memory = 0;
  REQUIRE(std::sscanf(remark.detail.c_str(), "events %u to %u of memory %u", &first, &last, &memory) == 3);
  return {memory, first, last};
}

}  // namespace

TEST_SUITE("edge/door_watch model") {
  TEST_CASE("400 random lives: nothing lost unnamed, nothing twice, nothing out of order") {
    std::uint64_t events = 0;
    std::uint64_t gaps = 0;
    std::uint64_t resets = 0;
    std::uint64_t failed = 0;
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
      CAPTURE(seed);
      Life life(seed);
      auto watch = life.make_watch();
      for (int i = 0; i < 60; ++i) life.step(watch);
      life.stormy = false;
      life.swipe();  // an equal count after a reset shows with the next event
      for (int i = 0; i < 3; ++i) CHECK(on_loop(life.loop, watch->sweep()));

      // The memories the watch saw are the real ones in their order; a memory
      // that came and went between two sweeps was never seen, and is no generation.
      std::map<std::uint32_t, std::uint32_t> memory_of;
      std::map<std::pair<std::uint32_t, std::uint32_t>, int> seen;
      std::pair<std::uint32_t, std::uint32_t> before{0, 0};
      for (const auto& event : life.sink.events) {
        const auto found = std::find_if(life.truth.begin(), life.truth.end(),
                                        [&](const auto& entry) { return entry.second == event.card; });
        REQUIRE(found != life.truth.end());
        CHECK(found->first.second == event.index);
        const auto [place, fresh] = memory_of.try_emplace(event.generation, found->first.first);
        CHECK(place->second == found->first.first);
        CHECK(++seen[found->first] == 1);
        CHECK(std::pair{event.generation, event.index} > before);
        before = {event.generation, event.index};
      }
      for (const auto& remark : life.sink.remarks) {
        if (remark.kind != "door_gap") continue;
        ++gaps;
        const auto [generation, first, last] = gap_of(remark);
        if (!memory_of.contains(generation)) continue;
        for (std::uint32_t index = first; index <= last; ++index) ++seen[{memory_of[generation], index}];
      }
      // In every memory that was seen, all up to the last stored one is accounted
      // for exactly once; the first contact begins at what was still there.
      const std::uint32_t began = life.sink.events.empty() ? 0 : life.sink.events.front().index;
      for (const auto& [generation, memory] : memory_of) {
        std::uint32_t last_stored = 0;
        for (const auto& event : life.sink.events) {
          if (event.generation == generation) last_stored = std::max(last_stored, event.index);
        }
        const std::uint32_t from = generation == 0 ? began : 1;
        for (std::uint32_t index = from; index <= last_stored; ++index) {
          CAPTURE(index);
          CHECK(seen[{memory, index}] == 1);
        }
      }
      // The memory of today is stored to its end.
      CHECK(life.sink.events.back().card == life.last_card);
      CHECK(life.sink.cursors.at("gate").index == life.board.newest());
      events += life.sink.events.size();
      resets += life.memories;
      failed += static_cast<std::uint64_t>(life.failed_sweeps);
    }
    MESSAGE(events, " events stored, ", gaps, " gaps, ", resets, " resets, ", failed, " failed sweeps");
    CHECK(events > 20'000);
    CHECK(gaps > 50);
    CHECK(resets > 50);
    CHECK(failed > 1'000);
  }
}
