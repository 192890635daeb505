#include "edge/commission/scan_plan.hpp"
#include "edge/commission/scan_gap.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <random>
#include <set>

#include "drivers/modbus/frame.hpp"

using namespace steward;
using namespace std::chrono_literals;

namespace {

constexpr LineFormat n9600{9600, Parity::none, 1};
constexpr LineFormat e9600{9600, Parity::even, 1};
constexpr LineFormat n2400{2400, Parity::none, 1};
constexpr LineFormat e2400{2400, Parity::even, 1};

Bytes sealed(Bytes body) {
  const auto crc = crc16(body);
  body.push_back(static_cast<std::uint8_t>(crc & 0xFF));
  body.push_back(static_cast<std::uint8_t>(crc >> 8));
  return body;
}

/// A device on a virtual line: what it says to a request it understands.
struct Device {
  LineFormat format;
  std::function<Bytes(ByteView request)> says;
  std::chrono::nanoseconds thinks = 20ms;
};

/// A Modbus device of one word per register, or one that refuses.
Device modbus(std::uint8_t unit, LineFormat format, std::uint16_t word = 7, std::uint8_t refusal = 0) {
  return {format, [=](ByteView request) -> Bytes {
            if (request.size() != 8 || request[0] != unit || (request[1] != 3 && request[1] != 4)) return {};
            if (refusal != 0) return sealed({unit, static_cast<std::uint8_t>(request[1] | 0x80), refusal});
            Bytes reply{unit, request[1], static_cast<std::uint8_t>(2 * request[5])};
            for (unsigned at = 0; at < request[5]; ++at) {
              reply.push_back(static_cast<std::uint8_t>(word >> 8));
              reply.push_back(static_cast<std::uint8_t>(word & 0xFF));
            }
            return sealed(std::move(reply));
          }};
}

Device electricity(const char* digits, LineFormat format) {
  const auto address = dlt645::address_of(digits);
  REQUIRE(address);
  return {format, [=](ByteView request) -> Bytes {
            const auto heard = dlt645::read_burst(request);
            if (heard.frames.size() != 1 || !matches(heard.frames[0].address, *address)) return {};
            return dlt645::encode({*address, static_cast<std::uint8_t>(heard.frames[0].control | 0x80),
                                   Bytes(address->wire.begin(), address->wire.end())});
          }};
}

Device water(const char* digits, LineFormat format) {
  const auto address = cjt188::address_of(0x10, digits);
  REQUIRE(address);
  return {format, [=](ByteView request) -> Bytes {
            const auto heard = cjt188::read_burst(request);
            if (heard.frames.size() != 1 || !matches(heard.frames[0].address, *address)) return {};
            return cjt188::encode({*address, static_cast<std::uint8_t>(heard.frames[0].control | 0x80),
                                   Bytes{0x81, 0x0A, 0x00}});
          }};
}

/// A line in virtual time. Two that answer one request collide: their bytes are and-ed.
struct VirtualScan {
  std::vector<Device> devices;
  bool noise_to_other_speeds = false;
  std::chrono::nanoseconds took{0};
  std::vector<ScanAsk> asked;
  std::size_t switches = 0;

  ScanHeard ask(const ScanAsk& ask) {
    if (!asked.empty() && asked.back().format != ask.format) ++switches;
    asked.push_back(ask);
    ScanHeard heard;
    for (const auto& device : devices) {
      Bytes says;
      if (device.format == ask.format) says = device.says(ask.request);
      if (device.format != ask.format && noise_to_other_speeds) says = Bytes{0xF7, 0x00, 0x5E};
      if (says.empty() || device.thinks > ask.wait) continue;
      for (std::size_t at = 0; at < std::min(says.size(), heard.burst.size()); ++at)
        heard.burst[at] &= says[at];
      if (says.size() > heard.burst.size())
        heard.burst.insert(heard.burst.end(), says.begin() + static_cast<std::ptrdiff_t>(heard.burst.size()),
                           says.end());
      heard.delay = device.thinks;
    }
    const auto bytes = static_cast<std::int64_t>(ask.request.size() + heard.burst.size());
    took += characters(ask.format, bytes) + (heard.burst.empty() ? ask.wait : heard.delay) +
            2 * frame_silence(ask.format);
    return heard;
  }

