// The door desk with a real outbox, real sockets and the simulated board: what a
// pushed packet may do, and what it may not.
#include <doctest/doctest.h>

#include <algorithm>

#include "drivers/sim/door_controller_sim.hpp"
#include "edge/app/door_desk.hpp"
#include "edge/app/outbox_sinks.hpp"
#include "kit/loop/asio.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/unit/doors/on_loop.hpp"
#include "tests/unit/edge/store_helpers.hpp"

using namespace steward;
using boost::asio::ip::udp;

namespace {

constexpr std::uint32_t gate_serial = 405'419'896;
constexpr std::uint32_t cellar_serial = 201'020'304;
constexpr Milliseconds an_hour{3'600'000};  // between polls: whatever comes sooner was woken

/// A gateway with two controllers: "gate" is simulated on 127.0.0.1, "cellar"
/// stands at 127.0.0.3 and is switched off.
struct Gateway {
  explicit Gateway(bool port_taken = false) {
    simulated =
        std::move(*sim::DoorControllerSim::open(loop, clock, sim::DoorBoard({.serial = gate_serial}), 0));
    pushes.port = sim::unused_udp_port(loop);
    REQUIRE(pushes.port != 0);
    if (port_taken) other_program.emplace(loop.context(), udp::endpoint(udp::v4(), pushes.port));
    auto outbox = Outbox::open(outbox_setup(folder), edge_key());
    REQUIRE(outbox);
    store.emplace(loop, std::move(*outbox), [this](const LogMarks& now) { marks = now; });
    sinks.emplace(
        *store,
        [this] {
          return ClockStamp{{}, clock.now(), 1000, ClockTrust::synced};
        },
        [](const EdgeEvent&) {});
    SiteSetup site;
    site.doors = {{"gate", gate_serial, "127.0.0.1", simulated->port()},
                  {"cellar", cellar_serial, "127.0.0.3", simulated->port()}};
    Problems problems;
    auto doors = DoorDesk::make_controllers(loop, "edge.json", site, problems);
    REQUIRE(problems.empty());
    desk.emplace(loop, clock, std::move(doors), *sinks, pushes, an_hour);
    for (auto& run : desk->runs()) services.push_back(std::make_unique<test::Service>(loop, std::move(run)));
    REQUIRE(loop.run_until([this] { return door(0, "online") == Json(true); }, test::patience));
    // The cellar's first sweep has failed for good: from here on nothing is under way.
    REQUIRE(loop.run_until([this] { return door(1, "last_error") != Json(""); }, test::patience));
  }
  ~Gateway() {
    desk->stop();
    for (auto& service : services) CHECK(service->ends());
    store->stop();
  }

  Json door(std::size_t at, std::string_view key) const { return *desk->status().items()[at].find(key); }
  std::int64_t pushed(std::string_view key) const { return desk->push_status().find(key)->integer(); }
  std::uint64_t stored_events() const { return marks[static_cast<std::size_t>(Stream::doors)].last.value; }
  void swipe(std::uint32_t card) { simulated->board().swipe({.at = clock.now(), .door = 1, .card = card}); }

  /// A pushed packet in the name of `serial`, sent from `host`.
  void push_from(const char* host, std::uint32_t serial) {
    udp::socket socket(loop.context(), {boost::asio::ip::make_address_v4(host), 0});
    const auto packet = ut0311::encode_push(serial, 1, simulated->board().status(clock.now()), false);
    socket.send_to(boost::asio::buffer(packet), {boost::asio::ip::address_v4::loopback(), pushes.port});
  }

  TemporaryFolder folder;
  Loop loop;
  ManualClock clock;
  DoorPushSetup pushes{{127, 0, 0, 1}, 0};
  std::unique_ptr<sim::DoorControllerSim> simulated;
  std::optional<udp::socket> other_program;
  LogMarks marks{};
  std::optional<StoreThread> store;
  std::optional<OutboxSinks> sinks;
  std::optional<DoorDesk> desk;
  std::vector<std::unique_ptr<test::Service>> services;
};

}  // namespace

TEST_SUITE("edge/door_desk") {
  TEST_CASE("a swipe is in the outbox long before the next poll, because the board pushed") {
    Gateway gateway;
    CHECK(gateway.simulated->board().listener() ==
          EventListener{.address = {127, 0, 0, 1}, .port = gateway.pushes.port});
    gateway.swipe(4711);
    REQUIRE(gateway.loop.run_until([&] { return gateway.stored_events() == 1; }, test::patience));
    CHECK(gateway.pushed("heard") == 1);
    gateway.swipe(4712);
    REQUIRE(gateway.loop.run_until([&] { return gateway.stored_events() == 2; }, test::patience));
    CHECK(gateway.pushed("heard") == 2);
  }

  TEST_CASE("a push from a false address, in a false name or of another board wakes nobody") {
    Gateway gateway;
    gateway.swipe(4711);  // so that there is something to push
    REQUIRE(gateway.loop.run_until([&] { return gateway.stored_events() == 1; }, test::patience));
    REQUIRE(test::on_loop(gateway.loop, test::to_the_end(gateway.desk->sweep())));  // nothing is under way
    const auto asked = gateway.simulated->asked();
    gateway.push_from("127.0.0.2", gate_serial);    // not the gate's address
    gateway.push_from("127.0.0.1", 423'187'757);    // nobody's serial
    gateway.push_from("127.0.0.1", cellar_serial);  // the cellar's, from the gate's address
    REQUIRE(gateway.loop.run_until([&] { return gateway.pushed("foreign") == 3; }, test::patience));
    CHECK(gateway.pushed("heard") == 1);
    // A sweep takes its turn after any that was woken before it: it is the only one.
    REQUIRE(test::on_loop(gateway.loop, test::to_the_end(gateway.desk->sweep())));
    CHECK(gateway.simulated->asked() == asked + 1);
    CHECK(gateway.stored_events() == 1);

    // The same packet from where it belongs wakes, and still nothing in it is stored.
    gateway.push_from("127.0.0.1", gate_serial);
    REQUIRE(gateway.loop.run_until([&] { return gateway.simulated->asked() == asked + 2; }, test::patience));
    CHECK(gateway.pushed("heard") == 2);
    CHECK(gateway.stored_events() == 1);
  }

  TEST_CASE("a push port that is taken costs the hints, not the doors") {
    Gateway gateway(true);
    REQUIRE(gateway.desk->push_fault());
    CHECK(gateway.desk->push_fault()->message.find("door event port") == 0);
    CHECK(gateway.desk->push_status().is(Json::Kind::null));
    CHECK(gateway.simulated->board().listener().port == 0);  // nobody told it to push there
    gateway.swipe(4711);
    REQUIRE(test::on_loop(gateway.loop, test::to_the_end(gateway.desk->sweep())));
    CHECK(gateway.stored_events() == 1);
  }
}
