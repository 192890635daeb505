// The UDP driver against a simulated board: real sockets on the loopback, a
// network that loses, doubles and delays on demand.
#include "drivers/doors/ut0311.hpp"

#include <doctest/doctest.h>

#include <string>

#include "drivers/sim/door_controller_sim.hpp"
#include "kit/loop/asio.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/unit/doors/on_loop.hpp"
#include "tests/unit/doors/packets.hpp"

using namespace steward;
using sim::ReplyFate;
using test::at;
using test::day;
using test::gate_serial;
using test::on_loop;

namespace {

const DoorCard resident{.number = 10058400,
                        .from = day(2026, 1, 1),
                        .to = day(2026, 12, 31),
                        .permission = {1, 1, 0, 0},
                        .pin = 0};

/// One board and one driver on one loop.
struct Bench {
  explicit Bench(sim::DoorNetwork network = {}, sim::DoorBoardSetup board = {.serial = gate_serial},
                 ut0311::XidRule rule = ut0311::XidRule::echoed) {
    auto opened = sim::DoorControllerSim::open(loop, clock, sim::DoorBoard(board), 0, std::move(network));
    REQUIRE(opened);
    simulated = std::move(*opened);
    auto made = Ut0311::make(loop, {.serial = gate_serial,
                                    .host = "127.0.0.1",
                                    .port = simulated->port(),
                                    .tries = {Milliseconds{40}, Milliseconds{40}, Milliseconds{5'000}},
                                    .open_wait = Milliseconds{400},
                                    .xid = rule});
    REQUIRE(made);
    driver = std::move(*made);
  }

  Loop loop;
  ManualClock clock;
  std::unique_ptr<sim::DoorControllerSim> simulated;
  std::unique_ptr<Ut0311> driver;
};

/// This fate for the first `times` packets of one function, then a good network.
std::function<ReplyFate(std::uint64_t, std::uint8_t)> first(int times, ReplyFate fate) {
  return [times, fate](std::uint64_t nth, std::uint8_t) {
    return nth <= static_cast<std::uint64_t>(times) ? fate : ReplyFate::send;
  };
}

}  // namespace

TEST_SUITE("doors/ut0311 over UDP") {
  TEST_CASE("a setup that cannot work is refused before anything is sent") {
    Loop loop;
    const auto fault = [&](Ut0311Setup setup) {
      const auto made = Ut0311::make(loop, std::move(setup));
      REQUIRE_FALSE(made);
      CHECK(made.error().fault == Fault::refused);
      return made.error().message;
    };
    CHECK(fault({.serial = 305419896, .host = "127.0.0.1"}).find("serial 305419896") != std::string::npos);
    CHECK(fault({.serial = gate_serial, .host = "gate.local"}).find("'gate.local'") != std::string::npos);
    CHECK(fault({.serial = gate_serial, .host = "127.0.0.1", .local_port = 60000}).find("60000") !=
          std::string::npos);
    CHECK(fault({.serial = gate_serial, .host = "127.0.0.1", .tries = {}}).find("at least once") !=
          std::string::npos);
    const auto push = Ut0311PushListener::open(loop, 60000, {}, [](std::uint32_t) {});
    REQUIRE_FALSE(push);
    CHECK(push.error().fault == Fault::refused);
  }

  TEST_CASE("a card is put, read back, deleted; deleting it again says it was not there") {
    Bench bench;
    CHECK(on_loop(bench.loop, bench.driver->put_card(resident)));
    CHECK(bench.simulated->board().cards().at(resident.number) == resident);
    CHECK(*on_loop(bench.loop, bench.driver->card(resident.number)) == resident);
    CHECK(*on_loop(bench.loop, bench.driver->delete_card(resident.number)));
    CHECK_FALSE(*on_loop(bench.loop, bench.driver->delete_card(resident.number)));
    CHECK_FALSE(*on_loop(bench.loop, bench.driver->card(resident.number)));
  }

  TEST_CASE("clock and listener read back as they were set") {
    Bench bench;
    const ControllerTime noon = at(day(2027, 2, 28), 12, 0, 0);
    CHECK(on_loop(bench.loop, bench.driver->set_clock(noon)));
    CHECK(*on_loop(bench.loop, bench.driver->clock()) == noon);
    const EventListener listener{.address = {127, 0, 0, 1}, .port = 60001, .every_s = 9};
    CHECK(on_loop(bench.loop, bench.driver->set_listener(listener)));
    CHECK(*on_loop(bench.loop, bench.driver->listener()) == listener);
  }

  TEST_CASE("a lost question or reply is asked again") {
    for (const ReplyFate fate : {ReplyFate::lose_request, ReplyFate::lose_reply, ReplyFate::late}) {
      Bench bench({.fate = first(2, fate), .late_by = Milliseconds{400}});
      CHECK(on_loop(bench.loop, bench.driver->put_card(resident)));
      CHECK(bench.simulated->asked() == 3);
      CHECK(bench.driver->counters().silent == 2);
    }
  }

  TEST_CASE("silence to the end is a fault that says who was silent") {
    Bench bench({.fate = first(1'000, ReplyFate::lose_reply)});
    auto made = Ut0311::make(bench.loop, {.serial = gate_serial,
                                          .host = "127.0.0.1",
                                          .port = bench.simulated->port(),
                                          .tries = {Milliseconds{5}, Milliseconds{5}}});
    const auto status = on_loop(bench.loop, (*made)->status());
    REQUIRE_FALSE(status);
    CHECK(status.error().fault == Fault::retry);
    CHECK(status.error().message.find("127.0.0.1:") == 0);
    CHECK(bench.simulated->asked() == 2);
  }

  TEST_CASE("a door is asked to open once, and silence is said to be silence") {
    Bench bench({.fate = first(1, ReplyFate::lose_reply)});
    CHECK(*on_loop(bench.loop, bench.driver->open_door(1)) == OpenOutcome::unknown);
    CHECK(bench.simulated->asked() == 1);
    CHECK(bench.simulated->board().opened() == 1);
    // What a caller does next: the board's memory knows.
    const auto found = on_loop(bench.loop, bench.driver->event(newest_event));
    REQUIRE(found);
    CHECK(std::get<ControllerEvent>(*found).reason == 44);
    CHECK(*on_loop(bench.loop, bench.driver->open_door(2)) == OpenOutcome::opened);
    CHECK(on_loop(bench.loop, bench.driver->open_door(5)).error().fault == Fault::refused);
    CHECK(bench.simulated->board().opened() == 2);
  }

  TEST_CASE("a reply that comes too late or twice never answers the next question") {
    for (const ReplyFate fate : {ReplyFate::twice, ReplyFate::late}) {
      for (const bool echo : {true, false}) {
        CAPTURE(echo);
        sim::DoorBoardSetup setup{.serial = gate_serial, .echo_xid = echo};
        Bench bench({.fate = [fate](std::uint64_t nth,
                                    std::uint8_t) { return nth % 2 == 1 ? fate : ReplyFate::send; }},
                    setup, echo ? ut0311::XidRule::echoed : ut0311::XidRule::any);
        // The first answer is "yes", the second "no": a straying "yes" would show.
        CHECK(on_loop(bench.loop, bench.driver->put_card(resident)));
        CHECK(on_loop(bench.loop, bench.driver->delete_card(resident.number)));
        CHECK_FALSE(*on_loop(bench.loop, bench.driver->delete_card(resident.number)));
        CHECK_FALSE(*on_loop(bench.loop, bench.driver->card(resident.number)));
      }
    }
  }

  TEST_CASE("a board that does not repeat the transaction number needs the rule that says so") {
    Bench strict({}, {.serial = gate_serial, .echo_xid = false});
    CHECK(*on_loop(strict.loop, strict.driver->open_door(1)) == OpenOutcome::unknown);
    CHECK(strict.driver->counters().passed_over == 1);
    Bench loose({}, {.serial = gate_serial, .echo_xid = false}, ut0311::XidRule::any);
    CHECK(*on_loop(loose.loop, loose.driver->open_door(1)) == OpenOutcome::opened);
  }

  TEST_CASE("a pushed packet names its controller; strangers and junk are only counted") {
    for (const bool old_type : {false, true}) {
      Bench bench({.push_as_old_type = old_type});
      std::vector<std::uint32_t> heard;
      auto push = Ut0311PushListener::open(bench.loop, 0, {{gate_serial, "127.0.0.1"}},
                                           [&](std::uint32_t serial) { heard.push_back(serial); });
      REQUIRE(push);
      const EventListener listener{.address = {127, 0, 0, 1}, .port = (*push)->port()};
      CHECK(on_loop(bench.loop, bench.driver->set_listener(listener)));

      // A stranger's packet and junk first; they travel in order on the loopback.
      boost::asio::ip::udp::socket stranger(bench.loop.context(), boost::asio::ip::udp::v4());
      const boost::asio::ip::udp::endpoint to(boost::asio::ip::address_v4::loopback(), (*push)->port());
      stranger.send_to(boost::asio::buffer(ut0311::encode_push(423187757, 1, {}, false)), to);
      stranger.send_to(boost::asio::buffer("junk", 4), to);

      bench.simulated->board().swipe({.at = bench.clock.now(), .card = 4711});
      CHECK(bench.loop.run_until([&] { return !heard.empty(); }, test::patience));
      CHECK(heard == std::vector{gate_serial});
      CHECK((*push)->counters().foreign == 1);
      CHECK((*push)->counters().malformed == 1);
    }
  }
}
