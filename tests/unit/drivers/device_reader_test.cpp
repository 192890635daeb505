#include <doctest/doctest.h>

#include "drivers/decode/profile.hpp"
#include "tests/unit/drivers/channels.hpp"

using namespace steward;

namespace {

const std::string good = R"({
  "$schema": "../../contract/schema/profile.schema.json",
  "profile": "demo/1", "title": { "zh": "示例", "en": "Demo" }, "source": "manual", "address_base": 1,
  "bus": { "max_span": 20, "count_step": 2, "double_fc": true, "alternate": false, "delay_floor_ms": 5000,
           "pipeline": 4,
           "probe": { "kind": "holding", "first": 131, "counts": [4, 6],
                      "serial": { "first": 132, "words": 2, "as": "number" }, "source": "table 9" } },
  "variant": { "of": "demo", "kind": "input", "first": 12, "words": 1, "values": [7, "0x0008"] },
  "clock": { "kind": "holding", "first": 19, "words": 3, "bytes": ["year", "month", "day", "hour", "minute", "second"] },
  "frozen": [ { "name": "daily", "kind": "holding", "first": 24577, "words": 4, "stride": 34, "entries": 90,
                "bytes": ["year", "month", "day", "hour"], "parts": [ { "channel": "energy_import", "offset": 2 } ] } ],
  "channels": [ { "name": "energy_import", "kind": "holding", "first": 1, "words": 2, "as": "u32", "unit": "wh",
                  "cumulative": true, "max_rate": 60000 },
                { "name": "relay", "kind": "holding", "first": 3, "words": 1, "as": "bit", "bit": 3, "unit": "none" } ],
  "captures": [ { "note": "bench", "guess": true, "kind": "holding", "first": 131, "words": [0, 1, 2, 0], "serial": "65538" },
                { "note": "clock", "guess": true, "kind": "holding", "first": 19, "words": ["0x1805", "0x020D", "0x0509"],
                  "clock": "2024-05-02 13:05:09" } ]
})";

std::string with(const std::string& from, const std::string& to) {
  std::string text = good;
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

/// The English of all problems, one line each; each has a Chinese one too.
std::string wrong(const std::string& text) {
  Problems problems;
  const auto profile = read_profile("demo.json", text, Digest{}, problems);
  CHECK(profile.has_value() == problems.empty());
  std::string all;
  for (const auto& one : problems) {
    CHECK_FALSE(one.zh.empty());
    all += one.en + "\n";
  }
  return all;
}

bool says(const std::string& text, const std::string& what) {
  const auto all = wrong(text);
  INFO(all);
  CHECK(all.find(what) != std::string::npos);
  return all.find(what) != std::string::npos;
}

}  // namespace

TEST_SUITE("drivers/profile/device") {
  TEST_CASE("what a profile says of the device is read, addresses as on the wire") {
    Problems problems;
    const auto profile = read_profile("demo.json", good, Digest{}, problems);
    REQUIRE(profile);
    const BusHints& bus = profile->bus;
    CHECK(bus.count_step == 2);
    CHECK(bus.double_fc);
    CHECK_FALSE(bus.alternate);
    CHECK(bus.delay_floor_ms == 5000);
    CHECK(bus.pipeline == 4);
    REQUIRE(bus.probe);
    CHECK(bus.probe->span(0) == RegisterSpan{RegisterKind::holding, 130, 4});
    CHECK(bus.probe->span(1) == RegisterSpan{RegisterKind::holding, 130, 6});
    REQUIRE(bus.probe->serial);
    CHECK(bus.probe->serial->span == RegisterSpan{RegisterKind::holding, 131, 2});
    REQUIRE(profile->variant);
    CHECK(profile->variant->span == RegisterSpan{RegisterKind::input, 11, 1});
    CHECK(profile->variant->values == std::vector<std::uint64_t>{7, 8});
    REQUIRE(profile->clock);
    CHECK(profile->clock->span == RegisterSpan{RegisterKind::holding, 18, 3});
    REQUIRE(profile->frozen.size() == 1);
    CHECK(profile->frozen[0].span == RegisterSpan{RegisterKind::holding, 24576, 4});
    CHECK(profile->frozen[0].parts == std::vector<FrozenBlocks::Part>{{ChannelNo{0}, 2}});
    CHECK(profile->channels[0].max_rate == 60000);
    CHECK(profile->channels[1].bit == 3);
  }

  TEST_CASE("a probe whose two counts are one, or cannot be read, is refused") {
    CHECK(says(with("[4, 6]", "[4, 4]"), "two different numbers of registers"));
    CHECK(says(with("[4, 6]", "[4]"), "two different numbers of registers"));
    CHECK(says(with("[4, 6]", "[4, 5]"), "count_step"));
    CHECK(says(with("[4, 6]", "[4, 22]"), "max_span"));
    CHECK(says(with("\"first\": 132, \"words\": 2", "\"first\": 134, \"words\": 2"), "lie whole in both"));
    CHECK(says(with("\"first\": 132, \"words\": 2", "\"first\": 65536, \"words\": 2"), "lie whole in both"));
  }

  TEST_CASE("a variant nobody can tell must say so") {
    CHECK(says(with("\"values\": [7, \"0x0008\"]", "\"values\": []"), "\"values\" must list"));
    CHECK(wrong(with("\"values\": [7, \"0x0008\"]", "\"guess\": \"not known\"")).empty());
  }

  TEST_CASE("clocks need a date, frozen blocks must not overlap, and hold the channels they name") {
    CHECK(says(with("\"bytes\": [\"year\", \"month\", \"day\", \"hour\", \"minute\", \"second\"]",
                    "\"bytes\": [\"hour\"]"),
               "year, month and day"));
    CHECK(says(with("\"year\", \"month\", \"day\", \"hour\", \"minute\"",
                    "\"yaer\", \"month\", \"day\", \"hour\", \"minute\""),
               "may hold skip"));
    CHECK(says(with("\"stride\": 34", "\"stride\": 3"), "overlap"));
    CHECK(says(with("\"stride\": 34", "\"stride\": 500"), "65535"));
    CHECK(says(with("\"offset\": 2", "\"offset\": 3"), "does not lie in the block"));
    CHECK(says(with("\"channel\": \"energy_import\"", "\"channel\": \"volume\""), "is no channel"));
  }

  TEST_CASE("a bit needs its number, and only a counter has a rate") {
    CHECK(says(with("\"as\": \"bit\", \"bit\": 3", "\"as\": \"bit\""), "\"bit\" (0 = least significant)"));
    CHECK(says(with("\"as\": \"u32\"", "\"as\": \"u32\", \"bit\": 3"), "\"bit\" (0 = least significant)"));
    CHECK(says(with("\"cumulative\": true, ", ""), "max_rate"));
  }

  TEST_CASE("a capture proves the serial number and the clock too") {
    CHECK(says(with("\"serial\": \"65538\"", "\"serial\": \"65539\""), "decodes to \"65538\""));
    CHECK(says(with("\"clock\": \"2024-05-02 13:05:09\"", "\"clock\": \"2024-05-02 13:05:08\""), "13:05:09"));
    CHECK(says(with("\"first\": 131, \"words\": [0, 1, 2, 0]", "\"first\": 1, \"words\": [0, 1, 2, 0]"),
               "nothing"));
  }
}
