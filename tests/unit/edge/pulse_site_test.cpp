// Pulse inputs in the config, and the meters that hang on them.
#include <doctest/doctest.h>

#include "edge/site/read_pulse.hpp"
#include "edge/site/read_site.hpp"

using namespace steward;

namespace {

std::string config_with(const std::string& inputs) {
  return R"({ "schema": 1, "site": "riverside", "gateway": "gw1", "data": "d", "enrolment": "e", "meters": "m",
  "broker": { "host": "h" },
  "buses": [ { "bus": "pulses", "kind": "pulse",
    "inputs": )" +
         inputs + " } ] }";
}

struct Mistake {
  const char* inputs;
  const char* en;
};

}  // namespace

TEST_SUITE("edge/site/pulse") {
  TEST_CASE("inputs are read with what stands for a pulse, and a contact to ground unless said") {
    Problems problems;
    const auto setup =
        read_edge_config("edge.json", "", config_with(R"([ { "unit": 1, "line": 17, "per_pulse": [10, 1] },
      { "unit": 2, "chip": "/dev/gpiochip1", "line": 17, "per_pulse": [5, 8], "debounce_ms": 5, "active": "high",
        "bias": "pull_down" } ])"),
                         problems);
    REQUIRE(problems == Problems{});
    REQUIRE(setup.buses.size() == 1);
    CHECK(setup.buses[0].kind == BusKind::pulse);
    CHECK(setup.buses[0].inputs ==
          std::vector<PulseInputSetup>{{1, "/dev/gpiochip0", 17, {10, 1}, 20, true, PulseBias::as_is},
                                       {2, "/dev/gpiochip1", 17, {5, 8}, 5, false, PulseBias::pull_down}});
  }

  TEST_CASE("each mistake in an input is named with what would be right, in both languages") {
    const Mistake mistakes[] = {
        {"[]", "has 0 entries; it must be 1 to 64"},
        {"[ 5 ]", "\"buses[0].inputs[0]\" must be an object"},
        {R"([ { "unit": 0, "line": 1, "per_pulse": [1, 1] } ])",
         "inputs[0].unit\" is 0; it must be 1 to 247"},
        {R"([ { "unit": 1, "per_pulse": [1, 1] } ])", "inputs[0].line\" is missing"},
        {R"([ { "unit": 1, "line": 1, "per_pulse": [1] } ])", "must be two whole numbers"},
        {R"([ { "unit": 1, "line": 1, "per_pulse": [0, 1] } ])", "must be two whole numbers"},
        {R"([ { "unit": 1, "line": 1, "per_pulse": [1, 1], "bias": "up" } ])",
         "it must be as_is, pull_up, pull_down or none"},
        {R"([ { "unit": 1, "line": 1, "per_pulse": [1, 1] }, { "unit": 2, "line": 1, "per_pulse": [1, 1] } ])",
         "\"buses[0].inputs[1]\" has the unit or the line of an input before it"},
        {R"([ { "unit": 1, "line": 1, "per_pulse": [1, 1] }, { "unit": 1, "line": 2, "per_pulse": [1, 1] } ])",
         "\"buses[0].inputs[1]\" has the unit or the line of an input before it"},
    };
    for (const auto& mistake : mistakes) {
      CAPTURE(mistake.inputs);
      Problems problems;
      read_edge_config("edge.json", "", config_with(mistake.inputs), problems);
      REQUIRE(problems.size() == 1);
      CHECK(problems[0].line == 4);
      CHECK(problems[0].en.find(mistake.en) != std::string::npos);
      CHECK_FALSE(problems[0].zh.empty());
    }
  }

  TEST_CASE("a pulse meter needs an input of its own and a pulse profile, which no other bus takes") {
    SiteSetup setup;
    BusSetup pulses;
    pulses.bus = BusId("pulses");
    pulses.kind = BusKind::pulse;
    pulses.inputs.push_back({1, "/dev/gpiochip0", 17, {10, 1}});
    BusSetup line;
    line.bus = BusId("line1");
    setup.buses = {pulses, line};
    const auto problems_of = [&](const char* profile, const char* bus, std::uint8_t unit) {
      MeterSetup meter;
      meter.meter = MeterId("W-1");
      meter.profile = ProfileId(profile);
      meter.bus = BusId(bus);
      meter.unit = UnitAddress{unit};
      setup.meters = {meter};
      Problems problems;
      check_pulse_meters(setup, problems);
      return problems.empty() ? std::string() : problems.front().en;
    };
    CHECK(problems_of("gpio-pulse-water/1", "pulses", 1).empty());
    CHECK(problems_of("tuf-2000/1", "line1", 1).empty());
    CHECK(problems_of("gpio-pulse-water/1", "pulses", 2) ==
          "meter \"W-1\": bus \"pulses\" has no input with unit 2");
    CHECK(problems_of("gpio-pulse-water/1", "line1", 1) ==
          "meter \"W-1\": a gpio-pulse profile needs a bus of kind pulse");
    CHECK(problems_of("tuf-2000/1", "pulses", 1) ==
          "meter \"W-1\": a bus of kind pulse needs a gpio-pulse profile");
  }
}
