#include "drivers/sim/estate_server.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "contract/text/csv.hpp"
#include "contract/text/json.hpp"
#include "drivers/decode/decode.hpp"
#include "drivers/modbus/buses.hpp"
#include "drivers/modbus/unit_plan.hpp"
#include "drivers/readers/serial_reader.hpp"
#include "drivers/sim/profile_folder.hpp"
#include "kit/loop/clocks.hpp"
#include "kit/loop/loop.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace steward;
using namespace steward::sim;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::sys_days june{std::chrono::year{2026} / 6 / 1};
constexpr const char* profiles = STEWARD_SOURCE_DIR "/drivers/profiles";

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

ServeRequest request_in(const TemporaryFolder& folder) {
  return {.estate = {.seed = 21},
          .folder = (folder.path() / "edge").string(),
          .clock = (folder.path() / "clock").string(),
          .profiles = profiles,
          .enrolment = "keys",
          .broker_host = "localhost",
          .broker_port = 18883};
}

/// What a gateway would be told: the files the server wrote. (That the gateway's
/// own reader takes them is edge_config_test.cpp's.)
struct Told {
  Json config;
  std::vector<CsvRow> meters;  // meter,profile,bus,unit,name
};

Told told_in(const ServeRequest& request) {
  static constexpr std::string_view columns[] = {"meter", "profile", "bus", "unit", "name"};
  Problems problems;
  auto config = Json::parse(text_of(request.folder + "/edge.json"), {.comments = true});
  REQUIRE(config);
  CsvTable table = read_csv("meters.csv", text_of(request.folder + "/meters.csv"), columns, {}, problems);
  REQUIRE(problems.empty());
  return {std::move(*config), std::move(table.rows)};
}

/// Forgets: each read begins anew.
struct NoBook : GuardBook {
  Awaitable<Result<void>> keep(UnitRecord) override { co_return Result<void>{}; }
};

/// One unit, asked for its identity and one channel.
GuardedUnit guarded(const Profile& profile, const ProfileChannel& channel, UnitAddress address) {
  auto plan = plan_unit(profile, {{channel.no}}, tcp_read_cost());
  GuardedUnit unit;
  unit.unit = address;
  unit.dictionary = std::move(plan.dictionary);
  unit.probes = plan.probe.spans;
  unit.delay_floor = 1ms;
  return unit;
}

std::unique_ptr<RegisterBus> bus_of(Loop& loop, const ServeRequest& request, const Told& told,
                                    const std::string& bus, GuardedUnit unit, GuardBook& book) {
  for (const Json& entry : told.config.find("buses")->items()) {
    if (entry.find("bus")->text() != bus) continue;
    std::vector<GuardedUnit> units;
    units.push_back(std::move(unit));
    if (const Json* device = entry.find("device")) {
      return make_rtu_bus(loop, {.device = request.folder + "/" + device->text(), .units = std::move(units)},
                          book);
    }
    return make_tcp_bus(loop,
                        {.host = entry.find("host")->text(),
                         .port = static_cast<std::uint16_t>(entry.find("port")->integer()),
                         .units = std::move(units)},
                        &book);
  }
  return nullptr;
}

/// Reads the billed register of the `row`th meter over its own bus.
Result<std::int64_t> read_dial(Loop& loop, const ServeRequest& request, std::size_t row) {
  Problems problems;
  const ProfileShelf shelf = read_profile_folder(profiles, problems);
  const Told told = told_in(request);
  const std::vector<std::string>& meter = told.meters[row].fields;
  const Profile& profile = shelf.at(ProfileId(meter[1]));
  const ProfileChannel* channel = profile.channel("energy_import");
  if (channel == nullptr) channel = profile.channel("volume");
  const UnitAddress unit{static_cast<std::uint8_t>(std::stoi(meter[3]))};
  const auto reads = plan_unit(profile, {{channel->no}}, tcp_read_cost()).reads.at(0);
  NoBook book;
  const auto bus = bus_of(loop, request, told, meter[2], guarded(profile, *channel, unit), book);
  REQUIRE(bus);
  std::optional<Result<Words>> reply;
  const auto ask = [&]() -> Awaitable<void> {
    co_await pause(2ms);  // its quarantine
    const auto identity = co_await bus->identify(unit);
    if (!identity) {
      reply.emplace(identity.error());
      co_return;
    }
    reply = co_await bus->read(unit, reads.at(0).span);
  };
  loop.spawn(ask());
  REQUIRE(loop.run_until([&] { return reply.has_value(); }, 10s));
  if (!*reply) return Error(reply->error());
  const std::span all(**reply);
  return decode(*channel, all.subspan(reads.at(0).channels.at(0).offset, channel->span.count)).value;
}

}  // namespace

