#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "contract/text/doubt_text.hpp"
#include "edge/poll/round.hpp"
#include "tests/unit/edge/model_bus.hpp"

using namespace steward;
using namespace std::chrono_literals;

namespace {

constexpr Instant round_at = instant_from_ms(1'780'272'000'000);

struct Records : RoundSink {
  void reading(Stream stream, Reading reading) override {
    (stream == Stream::readings ? billing : telemetry) += 1;
    readings.push_back(std::move(reading));
  }
  void closing(Closing closing) override { closings.push_back(std::move(closing)); }
  void event(EdgeEvent event) override { events.push_back(std::move(event)); }
  void latched(const BusId&, UnitAddress unit) override { latches.push_back(unit.byte()); }

  const Reading* of(std::uint16_t meter) const {
    const auto found = std::find_if(readings.begin(), readings.end(),
                                    [&](const Reading& r) { return r.meter_no.value == meter; });
    return found == readings.end() ? nullptr : &*found;
  }
  const Closing* closing_of(const std::string& meter) const {
    const auto found = std::find_if(closings.begin(), closings.end(),
                                    [&](const Closing& c) { return c.meter.text == meter; });
    return found == closings.end() ? nullptr : &*found;
  }
  std::vector<std::string> kinds() const {
    std::vector<std::string> list;
    for (const auto& event : events) list.push_back(event.kind);
    return list;
  }
  void clear() {
    readings.clear();
    closings.clear();
    events.clear();
  }

  std::vector<Reading> readings;
  std::vector<Closing> closings;
  std::vector<EdgeEvent> events;
  std::vector<int> latches;
  int billing = 0;
  int telemetry = 0;
};

/// Meters 1 to n on one line, each one u32 register pair of Wh and a serial number.
struct Site {
  explicit Site(std::uint8_t units = 3) {
    profile.id = ProfileId("p/1");
    ProfileChannel channel;
    channel.name = "energy_import";
    channel.span = {RegisterKind::holding, 0, 2};
    channel.as = NumberType::u32;
    channel.unit = ChannelUnit::wh;
    channel.cumulative = true;
    ProfileChannel volts = channel;
    volts.no = ChannelNo{1};
    volts.name = "voltage";
    volts.unit = ChannelUnit::millivolt;
    volts.cumulative = false;
    volts.span.first = 10;
    profile.channels = {channel, volts};
    ProbeHints probe;
    probe.spans = {RegisterSpan{RegisterKind::holding, 0x0100, 4}, {RegisterKind::holding, 0x0100, 6}};
    probe.serial = SerialField{{RegisterKind::holding, 0x0100, 1}};
    profile.bus.probe = probe;
    const ChannelSelection billed{ChannelNo{0}};
    const auto unit_plan = plan_unit(profile, {billed, billed, all_channels(profile)}, rtu_read_cost({}));
    plan.bus = BusId("b1");
    std::vector<GuardedUnit> guarded;
    for (std::uint8_t unit = 1; unit <= units; ++unit) {
      MeterPlan meter;
      meter.meter_no = MeterNo{unit};
      meter.meter = MeterId("E-" + std::to_string(unit));
      meter.unit = UnitAddress{unit};
      meter.profile = &profile;
      take_unit_plan(meter, unit_plan);
      GuardedUnit guard;
      guard.unit = meter.unit;
      guard.dictionary = meter.dictionary;
      guard.probes = meter.probe.spans;
      guard.serial = meter.probe.serial->span;
      guarded.push_back(guard);
      plan.meters.push_back(std::move(meter));
    }
    clock.set(round_at - 10s);
    bus.emplace(clock, std::move(guarded));
    for (std::uint8_t unit = 1; unit <= units; ++unit) bus->dial[unit] = 1000 * unit;
    make();
    clock.advance(10s);  // the quarantine of the start is over
  }

  void make() {
    runner.emplace(loop, clock, std::vector<BusLane>{{&*bus, plan, true}}, RoundRules{120s, 60s}, records,
                   [this](Ticks until) -> Awaitable<void> {
                     clock.advance(std::chrono::ceil<Milliseconds>(until - clock.ticks()));
                     co_return;
                   });
  }

