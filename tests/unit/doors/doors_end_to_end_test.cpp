// Board, UDP, driver and watch together on a network that loses, doubles and
// delays; and reader, pty and watch. Waits for what must happen, never for a time.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "drivers/doors/ut0311.hpp"
#include "drivers/readers/serial_reader.hpp"
#include "drivers/sim/door_controller_sim.hpp"
#include "drivers/sim/reader_sim.hpp"
#include "drivers/sim/seeded.hpp"
#include "edge/doors/door_watch.hpp"
#include "edge/patrol/patrol_watch.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/doors/board_controller.hpp"
#include "tests/unit/doors/on_loop.hpp"
#include "tests/unit/doors/packets.hpp"

using namespace steward;
using sim::ReplyFate;
using test::gate_serial;
using test::MemorySink;

namespace {

/// 30 of 100 packets suffer, each in its own way.
std::function<ReplyFate(std::uint64_t, std::uint8_t)> bad_network(std::uint64_t seed) {
  return [seed](std::uint64_t nth, std::uint8_t) {
    const auto draw = sim::drawn_at(seed, nth) % 100;
    if (draw < 10) return ReplyFate::lose_reply;
    if (draw < 15) return ReplyFate::lose_request;
    if (draw < 23) return ReplyFate::twice;
    if (draw < 30) return ReplyFate::late;
    return ReplyFate::send;
  };
}

class MemoryPatrolSink : public PatrolSink {
 public:
  test::Weather weather;
  std::vector<PatrolScan> scans;
  std::vector<EdgeEvent> remarks;
  Awaitable<Result<void>> store(PatrolHarvest harvest) override {
    if (auto fault = weather ? weather() : std::nullopt) co_return *fault;
    scans.insert(scans.end(), harvest.scans.begin(), harvest.scans.end());
    remarks.insert(remarks.end(), harvest.remarks.begin(), harvest.remarks.end());
    co_return Result<void>();
  }
};

/// A reader, its watch and the sink on one loop.
struct Lobby {
  explicit Lobby(SerialReaderSetup setup = {}) {
    plug_in();
    setup.device = link.string();
    reader = std::move(*SerialReader::make(loop, clock, setup));
    watch = std::make_unique<PatrolWatch>(
        loop, clock, *reader, sink,
        PatrolWatchSetup{.reader = ReaderId("lobby"), .store_again = Milliseconds{2}});
    service = std::make_unique<test::Service>(loop, watch->run());
  }
  ~Lobby() {
    watch->stop();
    CHECK(service->ends());
  }
  /// A reader, always under the same name, as in /dev/serial/by-id.
  void plug_in() {
    simulated = std::move(*sim::ReaderSim::open(loop, clock));
    std::filesystem::remove(link);
    std::filesystem::create_symlink(simulated->device(), link);
  }
  bool until(const std::function<bool()>& done) { return loop.run_until(done, test::patience); }

  TemporaryFolder folder;
  std::filesystem::path link = folder.path() / "lobby.tty";
  Loop loop;
  ManualClock clock;
  MemoryPatrolSink sink;
  std::unique_ptr<sim::ReaderSim> simulated;
  std::unique_ptr<SerialReader> reader;
  std::unique_ptr<PatrolWatch> watch;
  std::unique_ptr<test::Service> service;
};

}  // namespace