TEST_SUITE("sim/estate_server") {
  TEST_CASE("a gateway that follows edge.json reads the model's dials, over TCP and over the line") {
    const TemporaryFolder folder;
    const ServeRequest request = request_in(folder);
    Problems problems;
    Loop loop;
    const auto server = EstateServer::start(loop, request, problems);
    for (const Problem& problem : problems) FAIL_CHECK(problem.en);
    REQUIRE(server);
    const EstateModel model(request.estate);
    const auto clock = SteppedClock::create(request.clock, local_midnight(june));
    REQUIRE(clock);
    for (const Instant at : {local_midnight(june), local_midnight(june) + 9h}) {
      (*clock)->step_to(at);
      for (const std::size_t meter : {std::size_t{0}, std::size_t{1}, std::size_t{8}, std::size_t{72}}) {
        const auto dial = read_dial(loop, request, meter);
        REQUIRE_MESSAGE(dial, dial.error().message);
        CHECK(*dial == model.dial_at(meter, at));
      }
    }
    CHECK(server->answered() == 2 * 8);  // an identity and a dial each
  }

  TEST_CASE("a dead meter is silent on the line while its neighbour answers") {
    const TemporaryFolder folder;
    ServeRequest request = request_in(folder);
    request.dead = {"ADL400-000001"};
    Problems problems;
    Loop loop;
    const auto server = EstateServer::start(loop, request, problems);
    REQUIRE(server);
    const auto clock = SteppedClock::create(request.clock, local_midnight(june));
    REQUIRE(clock);
    const auto dead = read_dial(loop, request, 0);
    REQUIRE_FALSE(dead);
    CHECK(dead.error().fault == Fault::retry);
    CHECK(read_dial(loop, request, 1));
  }

  TEST_CASE("slow meters answer, only later") {
    const TemporaryFolder folder;
    ServeRequest request = request_in(folder);
    request.slow_ms = 120;
    Problems problems;
    Loop loop;
    const auto server = EstateServer::start(loop, request, problems);
    REQUIRE(server);
    const auto clock = SteppedClock::create(request.clock, local_midnight(june));
    REQUIRE(clock);
    for (const std::size_t meter : {std::size_t{0}, std::size_t{72}}) {
      const auto begun = SystemClock().ticks();
      CHECK(read_dial(loop, request, meter));
      CHECK(SystemClock().ticks() - begun >= 120ms);
    }
  }

  TEST_CASE("the guard's code comes out of the reader when the stepped night passes") {
    const TemporaryFolder folder;
    const ServeRequest request = request_in(folder);
    Problems problems;
    Loop loop;
    const auto server = EstateServer::start(loop, request, problems);
    REQUIRE(server);
    const auto clock = SteppedClock::create(request.clock, local_midnight(june));
    REQUIRE(clock);
    const auto reader = SerialReader::make(loop, **clock, {.device = request.folder + "/reader1.tty"});
    REQUIRE(reader);
    std::optional<Result<ScannedCode>> scanned;
    const auto wait = [&]() -> Awaitable<void> { scanned = co_await (*reader)->next(); };
    loop.spawn(wait());
    // The people begin with the clock's first sight; only then does a day pass.
    REQUIRE(loop.run_until([&] { return server->begun(); }, 10s));
    (*clock)->step_to(local_midnight(june) + 48h);
    REQUIRE(loop.run_until([&] { return scanned.has_value(); }, 10s));
    REQUIRE(*scanned);
    CHECK((*scanned)->code == "PT1.riverside.lobby.1");
  }

  TEST_CASE("what is wrong is said at once, and no link or file is left") {
    const TemporaryFolder folder;
    ServeRequest request = request_in(folder);
    request.dead = {"NOBODY-1", "NOBODY-2"};
    Problems problems;
    Loop loop;
    CHECK_FALSE(EstateServer::start(loop, request, problems));
    REQUIRE(problems.size() == 2);
    CHECK(problems[0].en ==
          "no meter of this estate has the plate \"NOBODY-1\"; the plates are in meters.csv");
    CHECK(std::filesystem::is_empty(request.folder));
  }

  TEST_CASE("the serial links go with the server, the files stay") {
    const TemporaryFolder folder;
    const ServeRequest request = request_in(folder);
    Problems problems;
    Loop loop;
    auto server = EstateServer::start(loop, request, problems);
    REQUIRE(server);
    const std::filesystem::path line = std::filesystem::path(request.folder) / "line1.tty";
    CHECK(std::filesystem::is_symlink(line));
    CHECK(std::filesystem::is_character_file(line));
    server.reset();
    CHECK_FALSE(std::filesystem::is_symlink(line));
    CHECK(std::filesystem::exists(request.folder + "/edge.json"));
  }
}
