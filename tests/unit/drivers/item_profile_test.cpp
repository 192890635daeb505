#include <doctest/doctest.h>

#include <algorithm>

#include "drivers/decode/item_reader.hpp"
#include "tests/unit/drivers/channels.hpp"

using namespace steward;

namespace {

const std::string good = R"({
  "profile": "demo/1", "protocol": "cjt188", "title": { "en": "Demo", "zh": "示例" }, "source": "s",
  "items": [
    { "id": "901F", "bytes": 19, "source": "t" },
    { "id": "D120", "bytes": 5 }
  ],
  "clock": { "item": "901F", "offset": 10, "bytes": ["second", "minute", "hour", "day", "month", "year", "skip"], "bcd": true },
  "frozen": [ { "name": "monthly", "item": "D120", "stride": 1, "entries": 12, "parts": [ { "channel": "volume", "offset": 0 } ] } ],
  "channels": [
    { "name": "volume", "item": "901F", "bytes": 4, "as": "bcd", "unit": "litre", "per_count": [10, 1], "unit_codes": ["0x2C"] },
    { "name": "status", "item": "901F", "offset": 17, "bytes": 2, "as": "u16", "unit": "none" }
  ],
  "captures": [
    { "note": "n", "item": "901F", "bytes": "10 00 10 00 2C 10 00 10 00 2C 57 04 16 24 11 23 20 01 00",
      "expect": { "volume": 1000100, "status": 1 }, "clock": "2023-11-24 16:04:57" }
  ]
})";

std::string with(const std::string& from, const std::string& to) {
  std::string text = good;
  const auto at = text.find(from);
  REQUIRE_MESSAGE(at != std::string::npos, from);
  return text.replace(at, from.size(), to);
}

Problems problems_of(const std::string& text) {
  Problems problems;
  (void)read_profile("demo.json", text, Digest{}, problems);
  return problems;
}

/// Whether exactly this is wrong, at this line, in both languages.
bool one_problem(const std::string& text, std::uint32_t line, const std::string& en) {
  const auto problems = problems_of(text);
  std::string all;
  for (const auto& one : problems) all += std::to_string(one.line) + ": " + one.en + "\n";
  INFO(all);
  CHECK(problems.size() == 1);
  if (problems.size() != 1) return false;
  CHECK(problems[0].line == line);
  CHECK_FALSE(problems[0].zh.empty());
  CHECK(problems[0].zh != problems[0].en);
  return problems[0].en.find(en) != std::string::npos;
}

/// Whether this is among what is wrong.
bool says(const std::string& text, std::uint32_t line, const std::string& en) {
  const auto problems = problems_of(text);
  return std::any_of(problems.begin(), problems.end(), [&](const Problem& one) {
    return one.line == line && one.en.find(en) != std::string::npos;
  });
}

}  // namespace

