#include "drivers/sim/edge_config.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "drivers/sim/estate_csv.hpp"
#include "edge/site/read_site.hpp"

using namespace steward;
using namespace steward::sim;

namespace {

EdgeFacts facts_of(const EstatePlan& plan) {
  EdgeFacts facts{.enrolment = "/estate/enrolment",
                  .profiles = "/estate/profiles",
                  .broker_host = "localhost",
                  .broker_port = 18883,
                  .line_device = "line1.tty",
                  .controller = "gate",
                  .controller_serial = 405'419'896,
                  .controller_port = 40'001,
                  .push_port = 40'002,
                  .reader = "lobby",
                  .reader_device = "reader1.tty"};
  std::uint16_t port = 50'000;
  for (const BusPlan& bus : plan.buses) {
    if (!bus.serial) facts.tcp.emplace_back(bus.bus, port++);
  }
  return facts;
}

const std::vector<KnownProfile> profiles{
    {ProfileId("acrel-adl400/1")}, {ProfileId("eastron-sdm630/1")}, {ProfileId("tuf-2000/1")}};

}  // namespace

TEST_SUITE("sim/edge_config") {
  TEST_CASE("the gateway takes the config and the meter list as they are written") {
    const EstateModel model({.seed = 4});
    Problems problems;
    SiteSetup setup = read_edge_config("edge.json", "/estate", edge_config(facts_of(model.plan())), problems);
    read_meter_list("meters.csv", meters_file(model).text, profiles, setup, problems);
    for (const Problem& problem : problems) FAIL_CHECK(print(problem));
    CHECK(setup.site == SiteId("riverside"));
    CHECK(setup.meters.size() == 73);
    REQUIRE(setup.buses.size() == 5);
    CHECK(setup.buses.back().line.device == "/estate/line1.tty");
    CHECK(setup.buses.front().tcp.port == 50'000);
    CHECK(setup.doors.front().port == 40'001);
    CHECK(setup.door_pushes == DoorPushSetup{{127, 0, 0, 1}, 40'002});
    CHECK(setup.readers.front().line.device == "/estate/reader1.tty");
  }

  TEST_CASE("the gateway takes the line of DL/T 645 and CJ/T 188 meters, at 2400 baud and even parity") {
    const EstateModel model({.seed = 4, .chinese = true});
    Problems problems;
    EdgeFacts facts = facts_of(model.plan());
    facts.items_device = "line2.tty";
    SiteSetup setup = read_edge_config("edge.json", "/estate", edge_config(facts), problems);
    auto known = profiles;
    known.push_back({ProfileId("dlt645-2007-1ph/1"), Protocol::dlt645, LineParity::even});
    known.push_back({ProfileId("cjt188-2004-cold-water/1"), Protocol::cjt188, LineParity::even});
    read_meter_list("meters.csv", meters_file(model).text, known, setup, problems);
    for (const Problem& problem : problems) FAIL_CHECK(print(problem));
    REQUIRE(setup.buses.size() == 6);
    CHECK(setup.buses.back().line.device == "/estate/line2.tty");
    CHECK(setup.buses.back().line.baud == 2400);
    CHECK(setup.buses.back().line.parity == LineParity::even);
    const auto on_line2 = std::ranges::count_if(
        setup.meters, [](const MeterSetup& meter) { return meter.unit.protocol != Protocol::modbus; });
    CHECK(on_line2 == 10);
  }

  TEST_CASE("closing records are due when the estate's day ends: 16:00 UTC") {
    const EstateModel model({.seed = 4});
    Problems problems;
    const SiteSetup setup =
        read_edge_config("edge.json", "/estate", edge_config(facts_of(model.plan())), problems);
    CHECK(setup.rounds.closing_minute_utc == 960);
    const Instant midnight = local_midnight(std::chrono::sys_days{std::chrono::year{2026} / 7 / 1});
    CHECK(ms_of(midnight) / 60'000 % 1440 == setup.rounds.closing_minute_utc);
  }

  TEST_CASE("an estate of two thousand flats still fits one gateway") {
    const EstateModel model({.seed = 4, .flats = 2000});
    Problems problems;
    SiteSetup setup = read_edge_config("edge.json", "/estate", edge_config(facts_of(model.plan())), problems);
    read_meter_list("meters.csv", meters_file(model).text, profiles, setup, problems);
    for (const Problem& problem : problems) FAIL_CHECK(print(problem));
    CHECK(setup.meters.size() == 5103);
  }
}
