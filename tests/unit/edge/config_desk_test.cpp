#include "edge/config/config_desk.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>

#include "contract/wire/envelope.hpp"
#include "kit/loop/loop.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/test_keys.hpp"

using namespace steward;
using namespace std::chrono_literals;

namespace {

const SiteId site("riverside");
const GatewayId gateway("gw1");

/// A config of `meters` on one bus at `host`: the host says what happens under it.
SiteConfigDocument document(std::uint64_t version, const std::string& host = "good", int meters = 4) {
  SiteConfigDocument made;
  made.site = site;
  made.gateway = gateway;
  made.version = version;
  BusSetup bus;
  bus.bus = BusId("b1");
  bus.tcp.host = host;
  made.buses.push_back(bus);
  for (int at = 1; at <= meters; ++at) {
    MeterSetup meter;
    meter.meter = MeterId("E-" + std::to_string(at));
    meter.profile = ProfileId("p/1");
    meter.bus = bus.bus;
    meter.unit = {static_cast<std::uint64_t>(at)};
    made.meters.push_back(meter);
  }
  return made;
}
Bytes signed_by_cloud(const SiteConfigDocument& made) {
  auto bytes = encode_desired(made, test::cloud_key());
  REQUIRE_MESSAGE(bytes, bytes.error().message);
  return *bytes;
}

struct Disk {
  std::map<std::string, std::string> marks;
  std::vector<EdgeEvent> events;
  std::vector<std::vector<std::string>> transactions;  // the names of the marks of each
};

/// A gateway that runs by whatever it is told, from a start of its program to the next.
struct Gateway final : ConfigActs {
  explicit Gateway(Disk& the_disk) : disk(the_disk) {
    auto kept =
        read_kept_config([&](const std::string& name) { return Result<std::string>(disk.marks[name]); });
    REQUIRE(kept);
    if (count_start(*kept)) {
      const auto mark = config_state_mark(kept->state);
      disk.marks[mark.name] = mark.text;
    }
    run_by(kept->text);
    desk = std::make_unique<ConfigDesk>(clock, cloud, site, gateway, ConfigRules{3, 6, 1h}, *this);
    run(desk->begin(std::move(*kept)));
  }
  void run_by(const std::string& text) {
    Problems none;
    const auto read = read_site_config("x", text, none);
    in_force = read ? *read : document(0);  // the own file: all is well
  }
  bool check(const SiteConfigDocument& wanted, Problems& problems) override {
    for (const auto& meter : wanted.meters)
      if (meter.profile.text == "unknown/1")
        problems.push_back({"desired", 7, "there is no profile for " + meter.meter.text, "没有表型"});
    return problems.empty();
  }
  Awaitable<Result<void>> change_to(const SiteConfigDocument* wanted) override {
    ++changes;
    if (wanted != nullptr && wanted->buses[0].tcp.host == "unstartable")
      co_return Error{Fault::broken, "no such line"};
    in_force = wanted == nullptr ? document(0) : *wanted;
    co_return Result<void>{};
  }
  Baseline health() const override {
    Baseline now;
    const auto& host = in_force.buses[0].tcp.host;
    now.connected = online && host != "cuts the line";
    for (const auto& meter : in_force.meters)
      if (host != "dead" && (host != "deaf to one" || meter.meter.text != "E-2"))
        now.well.insert(meter.meter);
    return now;
  }
  Awaitable<Result<void>> keep(std::vector<SavedMark> marks, std::vector<EdgeEvent> events) override {
    auto& names = disk.transactions.emplace_back();
    for (auto& mark : marks) {
      names.push_back(mark.name);
      REQUIRE(mark.name.size() <= max_mark_name);
      REQUIRE(mark.text.size() <= max_mark_text);
      disk.marks[mark.name] = mark.text;
    }
    disk.events.insert(disk.events.end(), events.begin(), events.end());
    co_return Result<void>{};
  }
  void report(const std::string& text) override {
    auto read = decode_reported(text);
    REQUIRE_MESSAGE(read, read.error().message);
    reports.push_back(*read);
  }

  void run(Awaitable<void> task) {
    bool done = false;
    loop.spawn([](Awaitable<void> waited, bool& out) -> Awaitable<void> {
      co_await std::move(waited);
      out = true;
    }(std::move(task), done));
    REQUIRE(loop.run_until([&] { return done; }, 20s));
  }
  void take(const Bytes& payload) { run(desk->received(payload)); }
  void rounds(int count) {
    for (int at = 0; at < count; ++at) {
      clock.advance(15min);
      run(desk->between_rounds(true));
    }
  }
  std::uint64_t version() const { return in_force.version; }

