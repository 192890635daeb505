#include "drivers/modbus/unit_plan_items.hpp"

#include <doctest/doctest.h>

#include <set>

#include "drivers/decode/cut.hpp"
#include "drivers/decode/decode.hpp"
#include "drivers/modbus/plan_bundles.hpp"
#include "drivers/sim/encode.hpp"
#include "tests/unit/drivers/channels.hpp"

using namespace steward;

namespace {

ChannelSelection named(const Profile& profile, std::initializer_list<const char*> names) {
  ChannelSelection wanted;
  for (const auto* name : names) wanted.push_back(profile.channel(name)->no);
  return wanted;
}

RegisterSpan item645(std::uint32_t id, std::uint16_t bytes) { return {RegisterKind::dlt645_item, id, bytes}; }

}  // namespace

TEST_SUITE("drivers/modbus/unit_plan_items") {
  TEST_CASE("each item is one read, and a channel of it lies at its byte") {
    const Profile meter = shipped("dlt645-2007-3ph");
    REQUIRE(meter.protocol == Protocol::dlt645);
    const auto reads = item_reads(meter, named(meter, {"current_l3", "energy_import", "current_l1"}));
    REQUIRE(reads.size() == 2);
    CHECK(reads[0].span == item645(0x00010000, 4));
    CHECK(reads[1].span == item645(0x0202FF00, 9));
    REQUIRE(reads[1].channels.size() == 2);
    CHECK(reads[1].channels[0].offset == 0);
    CHECK(reads[1].channels[1].offset == 6);
  }

  TEST_CASE("every channel of every item meter comes out of its read as it went in") {
    for (const auto* name :
         {"dlt645-2007-1ph", "dlt645-2007-3ph", "cjt188-2004-cold-water", "cjt188-2018-cold-water"}) {
      const Profile meter = shipped(name);
      const auto plan = plan_unit(meter, {all_channels(meter)}, line_read_cost(meter.protocol, {}));
      CHECK(plan.weak.empty());
      std::size_t planned = 0;
      for (const auto& read : plan.reads[0]) {
        CHECK(plan.dictionary.serves(read.span));
        std::vector<std::uint8_t> item(read.span.count, 0xEE);
        for (const auto& place : read.channels) {
          const auto& channel = meter.channels[place.channel.value];
          const auto field = bytes_of(encode(channel, 200), channel.span.count);
          std::copy(field.begin(), field.end(), item.begin() + place.offset);
        }
        const Words words = paired(item);
        REQUIRE(words.size() == read.span.words());
        for (const auto& place : read.channels) {
          const auto& channel = meter.channels[place.channel.value];
          INFO(name, " ", channel.name);
          CHECK(decode(channel, cut(words, channel.span, place.offset)).value == 200);
          ++planned;
        }
      }
      CHECK(planned == meter.channels.size());
    }
  }

  TEST_CASE("a water meter's item has a twin to alternate with, and probes of its own") {
    const Profile meter = shipped("cjt188-2004-cold-water");
    const auto plan = plan_unit(meter, {all_channels(meter)}, line_read_cost(meter.protocol, {}));
    REQUIRE(plan.reads[0].size() == 1);
    const RegisterSpan data{RegisterKind::cjt188_item, 0x901F, 19};
    CHECK(plan.reads[0][0].span == data);
    CHECK(plan.dictionary.alternate(data) == RegisterSpan{RegisterKind::cjt188_item, 0x1901F, 19});
    CHECK(plan.probe.spans[0].first == 0x2901F);
    CHECK(plan.probe.spans[1].first == 0x3901F);
    CHECK(plan.probe.distinct);
    CHECK(plan.strong(ChannelNo{0}));
    // Those four, the settlement day, and the totals of the last twelve of them.
    CHECK(plan.dictionary.entries().size() == 4 + 1 + 12);
  }

  TEST_CASE("an electricity meter's probes are asked for nothing else") {
    const Profile meter = shipped("dlt645-2007-3ph");
    const auto plan = plan_unit(meter, {all_channels(meter)}, line_read_cost(meter.protocol, {}));
    std::set<Tag> tags;
    for (const auto& read : plan.reads[0]) tags.insert(tag_of(read.span));
    for (const auto& read : plan.frozen) tags.insert(tag_of(read.span));
    for (const auto& probe : plan.probe.spans) CHECK_FALSE(tags.contains(tag_of(probe)));
    CHECK_FALSE(plan.dictionary.alternate(plan.reads[0][0].span));
  }

  TEST_CASE("two weeks of frozen days have a place, with the instant of each, and a year of settlements") {
    const Profile meter = shipped("dlt645-2007-1ph");
    const auto plan = plan_unit(meter, {all_channels(meter)}, line_read_cost(meter.protocol, {}));
    REQUIRE(plan.frozen.size() == most_frozen_reads + 12);
    CHECK(plan.frozen[0].span == item645(0x05060101, 20));
    CHECK(plan.frozen[0].time == item645(0x05060001, 5));
    CHECK(plan.frozen[15].span == item645(0x05060110, 20));
    CHECK(plan.frozen[15].time == item645(0x05060010, 5));
    CHECK(plan.frozen[16].span == item645(0x00010001, 4));
    CHECK_FALSE(plan.frozen[16].time);
    CHECK(plan.frozen[27].span == item645(0x0001000C, 4));
    for (const auto& day : meter.frozen[1].settles) CHECK(plan.dictionary.serves(day));
    REQUIRE(plan.clock);
    CHECK(plan.clock->span == item645(0x0400010C, 7));
    for (const auto& read : plan.frozen) CHECK(plan.dictionary.serves(read.span));
  }

  TEST_CASE("frozen registers get a byte count each, and take none from what is read") {
    const Profile meter = shipped("acrel-adl400");
    REQUIRE_FALSE(meter.frozen.empty());
    const auto plan = plan_unit(meter, {all_channels(meter)}, rtu_read_cost({}));
    CHECK(plan.frozen.size() >= most_frozen_reads);
    std::set<Tag> tags;
    for (const auto& read : plan.frozen) {
      CHECK(tags.insert(tag_of(read.span)).second);
      CHECK(read.span.first == meter.frozen[read.list].entry(read.entry).first);
      CHECK(read.span.count >= meter.frozen[read.list].span.count);
    }
    Profile without = meter;
    without.frozen.clear();
    const auto plain = plan_unit(without, {all_channels(without)}, rtu_read_cost({}));
    CHECK(plain.reads == plan.reads);
    CHECK(plain.probe.spans == plan.probe.spans);
  }

  TEST_CASE("a full dictionary names what is left out, and never breaks off in the middle of an item") {
    Profile meter = shipped("cjt188-2004-cold-water");
    const ProfileChannel volume = meter.channels[0];
    meter.items.clear();
    meter.channels.clear();
    for (std::uint8_t at = 0; at < 40; ++at) {
      const auto id = static_cast<std::uint32_t>(0xA000 + at);
      meter.items.push_back({{RegisterKind::cjt188_item, id, 5}, "", ""});
      meter.channels.push_back(volume);
      meter.channels.back().no = ChannelNo{at};
      meter.channels.back().span.first = id;
    }
    const auto plan = plan_unit(meter, {all_channels(meter)}, line_read_cost(meter.protocol, {}));
    CHECK(plan.reads[0].size() == 31);  // 64 tags: two probes, and two for each item
    CHECK(plan.weak.size() == 9);
    CHECK_FALSE(plan.strong(ChannelNo{39}));
    for (const auto& read : plan.reads[0]) CHECK(plan.dictionary.alternate(read.span));
  }

  TEST_CASE("a line's cost counts what the protocol sends, waking bytes included") {
    const LineFormat format{2400, Parity::even, 1};
    const auto meter645 = line_read_cost(Protocol::dlt645, format);
    // 40 characters of 11 bits at 2400 baud are 183.3 ms; two silences and 20 ms of thought beside.
    CHECK(meter645.per_request_us > 183'000 + 20'000);
    CHECK(meter645.per_request_us < 183'400 + 20'000 + 2 * 20'000);
    CHECK(line_read_cost(Protocol::cjt188, format).per_request_us < meter645.per_request_us);
    CHECK(line_read_cost(Protocol::modbus, format).per_request_us == rtu_read_cost(format).per_request_us);
  }
}