TEST_SUITE("doors end to end") {
  TEST_CASE("two weeks of swipes crosses a bad network, each event once and in order") {
    for (const bool echo : {true, false}) {
      CAPTURE(echo);
      Loop loop;
      ManualClock clock;
      const Instant morning = clock.now();
      auto swipes = sim::commuter_swipes(5, {4711, 4712, 4713, 4714, 4715, 4716, 4717, 4718}, 4, morning,
                                         morning + std::chrono::hours{24 * 14});
      const std::size_t all = swipes.size();
      REQUIRE(all > 100);
      sim::DoorBoard board({.serial = gate_serial, .echo_xid = echo}, std::move(swipes));
      auto simulated = sim::DoorControllerSim::open(
          loop, clock, std::move(board), 0, {.fate = bad_network(echo ? 1 : 2), .late_by = Milliseconds{12}});
      REQUIRE(simulated);
      auto driver = Ut0311::make(loop, {.serial = gate_serial,
                                        .host = "127.0.0.1",
                                        .port = (*simulated)->port(),
                                        .tries = {Milliseconds{8}, Milliseconds{8}, Milliseconds{8}},
                                        .xid = echo ? ut0311::XidRule::echoed : ut0311::XidRule::any});
      REQUIRE(driver);
      MemorySink sink;
      DoorWatch watch(loop, clock, **driver, sink,
                      {.controller = "gate", .poll_every = Milliseconds{5}, .batch = 16});
      test::Service service(loop, watch.run());
      for (int day = 0; day < 14; ++day) {
        clock.advance(std::chrono::hours{24});
        loop.post([&] { watch.wake(); });
      }
      REQUIRE(loop.run_until([&] { return sink.events.size() >= all; }, test::patience));
      watch.stop();
      CHECK(service.ends());

      CHECK(sink.events.size() == all);
      for (std::size_t i = 0; i < sink.events.size(); ++i) {
        const auto kept = (*simulated)->board().event(static_cast<std::uint32_t>(i + 1));
        const auto& truth = std::get<ControllerEvent>(kept);
        CHECK(sink.events[i].index == i + 1);
        CHECK(sink.events[i].card == truth.card);
        CHECK(sink.events[i].reason == truth.reason);
      }
      CHECK((*driver)->counters().silent > 0);
      CHECK((*driver)->counters().answered >= all);
    }
  }

  TEST_CASE("a pushed event is stored long before the next poll") {
    Loop loop;
    ManualClock clock;
    auto simulated = sim::DoorControllerSim::open(loop, clock, sim::DoorBoard({.serial = gate_serial}), 0);
    REQUIRE(simulated);
    auto driver =
        Ut0311::make(loop, {.serial = gate_serial, .host = "127.0.0.1", .port = (*simulated)->port()});
    REQUIRE(driver);
    MemorySink sink;
    std::unique_ptr<DoorWatch> watch;
    auto push = Ut0311PushListener::open(loop, 0, {{gate_serial, "127.0.0.1"}},
                                         [&](std::uint32_t) { watch->wake(); });
    REQUIRE(push);
    watch = std::make_unique<DoorWatch>(
        loop, clock, **driver, sink,
        DoorWatchSetup{.controller = "gate",
                       .poll_every = Milliseconds{3'600'000},
                       .listener = EventListener{.address = {127, 0, 0, 1}, .port = (*push)->port()}});
    test::Service service(loop, watch->run());
    REQUIRE(loop.run_until([&] { return watch->health().online; }, test::patience));
    (*simulated)->board().swipe({.at = clock.now(), .door = 2, .card = 4711});
    CHECK(loop.run_until([&] { return !sink.events.empty(); }, test::patience));
    CHECK(sink.events.at(0).card == 4711);
    watch->stop();
    CHECK(service.ends());
  }
}

TEST_SUITE("edge/patrol_watch") {
  TEST_CASE("every scan is stored, a repeated one too; the repeat is counted") {
    Lobby lobby;
    lobby.simulated->scan("CP-1");
    REQUIRE(lobby.until([&] { return lobby.sink.scans.size() == 1; }));
    lobby.clock.advance(Milliseconds{59'000});
    lobby.simulated->scan("CP-1");
    REQUIRE(lobby.until([&] { return lobby.sink.scans.size() == 2; }));
    lobby.clock.advance(Milliseconds{61'000});
    lobby.simulated->scan("CP-1");
    REQUIRE(lobby.until([&] { return lobby.sink.scans.size() == 3; }));
    CHECK(lobby.sink.scans[2] == PatrolScan{ReaderId("lobby"), lobby.clock.now(), "CP-1"});
    CHECK(lobby.watch->health().stored == 3);
    CHECK(lobby.watch->health().repeats == 1);
    CHECK(lobby.watch->health().online);
    CHECK(lobby.sink.remarks.empty());
  }

  TEST_CASE("while the store is in trouble scans wait in order; what does not fit is named") {
    Lobby lobby({.queue = 4});
    bool full = true;
    lobby.sink.weather = [&]() -> std::optional<Error> {
      return full ? std::optional(Error{Fault::full, "disk full"}) : std::nullopt;
    };
    lobby.simulated->scan("CP-0");
    REQUIRE(lobby.until([&] { return lobby.watch->health().last_error == "disk full"; }));
    for (int i = 1; i <= 10; ++i) lobby.simulated->scan("CP-" + std::to_string(i));
    REQUIRE(lobby.until([&] { return lobby.reader->counters().codes == 11; }));
    full = false;
    REQUIRE(lobby.until([&] { return lobby.sink.scans.size() == 5; }));
    for (std::size_t i = 0; i < 5; ++i) CHECK(lobby.sink.scans[i].code == "CP-" + std::to_string(i));
    REQUIRE(lobby.sink.remarks.size() == 1);
    CHECK(lobby.sink.remarks[0].kind == "scans_dropped");
    CHECK(lobby.sink.remarks[0].subject == "lobby");
    CHECK(lobby.sink.remarks[0].detail.find("6 codes") == 0);
    CHECK(lobby.watch->health().last_error.empty());
  }

  TEST_CASE("a lost reader is said once, and its return with the first code") {
    Lobby lobby({.reopen_every = Milliseconds{2}});
    lobby.simulated->scan("CP-1");
    REQUIRE(lobby.until([&] { return lobby.sink.scans.size() == 1; }));
    lobby.simulated.reset();
    REQUIRE(lobby.until([&] { return lobby.sink.remarks.size() == 1; }));
    CHECK_FALSE(lobby.watch->health().online);
    lobby.plug_in();
    REQUIRE(lobby.until([&] { return lobby.watch->health().online; }));
    lobby.simulated->scan("CP-2");
    REQUIRE(lobby.until([&] { return lobby.sink.scans.size() == 2; }));
    REQUIRE(lobby.sink.remarks.size() == 2);
    CHECK(lobby.sink.remarks[0].kind == "reader_lost");
    CHECK(lobby.sink.remarks[1].kind == "reader_back");
  }
}