  Disk& disk;
  Loop loop;
  ManualClock clock;
  VerifyingKey cloud{test::cloud_key().public_key()};
  SiteConfigDocument in_force;
  std::vector<ReportedConfig> reports;
  std::size_t changes = 0;
  bool online = true;
  std::unique_ptr<ConfigDesk> desk;
};

}  // namespace

TEST_SUITE("edge/config") {
  TEST_CASE(
      "a config is put in force between two rounds, in one transaction, and reported once it has proven "
      "itself") {
    Disk disk;
    Gateway gw(disk);
    gw.take(signed_by_cloud(document(1)));
    CHECK(gw.version() == 0);  // not in the middle of a round
    gw.rounds(1);
    CHECK(gw.version() == 1);
    CHECK(gw.reports.empty());
    REQUIRE(disk.transactions.size() == 1);
    CHECK(std::ranges::count(disk.transactions[0], "config/state") == 1);
    CHECK(std::ranges::count(disk.transactions[0], "config/b/0") == 1);
    gw.rounds(3);
    REQUIRE(gw.reports.size() == 1);
    CHECK(gw.reports[0].applied);
    CHECK(gw.reports[0].version == 1);
    CHECK(disk.events.back().kind == "config_accepted");
    gw.take(signed_by_cloud(document(2, "good", 5)));
    gw.rounds(4);
    CHECK(gw.version() == 2);
    CHECK(gw.reports.back().version == 2);
    Gateway again(disk);
    CHECK(again.version() == 2);
    again.desk->connected();
    CHECK(again.reports.back() == gw.reports.back());
  }

  TEST_CASE("a config that breaks a bus, a meter or the line to the broker reverts by itself") {
    for (const std::string host : {"dead", "deaf to one", "cuts the line", "unstartable"}) {
      CAPTURE(host);
      Disk disk;
      Gateway gw(disk);
      gw.take(signed_by_cloud(document(1)));
      gw.rounds(4);
      REQUIRE(gw.version() == 1);
      gw.take(signed_by_cloud(document(2, host)));
      gw.rounds(7);
      CHECK(gw.version() == 1);
      REQUIRE(gw.reports.size() == 2);
      CHECK_FALSE(gw.reports.back().applied);
      CHECK(gw.reports.back().version == 2);
      CHECK(gw.reports.back().problems.front().en.find("taken back: ") == 0);
      CHECK_FALSE(gw.reports.back().problems.front().zh.empty());
      CHECK(disk.events.back().kind == "config_reverted");
      const auto changes = gw.changes;
      gw.take(signed_by_cloud(document(2, host)));  // the broker says it again
      gw.rounds(3);
      CHECK(gw.changes == changes);
      CHECK(gw.reports.back().version == 2);
      gw.take(signed_by_cloud(document(3)));
      gw.rounds(4);
      CHECK(gw.version() == 3);
    }
  }

  TEST_CASE(
      "without its probation a config that breaks a bus would stay: the health is what brings it back") {
    Disk disk;
    Gateway gw(disk);
    gw.take(signed_by_cloud(document(1, "dead")));
    gw.rounds(1);
    CHECK(gw.version() == 1);  // in force, and nothing else would ever undo it
    gw.rounds(6);
    CHECK(gw.version() == 0);
  }

  TEST_CASE(
      "what was bad before the change is not held against it, and a meter that is taken off may be silent") {
    Disk disk;
    Gateway gw(disk);
    gw.online = false;
    gw.in_force.buses[0].tcp.host = "deaf to one";
    gw.take(signed_by_cloud(document(1, "deaf to one", 3)));
    gw.rounds(4);
    CHECK(gw.version() == 1);
    CHECK(gw.reports.back().applied);
  }

  TEST_CASE("rounds that never end do not keep a config: patience is on the steady clock") {
    Disk disk;
    Gateway gw(disk);
    gw.take(signed_by_cloud(document(1)));
    gw.rounds(1);
    gw.clock.set(gw.clock.now() - 24h * 400);  // the wall clock does not matter
    gw.clock.advance(59min);
    gw.run(gw.desk->between_rounds(false));
    CHECK(gw.version() == 1);
    gw.clock.advance(1min);
    gw.run(gw.desk->between_rounds(false));
    CHECK(gw.version() == 0);
    CHECK(gw.reports.back().problems.front().en.find("no round came to its end") != std::string::npos);
  }

  TEST_CASE("a config that ends the program again and again is taken back at its third start") {
    Disk disk;
    {
      Gateway gw(disk);
      gw.take(signed_by_cloud(document(1)));
      gw.rounds(1);
    }
    for (int start = 1; start <= 3; ++start) {
      Gateway gw(disk);
      CHECK(gw.version() == (start < 3 ? 1 : 0));
    }
    Gateway after(disk);
    CHECK(after.version() == 0);
    CHECK(disk.events.back().kind == "config_reverted");
    after.take(signed_by_cloud(document(1)));
    after.rounds(2);
    CHECK(after.version() == 0);  // judged for good
  }

  TEST_CASE("no version is taken that is not above the highest ever judged, over restarts too") {
    Disk disk;
    {
      Gateway gw(disk);
      auto bad = document(8);
      bad.meters[0].profile = ProfileId("unknown/1");
      bad.meters[2].profile = ProfileId("unknown/1");
      gw.take(signed_by_cloud(bad));
      REQUIRE(gw.reports.size() == 1);
      CHECK(gw.reports[0].problems.size() == 2);  // all at once
      CHECK(gw.reports[0].problems[1].en == "there is no profile for E-3");
    }
    Gateway gw(disk);
    gw.rounds(1);
    for (const std::uint64_t version : {std::uint64_t{1}, std::uint64_t{7}}) {
      gw.take(signed_by_cloud(document(version)));
      CHECK(gw.reports.back().version == version);
      CHECK(gw.reports.back().problems.front().en.find("not above 8") != std::string::npos);
    }
    gw.rounds(2);
    CHECK(gw.version() == 0);
    gw.take(signed_by_cloud(document(9)));
    gw.rounds(4);
    CHECK(gw.version() == 9);
  }

  TEST_CASE("1,000 bytes flipped in a desired config: the last good one stays, whole and in force") {
    constexpr std::uint64_t seed = 20'261'130;
    MESSAGE("seed " << seed);
    std::mt19937_64 dice(seed);
    Disk disk;
    Gateway gw(disk);
    gw.take(signed_by_cloud(document(1)));
    gw.rounds(4);
    const auto good = disk.marks;
    const auto next = signed_by_cloud(document(2, "good", 9));
    for (int flip = 0; flip < 1000; ++flip) {
      auto bytes = next;
      bytes[static_cast<std::size_t>(dice() % bytes.size())] ^= static_cast<std::uint8_t>(1 + dice() % 255);
      gw.take(bytes);
      if (flip % 100 == 0) gw.rounds(1);
    }
    CHECK(gw.version() == 1);
    CHECK(disk.marks["config/state"] == good.at("config/state"));
    CHECK(gw.in_force == document(1));
    gw.take(next);  // what was flipped was a good one
    gw.rounds(4);
    CHECK(gw.version() == 2);
  }

  TEST_CASE(
      "1,000 bytes flipped on disk: a damaged config is never run by, the one before or the own file is") {
    std::mt19937_64 dice(7);
    Disk disk;
    {
      Gateway gw(disk);
      gw.take(signed_by_cloud(document(1)));
      gw.rounds(4);
      gw.take(signed_by_cloud(document(2, "good", 9)));
      gw.rounds(2);  // on probation: the one before is there too
    }
    std::size_t previous = 0;
    for (int flip = 0; flip < 1000; ++flip) {
      auto marks = disk.marks;
      auto& text = marks["config/a/0"];  // slots alternate: b, then a
      text[static_cast<std::size_t>(dice() % text.size())] ^= static_cast<char>(1 + dice() % 127);
      const auto kept =
          read_kept_config([&](const std::string& name) { return Result<std::string>(marks[name]); });
      REQUIRE(kept);
      CHECK(kept->text == marks["config/b/0"]);
      CHECK(kept->state.active.version == 1);
      CHECK(kept->trouble.find("config 2 is damaged") == 0);
      ++previous;
    }
    CHECK(previous == 1000);
    auto marks = disk.marks;
    marks["config/a/0"][5] ^= 1;
    marks["config/b/0"][5] ^= 1;
    const auto kept =
        read_kept_config([&](const std::string& name) { return Result<std::string>(marks[name]); });
    CHECK(kept->text.empty());
    CHECK(kept->state.active.version == 0);
    marks["config/state"][0] = 'w';
    CHECK_FALSE(read_kept_config([&](const std::string& name) { return Result<std::string>(marks[name]); }));
  }

  TEST_CASE(
      "one for another gateway, or signed by another key, changes nothing; a foreign key gets no answer") {
    Disk disk;
    Gateway gw(disk);
    auto foreign = document(5);
    foreign.gateway = GatewayId("gw2");
    gw.take(signed_by_cloud(foreign));
    CHECK(gw.reports.size() == 1);
    for (int again = 0; again < 50; ++again) gw.take(*encode_desired(document(6), test::gateway_key()));
    CHECK(gw.reports.size() == 1);
    CHECK(std::ranges::count(disk.events, "config_refused", &EdgeEvent::kind) == 2);
    gw.rounds(2);
    CHECK(gw.version() == 0);
    CHECK(gw.desk->state().highest == 0);
  }

  TEST_CASE("forged, replayed and foreign configs change nothing, and the genuine one is still taken") {
    const auto bit = [](Bytes bytes, std::size_t at) {
      bytes.at(at) ^= 1;
      return bytes;
    };
    const auto version = [](std::uint64_t number) { return signed_by_cloud(document(number, "good", 9)); };
    const auto next = version(6);
    const auto foreign = [&](const std::string& at_site, const std::string& at_gateway) {
      auto made = document(6, "good", 9);
      made.site = SiteId(at_site);
      made.gateway = GatewayId(at_gateway);
      return signed_by_cloud(made);
    };
    const auto inside = unwrap(content_type::site_config, next, next.size());
    REQUIRE(inside);
    const auto as = [&](std::string_view type) { return seal(type, inside->payload, test::cloud_key()); };
    const struct {
      const char* what;
      Bytes bytes;
    } forgeries[] = {
        {"nothing", {}},
        {"text", Bytes(60, '{')},
        {"far too much", Bytes(1 << 20, 0xD2)},
        {"the next one, cut off", Bytes(next.begin(), next.end() - 1)},
        {"half of the next one", Bytes(next.begin(), next.begin() + 200)},
        {"the next one, one bit of its signature changed", bit(next, next.size() - 1)},
        {"the next one, one bit of its content changed", bit(next, next.size() - 80)},
        {"the next one, one bit of its head changed", bit(next, 3)},
        {"the next one, signed by the gateway itself",
         *encode_desired(document(6, "good", 9), test::gateway_key())},
        {"the next one, signed by nobody's key",
         *encode_desired(document(6, "good", 9), SigningKey::from_seed({66}))},
        {"the next one, sealed as an ack", as(content_type::ack)},
        {"the next one, sealed as a command", as(content_type::command)},
        {"the next one, sealed as a block", as(content_type::block)},
        {"the next one of a neighbour", foreign("riverside", "gw2")},
        {"the next one of another site", foreign("hillside", "gw1")},
        {"the one in force, replayed", version(5)},
        {"another document under the version in force", signed_by_cloud(document(5, "dead"))},
        {"the one before, replayed", signed_by_cloud(document(4))},
        {"the first there ever was, replayed", signed_by_cloud(document(1))},
    };
    for (const auto& forgery : forgeries) {
      INFO(forgery.what);
      Disk disk;
      Gateway gw(disk);
      gw.take(signed_by_cloud(document(4)));
      gw.rounds(4);
      gw.take(version(5));
      gw.rounds(4);
      REQUIRE(gw.version() == 5);
      auto before = disk.marks;
      gw.take(forgery.bytes);
      gw.rounds(2);
      CHECK(gw.in_force == document(5, "good", 9));
      CHECK(gw.desk->state().highest == 5);
      CHECK(gw.desk->state().active.version == 5);
      // What is answered may be remembered; what it runs by is as it was, after a restart too.
      for (const char* slot : {"config/a/0", "config/b/0"}) CHECK(disk.marks[slot] == before[slot]);
      auto copy = disk;
      CHECK(Gateway(copy).in_force == document(5, "good", 9));
      gw.take(next);
      gw.rounds(4);
      CHECK(gw.version() == 6);
    }
    CHECK(std::size(forgeries) == 19);
  }

  TEST_CASE("the largest config there may be fits its marks and comes back whole") {
    SiteConfigDocument large = document(3, "good", 247);
    for (int bus = 2; bus <= 6; ++bus) {
      auto more = document(3, "good", 247);
      more.buses[0].bus = BusId("b" + std::to_string(bus));
      large.buses.push_back(more.buses[0]);
      for (auto& meter : more.meters) {
        meter.bus = more.buses[0].bus;
        meter.meter.text += "-" + std::to_string(bus);
        meter.name = "一单元 \"" + std::to_string(bus) + "\", 101";
        large.meters.push_back(meter);
      }
    }
    Disk disk;
    {
      Gateway gw(disk);
      gw.take(signed_by_cloud(large));
      gw.rounds(1);
      CHECK(gw.version() == 3);
    }
    Gateway after(disk);
    CHECK(after.in_force == large);
  }
}
