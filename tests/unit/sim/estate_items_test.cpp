// The estate's DL/T 645 and CJ/T 188 meters, read over their line as a gateway does.
#include <doctest/doctest.h>

#include <filesystem>

#include "drivers/bus/line_wire.hpp"
#include "drivers/cjt188/codec.hpp"
#include "drivers/dlt645/codec.hpp"
#include "drivers/modbus/rtu_port.hpp"
#include "drivers/sim/edge_config.hpp"
#include "drivers/sim/estate_csv.hpp"
#include "drivers/sim/estate_server.hpp"
#include "kit/loop/clocks.hpp"
#include "kit/loop/loop.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace steward;
using namespace steward::sim;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::sys_days june{std::chrono::year{2026} / 6 / 1};

struct NoBook : GuardBook {
  Awaitable<Result<void>> keep(UnitRecord) override { co_return Result<void>{}; }
};

GuardedUnit guarded(UnitAddress address) {
  GuardedUnit unit{.unit = address, .delay_floor = 1ms};
  if (address.protocol == Protocol::dlt645) {
    unit.probes = {RegisterSpan{RegisterKind::dlt645_item, 0x04000101, 4},
                   RegisterSpan{RegisterKind::dlt645_item, 0x04000102, 3}};
    REQUIRE(unit.dictionary.claim({RegisterKind::dlt645_item, 0x00010000, 4}));
  } else {
    unit.probes = {RegisterSpan{RegisterKind::cjt188_item, 0x2901F, 19},
                   RegisterSpan{RegisterKind::cjt188_item, 0x3901F, 19}};
    REQUIRE(unit.dictionary.claim({RegisterKind::cjt188_item, 0x901F, 19}));
  }
  for (const auto& probe : unit.probes) REQUIRE(unit.dictionary.claim(probe));
  return unit;
}

/// Four BCD bytes, lowest first, of 0.01 kWh or 0.01 m3: in Wh or litres.
std::int64_t dial_of(const Words& words) {
  std::int64_t hundredths = 0;
  for (const unsigned byte : {words[1] % 256U, words[1] / 256U, words[0] % 256U, words[0] / 256U})
    hundredths = hundredths * 100 + byte / 16 * 10 + byte % 16;
  return hundredths * 10;
}

Awaitable<void> read_all(RegisterBus& bus, const std::vector<const MeterPlan*>& meters,
                         std::vector<Result<Words>>& replies) {
  co_await pause(2ms);
  for (const MeterPlan* meter : meters) {
    const bool power = meter->address.protocol == Protocol::dlt645;
    const auto identity = co_await bus.identify(meter->address);
    CHECK(identity);
    const RegisterSpan span = power ? RegisterSpan{RegisterKind::dlt645_item, 0x00010000, 4}
                                    : RegisterSpan{RegisterKind::cjt188_item, 0x901F, 19};
    replies.push_back(co_await bus.read(meter->address, span));
  }
}

}  // namespace

TEST_SUITE("sim/an estate with Chinese meters") {
  TEST_CASE("every meter of line2 shows the model's dial, in its own protocol") {
    const TemporaryFolder folder;
    ServeRequest request{.estate = {.seed = 21, .chinese = true},
                         .folder = (folder.path() / "edge").string(),
                         .clock = (folder.path() / "clock").string(),
                         .profiles = STEWARD_SOURCE_DIR "/drivers/profiles",
                         .enrolment = "keys",
                         .broker_host = "localhost",
                         .broker_port = 18883};
    const EstateModel model(request.estate);
    std::vector<const MeterPlan*> meters;
    std::vector<GuardedUnit> units;
    for (const MeterPlan& meter : model.plan().meters) {
      if (meter.bus != BusId("line2")) continue;
      meters.push_back(&meter);
      units.push_back(guarded(meter.address));
    }
    REQUIRE(meters.size() == 10);  // four flats and the shop of the first floor
    Problems problems;
    Loop loop;
    const auto server = EstateServer::start(loop, request, problems);
    for (const Problem& problem : problems) FAIL_CHECK(problem.en);
    REQUIRE(server);
    const Instant midnight = local_midnight(june);
    REQUIRE(SteppedClock::create(request.clock, midnight));
    const std::string device = request.folder + "/line2.tty";
    const MixedCodec codec({{Protocol::dlt645, &dlt645_codec()}, {Protocol::cjt188, &cjt188_codec()}});
    NoBook book;
    std::vector<Result<Words>> replies;
    const auto bus = make_line_bus(loop,
                                   {.device = device,
                                    .open = open_rtu(device),
                                    .format = {115'200, Parity::even, 1},
                                    .codec = &codec,
                                    .units = std::move(units)},
                                   book);
    loop.spawn(read_all(*bus, meters, replies));
    REQUIRE(loop.run_until([&] { return replies.size() == meters.size(); }, 20s));
    for (std::size_t at = 0; at < meters.size(); ++at) {
      CAPTURE(meters[at]->meter.text);
      REQUIRE(replies[at]);
      const auto meter = static_cast<std::size_t>(model.find(meters[at]->meter.text));
      const auto shown = model.dial_at(meter, midnight);
      CHECK(dial_of(*replies[at]) == shown / 10 * 10);
    }
  }

  TEST_CASE("the other meters of the estate stay as they are, the list and the config name the line") {
    const EstateModel plain({.seed = 4});
    const EstateModel chinese({.seed = 4, .chinese = true});
    REQUIRE(plain.plan().meters.size() == chinese.plan().meters.size());
    CHECK(plain.plan().meters[0].meter == chinese.plan().meters[0].meter);
    const auto list = meters_file(chinese).text;
    CHECK(list.find("DDZY-000001,dlt645-2007-1ph/1,line2,202600000001,") != std::string::npos);
    CHECK(list.find("LXS-000001,cjt188-2004-cold-water/1,line2,10:20260000000001,") != std::string::npos);
    EdgeFacts facts{.line_device = "line1.tty", .items_device = "line2.tty"};
    CHECK(edge_config(facts).find("\"line2.tty\"") != std::string::npos);
    facts.items_device.clear();
    CHECK(edge_config(facts).find("line2") == std::string::npos);
  }
}