  RoundReport run(Instant at = round_at, RoundKind kind = RoundKind::plain) {
    if (clock.now() < at) clock.advance(at - clock.now());
    std::optional<RoundReport> report;
    loop.spawn([](RoundRunner& rounds, Instant instant, RoundKind what,
                  std::optional<RoundReport>& out) -> Awaitable<void> {
      out = co_await rounds.run(instant, what);
    }(*runner, at, kind, report));
    REQUIRE(loop.run_until([&] { return report.has_value(); }, 10s));
    return *report;
  }
  RoundReport close(Instant at = round_at) { return run(at, RoundKind::closing); }
  void forget() {
    records.clear();
    bus->reads.clear();
    bus->probes.clear();
  }

  Loop loop;
  ManualClock clock;
  Profile profile;
  BusPlan plan;
  std::optional<ModelBus> bus;
  Records records;
  std::optional<RoundRunner> runner;
};

}  // namespace

TEST_SUITE("edge/round") {
  TEST_CASE("what came before its meter refused the registers is sealed by nothing that came after") {
    Site site;
    MeterHistory history;
    MeterWork work(site.plan.meters[0], {round_at, RoundKind::closing, 120s}, history);
    work.heard(0, Words(work.span(0).count), round_at);
    work.refused(0);
    CHECK(work.give_all(true, {}, history, site.records) == 0);
    CHECK(site.records.closings.empty());
    CHECK(history.billed.empty());
  }

  TEST_CASE("a round identifies and reads every meter and stamps each reply when it came") {
    Site site;
    CHECK(site.run() == RoundReport{round_at, 3, 0, false});
    CHECK(site.bus->reads == std::vector{1, 2, 3});
    REQUIRE(site.records.readings.size() == 3);
    const auto& second = site.records.readings[1];
    CHECK(second.round_at == round_at);
    CHECK(second.taken_at > site.records.readings[0].taken_at);
    CHECK(second.value == 2000);
    CHECK(second.quality == Quality::good);
    CHECK(second.raw == Words{0, 2000});
    CHECK(site.records.closings.empty());
    CHECK(site.records.events.empty());
  }

  TEST_CASE("the quarantine of the start is waited for, and nobody is called silent for it") {
    Site site;
    site.clock = ManualClock(round_at);  // a moment after the start
    site.bus.emplace(site.clock, [&] {
      std::vector<GuardedUnit> units;
      for (const auto& meter : site.plan.meters)
        units.push_back({meter.unit, meter.dictionary, meter.probe.spans, meter.probe.serial->span});
      return units;
    }());
    site.make();
    CHECK(site.run().readings == 3);
    CHECK(site.records.of(1)->taken_at >= round_at + 3s);
    CHECK(site.records.events.empty());
  }

  TEST_CASE("a dead meter costs its neighbours one time-out; its second probe comes after them") {
    Site site;
    site.bus->dead = {1};
    CHECK(site.run() == RoundReport{round_at, 2, 1, false});
    CHECK(site.bus->probes == std::vector{1, 2, 3, 1});
    CHECK(site.records.of(3)->taken_at < round_at + 1500ms);
    REQUIRE(site.records.kinds() == std::vector<std::string>{"unit_silent"});
    const auto& event = site.records.events[0];
    CHECK(event.subject == "E-1");
    CHECK(event.detail.starts_with(
        "unit 1 of bus b1 gives no value: no reply in 1000 ms; next: only this meter is "
        "silent; check its power"));
    CHECK(event.detail.find("供电") != std::string::npos);
    CHECK(site.runner->silent_meters() == std::vector{MeterId("E-1")});
    CHECK(site.runner->reports()[0].advice.trouble == Trouble::unit_silent);
    CHECK(site.runner->reports()[1].advice.trouble == Trouble::none);
  }

  TEST_CASE("a known silent meter gets one probe a round and no second event, until it answers") {
    Site site;
    site.bus->dead = {2};
    site.run();
    site.forget();
    CHECK(site.run(round_at + 1h).silent == 1);
    CHECK(site.bus->reads == std::vector{1, 3});
    CHECK(site.bus->probes == std::vector{2});
    CHECK(site.records.events.empty());
    site.bus->dead.clear();
    CHECK(site.run(round_at + 2h).silent == 0);
    CHECK(site.records.kinds() == std::vector<std::string>{"unit_answers"});
    CHECK(site.records.of(2) != nullptr);
    CHECK(site.runner->silent_meters().empty());
  }

  TEST_CASE("one garbled reply is made up for within the round, without an event") {
    Site site;
    site.run();
    site.forget();
    site.bus->garbled[1] = 1;
    CHECK(site.run(round_at + 1h) == RoundReport{round_at + 1h, 3, 0, false});
    CHECK(site.bus->reads == std::vector{1, 2, 3, 1});
    CHECK(site.records.events.empty());
    CHECK(site.records.of(1)->value == 1000);
  }

  TEST_CASE("a register the meter does not have is said once and not asked for again") {
    Site site;
    site.bus->refusing = {2};
    CHECK(site.run() == RoundReport{round_at, 2, 0, false});
    CHECK(site.records.kinds() == std::vector<std::string>{"register_unsupported"});
    site.forget();
    site.run(round_at + 1h);
    CHECK(site.bus->reads == std::vector{1, 3});
    CHECK(site.records.events.empty());
  }

  TEST_CASE("a closing stands between two identities, and without history on a second byte count") {
    Site site;
    CHECK(site.close().readings == 3);
    CHECK(site.bus->reads == std::vector{1, 1, 2, 2, 3, 3});
    CHECK(site.bus->probes == std::vector{1, 1, 2, 2, 3, 3});
    CHECK(site.records.readings.size() == 3);
    REQUIRE(site.records.closings.size() == 3);
    const auto& closing = site.records.closings[2];
    CHECK(closing.meter == MeterId("E-3"));
    CHECK(closing.profile == ProfileId("p/1"));
    CHECK(closing.channel == "energy_import");
    CHECK(closing.unit == ChannelUnit::wh);
    CHECK(closing.value == 3000);
    CHECK(closing.quality == Quality::good);
    CHECK(closing.taken_at == site.records.of(3)->taken_at);
    CHECK(closing.trust == ClockTrust::synced);
    CHECK(closing.raw == Words{0, 3000});
  }

  TEST_CASE("the next closing has history and needs one read") {
    Site site(1);
    site.close();
    site.run(round_at + 1h);
    site.forget();
    site.bus->dial[1] = 1500;
    site.close(round_at + 24h);
    CHECK(site.bus->reads.size() == 1);
    CHECK(site.records.closings.at(0).quality == Quality::good);
  }

  TEST_CASE("a jump is confirmed by a second byte count before it is billed") {
    Site site(1);
    site.close();
    site.run(round_at + 1h);
    site.forget();
    site.bus->dial[1] = 900'000'000;
    site.close(round_at + 24h);
    CHECK(site.bus->reads.size() == 3);
    CHECK(site.records.closings.at(0).quality == Quality::good);
    CHECK(site.records.closings.size() == 1);
  }

  TEST_CASE(
      "a meter that falls silent before its second identity gives a suspect closing, not a billed one") {
    Site site(1);
    site.run();
    site.forget();
    int asked = 0;
    site.bus->on_ask = [&](UnitAddress) {
      if (++asked == 4) site.bus->dead = {1};  // identity, value, second value, and then nothing
    };
    CHECK(site.close(round_at + 1h).silent == 1);
    REQUIRE(site.records.closings.size() == 1);
    CHECK(site.records.closings[0].quality == Quality::suspect);
    CHECK(site.records.closings[0].reason == Reason::time_unsure);
    CHECK(site.records.closings[0].value == 1000);
  }

  TEST_CASE("two units at one address are latched, and the last clean check is named") {
    Site site(2);
    site.close();
    const auto clean = site.clock.now();
    site.forget();
    site.bus->serial[1] = 77;
    site.bus->dial[1] = 5000;
    site.close(round_at + 24h);
    const auto clash = std::find_if(site.records.events.begin(), site.records.events.end(),
                                    [](const EdgeEvent& event) { return event.kind == "unit_exchanged"; });
    REQUIRE(clash != site.records.events.end());
    CHECK(clash->subject == "E-1");
    const auto doubt = read_doubt_detail(clash->detail);
    REQUIRE(doubt);
    CHECK(doubt->since <= clean);
    CHECK(doubt->since >= round_at);
    CHECK_FALSE(doubt->until);
    CHECK(site.records.latches == std::vector{1});
    CHECK(site.runner->reports()[0].advice.trouble == Trouble::exchanged);
    CHECK(site.records.closing_of("E-1")->reason == Reason::identity);
    CHECK(site.records.closing_of("E-2")->quality == Quality::good);
    CHECK(site.records.of(1)->reason == Reason::identity);

    site.forget();
    CHECK(site.runner->unlatch(MeterId("E-1"), [](const BusId& bus, UnitAddress unit) {
      CHECK(bus.text == "b1");
      CHECK(unit == UnitAddress{1});
    }));
    CHECK_FALSE(site.runner->unlatch(MeterId("E-9"), [](const BusId&, UnitAddress) {}));
    CHECK(site.records.kinds() == std::vector<std::string>{"unit_cleared"});
    site.close(round_at + 48h);
    CHECK(site.records.closing_of("E-1")->quality == Quality::good);
  }

  TEST_CASE("a register that went down is an event of the meter's life, with both registers and rounds") {
    Site site(1);
    site.run();
    site.bus->dial[1] = 400;
    site.forget();
    site.run(round_at + 1h);
    REQUIRE(site.records.kinds() == std::vector<std::string>{"meter_fell"});
    const auto event = read_meter_event(site.records.events[0]);
    REQUIRE_MESSAGE(event, event.error().message);
    CHECK(event->meter == MeterId("E-1"));
    CHECK(event->since == round_at);
    CHECK(event->at == round_at + 1h);
    CHECK(event->old_register == 1000);
    CHECK(event->new_register == 400);
    CHECK(site.runner->known_life(MeterId("E-1"))->finding == *event);
    CHECK(site.runner->known_life(MeterId("E-1"))->mark == LifeMark{400, round_at + 1h});
    site.forget();
    site.run(round_at + 2h);
    CHECK(site.records.events.empty());  // said once

    site.runner->explained(MeterId("E-1"), LifeMark{0, round_at + 2h});
    CHECK_FALSE(site.runner->known_life(MeterId("E-1"))->finding);
    site.bus->dial[1] = 3;
    site.run(round_at + 3h);
    CHECK(site.records.events.empty());
    CHECK(site.records.of(1)->quality == Quality::good);
    CHECK_FALSE(site.runner->known_life(MeterId("E-9")));
  }

  TEST_CASE("another serial number is a doubt until it is cleared, and an event no bill crosses after that") {
    Site site(1);
    site.close();
    site.bus->serial[1] = 77;
    site.bus->dial[1] = 5000;
    site.forget();
    site.close(round_at + 24h);
    CHECK(site.records.kinds() == std::vector<std::string>{"unit_exchanged", "meter_serial_changed"});
    const auto event = read_meter_event(site.records.events.at(1));
    REQUIRE_MESSAGE(event, event.error().message);
    CHECK(event->at > round_at);
    REQUIRE(event->since);
    CHECK(*event->since <= round_at);
  }

  TEST_CASE("what a strange meter showed is not held against the right one") {
    Site site(1);
    site.close();
    site.bus->serial[1] = 77;
    site.bus->dial[1] = 9000;
    site.close(round_at + 24h);
    site.bus->serial[1] = 1;
    site.bus->dial[1] = 1100;
    REQUIRE(site.runner->unlatch(MeterId("E-1"), [](const BusId&, UnitAddress) {}));
    site.forget();
    site.close(round_at + 48h);
    CHECK(site.records.kinds() == std::vector<std::string>{});
  }

  TEST_CASE("a meter that is not the one the list names gives no good value") {
    Site site(1);
    site.plan.meters[0].serial = "42";
    site.make();
    site.close();
    CHECK(site.records.kinds() == std::vector<std::string>{"unit_exchanged"});
    CHECK(site.runner->reports()[0].advice.trouble == Trouble::exchanged);
    CHECK(site.records.closings.at(0).reason == Reason::identity);
    CHECK(site.records.of(1)->quality == Quality::suspect);
    Site right(1);
    right.plan.meters[0].serial = "1";
    right.make();
    right.close();
    CHECK(right.records.closings.at(0).quality == Quality::good);
  }

  TEST_CASE("a second master spoils the line's closings and takes back the last ones") {
    Site site(2);
    site.close();
    site.forget();
    HeardFrame foreign;
    foreign.kind = HeardFrame::Kind::request;
    foreign.unit = UnitAddress{9};
    foreign.function = 3;
    site.bus->strays = {foreign};
    site.close(round_at + 24h);
    const auto kinds = site.records.kinds();
    CHECK(std::count(kinds.begin(), kinds.end(), "second_master") == 1);
    for (const auto* meter : {"E-1", "E-2"}) CHECK(site.records.closing_of(meter)->reason == Reason::foreign);
    site.forget();
    site.clock.advance(11min);
    site.close(round_at + 48h);
    CHECK(site.records.closing_of("E-1")->quality == Quality::good);
    const auto later = site.records.kinds();
    CHECK(std::count(later.begin(), later.end(), "line_alone") == 1);
  }

  TEST_CASE("a reading taken after the skew limit is kept and marked") {
    Site site;
    site.clock.advance(120s);
    site.run();
    CHECK(site.records.of(1)->quality == Quality::suspect);
    CHECK(site.records.of(1)->reason == Reason::skew);
    CHECK(site.records.of(1)->value == 1000);
  }

  TEST_CASE("a register that fell between two rounds is marked once, then it is the new measure") {
    Site site;
    site.run();
    site.records.clear();
    site.bus->dial[2] = 10;
    site.run(round_at + 1h);
    CHECK(site.records.of(2)->reason == Reason::backwards);
    CHECK(site.records.of(1)->quality == Quality::good);
    site.records.clear();
    site.run(round_at + 2h);
    CHECK(site.records.of(2)->quality == Quality::good);
  }

  TEST_CASE("attempts of one closing are compared with what was before it, not with one another") {
    Site site(1);
    site.close();
    site.forget();
    site.bus->dial[1] = 10;
    site.close(round_at + 24h);
    CHECK(site.records.closings.at(0).reason == Reason::backwards);
    CHECK(site.records.closings.size() == 1);
  }

  TEST_CASE("live values are telemetry, wait for nobody and end before the next snapshot") {
    Site site;
    site.bus->dead = {2};
    site.run();
    site.forget();
    const auto began = site.clock.now();
    const auto live = site.run(began, RoundKind::live);
    CHECK(live.readings == 2);
    CHECK(site.records.telemetry == 2);
    CHECK(site.records.readings[0].round_at == site.records.readings[0].taken_at);
    CHECK(site.records.closings.empty());
    CHECK(site.records.events.empty());
    site.forget();
    std::optional<RoundReport> report;
    site.loop.spawn([](RoundRunner& rounds, Instant now, std::optional<RoundReport>& out) -> Awaitable<void> {
      out = co_await rounds.run(now, RoundKind::live, now + Milliseconds(10));
    }(*site.runner, site.clock.now(), report));
    REQUIRE(site.loop.run_until([&] { return report.has_value(); }, 10s));
    CHECK(site.bus->reads.size() <= 1);
  }

  TEST_CASE("a cancelled round ends after the read in hand and calls nobody silent") {
    Site site;
    site.bus->dead = {1};
    site.bus->on_ask = [&](UnitAddress) { site.runner->cancel(); };
    const auto report = site.run();
    CHECK(report.cancelled);
    CHECK(report.readings == 0);
    CHECK(site.bus->probes == std::vector{1});
    CHECK(site.records.events.empty());
  }

  TEST_CASE("three dead of 32 cost a line at most 5 %, and the others keep every round") {
    Site site(32);
    site.bus->dead = {4, 15, 30};
    Milliseconds busy_before{0};
    Milliseconds dead_before{0};
    Instant from{};
    for (int round = 0; round < 400; ++round) {
      const auto at = round_at + round * 5s;
      site.records.clear();
      CHECK(site.run(std::max(at, site.clock.now())).silent <= 3);
      CHECK(site.records.readings.size() == 29);
      if (round == 20) {  // beyond the first minute, and beyond the patience of the first round
        busy_before = site.bus->busy;
        dead_before = site.bus->dead_busy;
        from = site.clock.now();
      }
    }
    const auto passed = site.clock.now() - from;
    const auto dead = site.bus->dead_busy - dead_before;
    CAPTURE(passed.count());
    CAPTURE(dead.count());
    CHECK(dead * 100 <= passed * 5);
    CHECK(dead.count() > 0);  // and they are asked again and again
    // 29 reads and an identity now and then take about 2.2 s of each 5: no round was late.
    CHECK(passed <= 5s * 380);
    CHECK(site.bus->busy - busy_before < passed);
  }
}
