#include <doctest/doctest.h>

#include <algorithm>

#include "drivers/decode/cut.hpp"
#include "drivers/sim/encode.hpp"
#include "edge/app/line_codecs.hpp"
#include "edge/poll/meter_work.hpp"
#include "tests/unit/drivers/channels.hpp"

using namespace steward;
using namespace std::chrono_literals;

namespace {

/// Everything a round hands out.
struct Collected : RoundSink {
  void reading(Stream, Reading reading) override { readings.push_back(std::move(reading)); }
  void closing(Closing closing) override { closings.push_back(std::move(closing)); }
  void event(EdgeEvent) override {}
  void latched(const BusId&, UnitAddress) override {}
  std::vector<Reading> readings;
  std::vector<Closing> closings;
};

MeterPlan plan_of(const Profile& profile, UnitAddress unit) {
  MeterPlan meter;
  meter.meter = MeterId("M-1");
  meter.unit = unit;
  meter.profile = &profile;
  take_unit_plan(meter, plan_unit(profile, {{ChannelNo{0}}, {ChannelNo{0}}, {}}, {}));
  return meter;
}

BusPlan line_of(std::initializer_list<Protocol> protocols) {
  BusPlan plan;
  for (const auto protocol : protocols) {
    plan.meters.emplace_back();
    plan.meters.back().unit = UnitAddress{plan.meters.size(), protocol};
  }
  return plan;
}

const Instant midnight = std::chrono::sys_days{std::chrono::year{2026} / 6 / 1};

// `68 10 12 00.. 81 16 90 1F 00 10 00 10 00 2C ..`: a published reply of a water meter.
const Bytes water{0x68, 0x10, 0x12, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x81, 0x16, 0x90,
                  0x1F, 0x00, 0x10, 0x00, 0x10, 0x00, 0x2C, 0x10, 0x00, 0x10, 0x00, 0x2C,
                  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0x67, 0x16};
// 123456.78 kWh of meter 000000000001, 33 added to each data byte.
const Bytes energy{0x68, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x68, 0x91, 0x08,
                   0x33, 0x33, 0x34, 0x33, 0xAB, 0x89, 0x67, 0x45, 0x17, 0x16};
// Minus 12.5 of an electromagnetic water meter at unit 1.
const Bytes modbus{0x01, 0x03, 0x04, 0x00, 0x00, 0xC1, 0x48, 0xAB, 0x95};

std::optional<HeardFrame> taken(const BusPlan& plan, const Bytes& bytes) {
  ByteView left = bytes;
  return codec_of(plan).take(left);
}

}  // namespace

TEST_SUITE("edge/item_meter") {
  TEST_CASE("the published replies become what the dials showed, through codec and profile") {
    const Profile cold = shipped("cjt188-2004-cold-water");
    const auto frame = taken(line_of({Protocol::cjt188}), water);
    REQUIRE(frame);
    CHECK(frame->unit == UnitAddress{0x10 * 100'000'000'000'000ULL + 12, Protocol::cjt188});
    const auto& volume = cold.channels[0];
    CHECK(decode(volume, cut(frame->words, volume.span, volume.offset)) == Decoded{1'000'100});

    const Profile single = shipped("dlt645-2007-1ph");
    const auto reply = taken(line_of({Protocol::dlt645}), energy);
    REQUIRE(reply);
    CHECK(reply->unit == UnitAddress{1, Protocol::dlt645});
    CHECK(decode(single.channels[0], cut(reply->words, single.channels[0].span, 0)) == Decoded{123'456'780});
  }

  TEST_CASE("a line hears the protocols its meters speak, all of them and no other") {
    const auto all = line_of({Protocol::modbus, Protocol::dlt645, Protocol::cjt188});
    for (const auto* bytes : {&water, &energy, &modbus}) CHECK(taken(all, *bytes));
    CHECK(taken(line_of({Protocol::dlt645, Protocol::cjt188}), water));
    CHECK_FALSE(taken(line_of({Protocol::dlt645, Protocol::cjt188}), modbus));
    CHECK_FALSE(taken(line_of({Protocol::modbus}), energy));
    CHECK_FALSE(taken(line_of({Protocol::dlt645}), water));
    CHECK_FALSE(taken(line_of({Protocol::modbus, Protocol::cjt188}), energy));
  }

  TEST_CASE(
      "the first closing of an item meter is confirmed by a second read, under another tag where there is "
      "one") {
    for (const auto* name : {"dlt645-2007-1ph", "cjt188-2004-cold-water"}) {
      const Profile profile = shipped(name);
      const auto meter = plan_of(profile, {1, profile.protocol});
      MeterHistory history;
      MeterWork work(meter, {midnight, RoundKind::closing, 120s}, history);
      INFO(name);
      REQUIRE(work.asks() == 2);
      const bool twin = profile.protocol == Protocol::cjt188;
      CHECK((work.span(0) != work.span(1)) == twin);
      CHECK(work.span(1).item() == work.span(0).item());
      std::vector<std::uint8_t> item(work.span(0).count, 0);
      const auto& channel = profile.channels[0];
      const auto field = bytes_of(encode(channel, 123'450), channel.span.count);
      std::copy(field.begin(), field.end(), item.begin() + channel.offset);
      work.heard(0, paired(item), midnight + 1s);
      work.heard(1, paired(item), midnight + 2s);
      work.identified(true);
      const UnitNow now{false, false, ClockTrust::synced};
      CHECK_FALSE(work.wants_again(true, now));
      Collected records;
      CHECK(work.give_all(true, now, history, records) == 1);
      REQUIRE(records.closings.size() == 1);
      CHECK(records.closings[0].value == 123'450);
      CHECK(records.closings[0].quality == Quality::good);
      CHECK(records.closings[0].raw == cut(paired(item), channel.span, channel.offset));
    }
  }

  TEST_CASE("an item meter whose unit is not its profile's closes with no value") {
    const Profile profile = shipped("cjt188-2004-cold-water");
    const auto meter = plan_of(profile, {1, profile.protocol});
    MeterHistory history;
    MeterWork work(meter, {midnight, RoundKind::closing, 120s}, history);
    std::vector<std::uint8_t> item(19, 0);
    item[0] = 0x10;
    item[4] = 0x29;  // litres
    work.heard(0, paired(item), midnight + 1s);
    work.identified(true);
    Collected records;
    work.give_all(true, {false, false, ClockTrust::synced}, history, records);
    REQUIRE(records.closings.size() == 1);
    CHECK(records.closings[0].quality == Quality::invalid);
    CHECK(records.closings[0].reason == Reason::unit);
  }
}