  ScanPlan run(ScanScope scope) {
    ScanPlan plan(std::move(scope));
    while (const auto next = plan.next()) plan.heard(ask(*next));
    return plan;
  }
};

ScanScope modbus_scope(std::vector<LineFormat> formats, std::uint8_t to = 32) {
  ScanScope scope;
  scope.formats = std::move(formats);
  scope.protocols = {Protocol::modbus};
  scope.to = to;
  return scope;
}

std::vector<std::string> units(const ScanPlan& plan) {
  std::vector<std::string> units;
  for (const auto& found : plan.found()) units.push_back(found.unit + "@" + format_text(found.format));
  std::sort(units.begin(), units.end());
  return units;
}

std::vector<ScanSuspicion::Kind> kinds(const ScanPlan& plan) {
  std::vector<ScanSuspicion::Kind> kinds;
  for (const auto& one : plan.suspicions()) kinds.push_back(one.kind);
  return kinds;
}

}  // namespace

TEST_SUITE("edge/scan_plan") {
  TEST_CASE("32 addresses at 2 speeds and 2 parities: 32 devices named in less than 90 s of line time") {
    VirtualScan line;
    std::vector<std::string> expected;
    for (std::uint8_t unit = 1; unit <= 32; ++unit) {
      line.devices.push_back(modbus(unit, n9600));
      expected.push_back(std::to_string(unit) + "@9600 8N1");
    }
    std::sort(expected.begin(), expected.end());
    const auto plan = line.run(modbus_scope({n9600, e9600, n2400, e2400}));
    CHECK(units(plan) == expected);
    CHECK(kinds(plan).empty());
    CHECK(line.took < 90s);
    CHECK(line.switches == 3);  // speed by speed
    MESSAGE("line time " << std::chrono::duration_cast<std::chrono::milliseconds>(line.took).count()
                         << " ms");
  }

  TEST_CASE("a device that refuses is there; one slower than the first pass is found by the second") {
    VirtualScan line;
    line.devices = {modbus(3, n9600), modbus(5, n9600, 0, 0x02), modbus(9, e9600, 0, 0x01)};
    line.devices.push_back(modbus(11, n9600));
    line.devices.back().thinks = 350ms;
    const auto plan = line.run(modbus_scope({n9600, e9600, n2400}));
    CHECK(units(plan) == std::vector<std::string>{"11@9600 8N1", "3@9600 8N1", "5@9600 8N1", "9@9600 8E1"});
    for (const auto& found : plan.found()) CHECK(found.refuses == (found.unit == "5" || found.unit == "9"));
    // Nobody speaks 2400: its addresses were asked once.
    CHECK(std::count_if(line.asked.begin(), line.asked.end(),
                        [](const ScanAsk& ask) { return ask.format == n2400; }) == 32);
  }

  TEST_CASE("on a line where nothing is heard every address is asked twice, the second time patiently") {
    VirtualScan line;
    line.devices = {modbus(30, e2400)};
    line.devices.back().thinks = 380ms;
    const auto plan = line.run(modbus_scope({n9600, e2400}));
    CHECK(units(plan) == std::vector<std::string>{"30@2400 8E1"});
    CHECK(line.asked.size() == 4 * 32);
  }

  TEST_CASE("every request of every scan is a read") {
    VirtualScan line;
    std::mt19937 dice{3};
    for (std::uint8_t unit = 1; unit <= 8; ++unit)
      line.devices.push_back(modbus(unit, unit % 2 == 0 ? n9600 : e2400, static_cast<std::uint16_t>(dice())));
    line.devices.push_back(electricity("000000000117", e2400));
    line.devices.push_back(electricity("000000000217", e2400));
    line.devices.push_back(water("00000000000012", e2400));
    auto scope = modbus_scope({n9600, e9600, n2400, e2400}, 247);
    scope.protocols = {Protocol::modbus, Protocol::dlt645, Protocol::cjt188};
    ScanGuess guess;
    guess.profile = "some/1";
    guess.span = {RegisterKind::holding, 0x2A, 4};
    scope.guesses = {guess};
    line.run(scope);
    REQUIRE(line.asked.size() > 1'000);
    std::set<std::uint8_t> functions;
    for (const auto& ask : line.asked) {
      if (ask.protocol == Protocol::modbus) {
        REQUIRE(ask.request.size() == 8);
        functions.insert(ask.request[1]);
        CHECK(ask.request[0] >= 1);  // 0 is a broadcast
      } else if (ask.protocol == Protocol::dlt645) {
        REQUIRE(dlt645::read_burst(ask.request).frames.size() == 1);
        functions.insert(dlt645::read_burst(ask.request).frames[0].control);
      } else {
        REQUIRE(cjt188::read_burst(ask.request).frames.size() == 1);
        functions.insert(cjt188::read_burst(ask.request).frames[0].control);
      }
    }
    // Read holding and input registers; read the address (DL/T 645: 0x13, CJ/T 188: 0x03).
    CHECK(functions == std::set<std::uint8_t>{0x03, 0x04, 0x13});
  }

  TEST_CASE(
      "units of the plan are left to the guard at their own speed, and asked with their probe at others") {
    VirtualScan line;
    auto scope = modbus_scope({n9600, e9600});
    const RegisterSpan probe{RegisterKind::holding, 0x2A, 4};
    scope.planned = {{7, probe}, {8, probe}};
    scope.service = n9600;
    scope.guesses = {{"other/1", {RegisterKind::holding, 0x100, 2}, std::nullopt, std::nullopt}};
    line.devices = {modbus(7, n9600), modbus(8, e9600), modbus(9, n9600)};
    const auto plan = line.run(scope);
    CHECK(units(plan) == std::vector<std::string>{"8@9600 8E1", "9@9600 8N1"});
    std::size_t planned = 0;
    for (const auto& ask : line.asked) {
      if (ask.unit != 7 && ask.unit != 8) continue;
      ++planned;
      CHECK(ask.span == probe);
      CHECK(ask.format == e9600);
    }
    CHECK(planned > 0);
  }

  TEST_CASE("Chinese meters that collide on the wildcard are told apart, beside Modbus on another speed") {
    VirtualScan line;
    line.devices = {electricity("000000000117", e2400), electricity("000000000217", e2400),
                    electricity("123456789012", e2400), water("00000000000012", e2400),
                    water("00000000990012", e2400),     modbus(4, n9600)};
    ScanScope scope = modbus_scope({n9600, e2400}, 8);
    scope.protocols = {Protocol::modbus, Protocol::dlt645, Protocol::cjt188};
    const auto plan = line.run(scope);
    CHECK(units(plan) == std::vector<std::string>{"000000000117@2400 8E1", "000000000217@2400 8E1",
                                                  "10:00000000000012@2400 8E1", "10:00000000990012@2400 8E1",
                                                  "123456789012@2400 8E1", "4@9600 8N1"});
    CHECK(kinds(plan).empty());
  }

  TEST_CASE("the profile whose probe fits is named, with the serial number on its label") {
    VirtualScan line;
    line.devices = {modbus(4, n9600, 0x0001)};
    auto scope = modbus_scope({n9600}, 8);
    SerialField serial;
    serial.span = {RegisterKind::holding, 0x2B, 2};
    Variant twin;
    twin.span = {RegisterKind::holding, 0x50, 1};
    twin.values = {2};
    Variant right = twin;
    right.values = {1};
    scope.guesses = {{"twin/1", {RegisterKind::holding, 0x60, 3}, std::nullopt, twin},
                     {"plain/1", {RegisterKind::holding, 0x60, 3}, std::nullopt, std::nullopt},
                     {"right/1", {RegisterKind::holding, 0x60, 3}, std::nullopt, right},
                     {"serial/1", {RegisterKind::holding, 0x2A, 4}, serial, std::nullopt}};
    const auto plan = line.run(scope);
    REQUIRE(plan.found().size() == 1);
    const auto& fits = plan.found()[0].fits;
    REQUIRE(fits.size() == 4);
    CHECK(fits[0] == ScanFit{"right/1", "", true});
    CHECK(fits[1] == ScanFit{"serial/1", "65537", true});
    CHECK_FALSE(fits[2].proven);
    CHECK_FALSE(fits[3].proven);
  }

  TEST_CASE(
      "two devices at one address, wires swapped, another speed: each is named in 95 % of seeded faults") {
    int right = 0;
    constexpr int seeds = 100;
    for (int seed = 0; seed < seeds; ++seed) {
      CAPTURE(seed);
      std::mt19937 dice(static_cast<unsigned>(seed));
      VirtualScan line;
      const auto others = 1 + static_cast<int>(dice() % 6);
      for (int other = 0; other < others; ++other)
        line.devices.push_back(modbus(static_cast<std::uint8_t>(10 + other), n9600, 9));
      const auto fault = dice() % 3;
      auto expected = ScanSuspicion::Kind::duplicate;
      if (fault == 0) {  // their words differ, so that the sum of both is no frame
        const auto word = static_cast<std::uint16_t>(dice());
        line.devices.push_back(modbus(5, n9600, word));
        line.devices.push_back(modbus(5, n9600, static_cast<std::uint16_t>(word + 1 + dice() % 5'000)));
      } else if (fault == 1) {
        for (auto& device : line.devices)
          device = {n9600, [](ByteView request) { return Bytes{0x80, 0x00, request[1]}; }};
        line.noise_to_other_speeds = true;
        expected = ScanSuspicion::Kind::swapped;
      } else {
        line.devices.push_back(modbus(5, {4800, Parity::none, 1}));
        line.noise_to_other_speeds = true;
        for (auto& device : line.devices)
          if (device.format == n9600 && dice() % 2 == 0) device.format = e9600;
        expected = ScanSuspicion::Kind::swapped;  // nothing clear is left at any speed tried, or:
        const auto found = kinds(line.run(modbus_scope({n9600, e9600})));
        right +=
            found.size() == 1 && (found[0] == expected || found[0] == ScanSuspicion::Kind::speed) ? 1 : 0;
        continue;
      }
      const auto found = kinds(line.run(modbus_scope({n9600, e9600})));
      right += found == std::vector{expected} ? 1 : 0;
    }
    MESSAGE(right << " of " << seeds << " faults named");
    CHECK(right >= 95);
  }

  TEST_CASE("a search among noise ends soon, and says so") {
    VirtualScan line;
    line.devices = {modbus(1, {4800, Parity::none, 1})};
    line.noise_to_other_speeds = true;
    auto scope = modbus_scope({e2400});
    scope.protocols = {Protocol::dlt645, Protocol::cjt188};
    const auto plan = line.run(scope);
    CHECK(kinds(plan) == std::vector{ScanSuspicion::Kind::swapped});
    CHECK(line.asked.size() < 50);
  }

  TEST_CASE("progress counts down, and a speed without a gap is left out and named") {
    ScanPlan plan(modbus_scope({n9600, e9600}));
    const auto first = plan.progress();
    CHECK(first.left == 64);
    CHECK(first.eta > 13s);
    CHECK(first.eta < 16s);
    plan.skip(e9600);
    VirtualScan line;
    std::size_t left = plan.progress().left;
    while (const auto next = plan.next()) {
      CHECK(next->format == n9600);
      plan.heard(line.ask(*next));
      if (line.asked.size() < 32) CHECK(plan.progress().left < left);
      left = plan.progress().left;
    }
    CHECK(plan.progress().left == 0);
    CHECK(plan.progress().eta == 0ms);
    CHECK(kinds(plan) == std::vector{ScanSuspicion::Kind::skipped});
  }

  TEST_CASE("a late reply to the address before is that device's, not this one's") {
    ScanPlan plan(modbus_scope({n9600}, 2));
    REQUIRE(plan.next()->unit == 1);
    plan.heard({});
    REQUIRE(plan.next()->unit == 2);
    plan.heard({true, sealed({1, 3, 2, 0, 7}), 10ms});
    CHECK(units(plan) == std::vector<std::string>{"1@9600 8N1"});
    REQUIRE(plan.next());
    CHECK(plan.next()->kind == ScanAsk::Kind::presence);
  }

  TEST_CASE("how long a reply will be is known from its beginning, an echo before it aside") {
    ScanPlan plan(modbus_scope({n9600}, 2));
    const auto ask = *plan.next();
    CHECK(scan_whole(ask, {}) == 5);
    CHECK(scan_whole(ask, Bytes{1, 3, 2}) == 7);
    CHECK(scan_whole(ask, Bytes{1, 0x83, 2}) == 5);
    CHECK(scan_whole(ask, ask.request) == 8 + 5);
  }
}

TEST_SUITE("edge/commission/scan gaps") {
  TEST_CASE("at the line's own speed a read goes out only if it ends before the next round") {
    ScanGap gap{true, false, Milliseconds(10'000), Milliseconds(60'000), 4, true, 200ms};
    CHECK(turn_of(gap) == ScanTurn::ask);
    gap.left = Milliseconds(299);
    CHECK(turn_of(gap) == ScanTurn::wait);
    gap.left = Milliseconds(300);
    CHECK(turn_of(gap) == ScanTurn::ask);
    gap.round_due = true;
    CHECK(turn_of(gap) == ScanTurn::wait);
    gap.in_service = false;  // no round reads this line
    CHECK(turn_of(gap) == ScanTurn::ask);
  }

  TEST_CASE("another speed is asked at in slices, each with room for the probes of every unit behind it") {
    const auto at = [](std::int64_t left, std::int64_t every, std::size_t planned, bool due = false) {
      return turn_of({true, due, Milliseconds(left), Milliseconds(every), planned, false, 200ms});
    };
    CHECK(at(60'000, 60'000, 4) == ScanTurn::ask);
    CHECK(at(6'200, 60'000, 4) == ScanTurn::ask);   // 5 s, and 0.3 s for each of the four
    CHECK(at(6'199, 60'000, 4) == ScanTurn::wait);  // the slice ends
    CHECK(at(-5, 60'000, 4) == ScanTurn::wait);     // the round is late: it goes first
    CHECK(at(60'000, 60'000, 4, true) == ScanTurn::wait);
    CHECK(at(60'000, 60'000, 100) == ScanTurn::never);  // the gap could not hold their probes
    CHECK(at(900'000, 900'000, 100) == ScanTurn::ask);
    CHECK(at(1'000, 1'000, 0) == ScanTurn::never);
  }
}