TEST_SUITE("drivers/profile/items") {
  TEST_CASE("a profile of items is read whole, its probes asked under SER of their own") {
    Problems problems;
    const auto profile = read_profile("demo.json", good, Digest{}, problems);
    REQUIRE(problems.empty());
    REQUIRE(profile);
    CHECK(profile->protocol == Protocol::cjt188);
    REQUIRE(profile->items.size() == 2);
    CHECK(profile->items[0].span == RegisterSpan{RegisterKind::cjt188_item, 0x901F, 19});
    CHECK(profile->items[1].source == "s");
    const auto& volume = profile->channels[0];
    CHECK(volume.span ==
          RegisterSpan{RegisterKind::cjt188_item, 0x901F, 5});  // four digits' bytes and the unit
    CHECK(volume.unit_codes == std::vector<std::uint8_t>{0x2C});
    CHECK(volume.words == Order::low_first);
    CHECK(profile->channels[1].offset == 17);
    CHECK(profile->item(volume.span) == &profile->items[0]);
    CHECK(catalogue_channel(volume).words == 3);
    CHECK(profile->clock->offset == 10);
    CHECK(profile->frozen[0].entry(11).first == 0xD12B);
    REQUIRE(profile->bus.probe);
    CHECK(profile->bus.probe->span(0) == RegisterSpan{RegisterKind::cjt188_item, 0x2901F, 19});
    CHECK(profile->bus.probe->span(1) == RegisterSpan{RegisterKind::cjt188_item, 0x3901F, 19});
    CHECK(profile->bus.baud == 2400);
    CHECK(profile->bus.parity == "even");
  }

  TEST_CASE("a DL/T 645 meter is asked for date and time, which nothing else may ask for") {
    const std::string text =
        R"({ "profile": "p/1", "protocol": "dlt645", "title": { "en": "P", "zh": "P" }, "source": "s",
      "items": [ { "id": "00010000", "bytes": 4 }, { "id": "04000101", "bytes": 4 } ],
      "channels": [ { "name": "x", "item": "00010000", "bytes": 4, "as": "bcd", "unit": "wh" } ],
      "captures": [ { "note": "n", "item": "00010000", "bytes": "78563412", "expect": { "x": 12345678 } } ] })";
    Problems problems;
    const auto profile = read_profile("p.json", text, Digest{}, problems);
    REQUIRE(profile);
    CHECK(profile->bus.probe->span(0) == RegisterSpan{RegisterKind::dlt645_item, 0x04000101, 4});
    CHECK(profile->bus.probe->span(1) == RegisterSpan{RegisterKind::dlt645_item, 0x04000102, 3});
    auto taken = text;
    taken.replace(taken.find("\"item\": \"00010000\", \"bytes\": 4"), 30,
                  "\"item\": \"04000101\", \"bytes\": 4");
    const auto refused = problems_of(taken);
    CHECK(std::any_of(refused.begin(), refused.end(), [](const Problem& one) {
      return one.en.find("asked by the probe and by nothing else") != std::string::npos;
    }));
    auto other = text;
    other.insert(other.find("\"items\""),
                 R"("bus": { "probe": { "items": ["04000101", "00010000"], "source": "t" } }, )");
    CHECK(problems_of(other).size() >= 1);  // the channel's own item is the probe's now
  }

  TEST_CASE("each mistake in an item is one problem, at its line, in two languages") {
    CHECK(says(with("\"cjt188\"", "\"cjt-188\""), 2, "one of modbus, dlt645, cjt188"));
    CHECK(says(with("\"id\": \"D120\"", "\"id\": \"901F\""), 5, "stands twice"));
    CHECK(says(with("\"id\": \"901F\", \"bytes\": 19", "\"id\": \"901F\", \"bytes\": 251"), 4, "1..250"));
    CHECK(
        one_problem(with("\"offset\": 17", "\"offset\": 18"), 11, "ends at byte 20 of an item of 19 bytes"));
    CHECK(one_problem(with("\"offset\": 17, \"bytes\": 2", "\"offset\": 17, \"bytes\": 1"), 11,
                      "does not fit \"bytes\": 1"));
    CHECK(one_problem(with("\"unit_codes\": [\"0x2C\"]", "\"unit_codes\": []"), 10, "at least one code"));
    CHECK(one_problem(with("\"unit_codes\": [\"0x2C\"]", "\"unit_codes\": [\"0x12C\"]"), 10, "0..255"));
    CHECK(one_problem(with("\"item\": \"901F\", \"offset\": 17", "\"item\": \"901f0\", \"offset\": 17"), 11,
                      "4 hex digits"));
    CHECK(one_problem(with("\"item\": \"901F\", \"offset\": 17", "\"item\": \"8103\", \"offset\": 17"), 11,
                      "is not in \"items\""));
    CHECK(one_problem(with("\"offset\": 17", "\"first\": 3, \"offset\": 17"), 11,
                      "does not belong to a meter of protocol cjt188"));
    CHECK(one_problem(with("\"entries\": 12", "\"entries\": 100, \"time\": \"8103\""), 8,
                      "is not in \"items\""));
    CHECK(one_problem(with("\"stride\": 1, \"entries\": 12", "\"stride\": 1000, \"entries\": 100"), 8,
                      "beyond the last"));
    CHECK(one_problem(with("\"offset\": 10, ", "\"offset\": 13, "), 7, "ends at byte 20"));
    CHECK(one_problem(with("57 04 16 24 11 23 20 01 00\"", "57 04 16 24 11 23 20 01\""), 14,
                      "must be the 19 bytes of the item"));
    CHECK(
        one_problem(with("10 00 10 00 2C 10", "10 00 10 00 2G 10"), 14, "must be the 19 bytes of the item"));
    CHECK(one_problem(with("10 00 10 00 2C 10", "10 00 10 00 29 10"), 14, "decodes to 0 invalid/unit"));
    CHECK(one_problem(with("16:04:57", "16:04:58"), 14, "decodes to \"2023-11-24 16:04:57\""));
  }

  TEST_CASE("keys of items are refused in a profile of registers") {
    const std::string text = R"({ "profile": "p/1", "title": { "en": "P", "zh": "P" }, "source": "s",
      "channels": [ { "name": "x", "kind": "input", "first": 7, "words": 1, "as": "u16", "unit": "none", "item": "901F" } ],
      "captures": [ { "note": "n", "words": [5], "expect": { "x": 5 } } ] })";
    CHECK(problems_of(text).size() == 1);
  }

  TEST_CASE("identifiers are read as printed, and only so") {
    CHECK(item_id(Protocol::dlt645, "00010000") == 0x00010000U);
    CHECK(item_id(Protocol::dlt645, "0001ff00") == 0x0001FF00U);
    CHECK(item_id(Protocol::cjt188, "1F90") == 0x1F90U);
    for (const auto* wrong : {"", "0001000", "000100000", "0x010000", "0001000G", "+0010000"})
      CHECK_FALSE(item_id(Protocol::dlt645, wrong));
    CHECK_FALSE(item_id(Protocol::cjt188, "00901F"));
    CHECK(hex_bytes("10 002C") == std::vector<std::uint8_t>{0x10, 0x00, 0x2C});
    CHECK_FALSE(hex_bytes("1 0"));
    CHECK_FALSE(hex_bytes("10 0"));
    CHECK_FALSE(hex_bytes("-1"));
  }
}
