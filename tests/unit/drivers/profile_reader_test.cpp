#include <doctest/doctest.h>

#include <algorithm>

#include "drivers/decode/profile.hpp"
#include "tests/unit/drivers/channels.hpp"

using namespace steward;

namespace {

const std::string good = R"({
  "profile": "demo/1",
  "title": { "zh": "示例", "en": "Demo" },
  "source": "manual 4.2",
  "bus": { "baud": 2400, "parity": "even", "stop_bits": 1, "timeout_ms": 300, "gap_ms": 50, "max_span": 10,
           "forbidden": [ { "kind": "holding", "first": 20, "words": 2 } ] },
  "channels": [
    { "name": "energy_import", "kind": "holding", "first": 0, "words": 2, "as": "u32", "unit": "wh",
      "per_count": [10, 1], "cumulative": true, "modulus": 1000000000, "sentinels": ["0xFFFFFFFF"],
      "group": "bill", "times": ["ct"] },
    { "name": "ct", "kind": "holding", "first": "0x0004", "words": 1, "as": "u16", "unit": "ratio",
      "min": 1, "max": 9999, "group": "bill", "source": "manual 5.1", "guess": "range" }
  ],
  "captures": [
    { "note": "bench", "kind": "holding", "first": 0, "words": ["0x0001", "0x86A0", 0, 0, 40],
      "expect": { "energy_import": 1000000, "ct": 40 } },
    { "note": "none", "guess": true, "kind": "holding", "first": 0, "words": [65535, 65535],
      "expect": { "energy_import": { "quality": "invalid", "reason": "sentinel" } } }
  ]
})";

/// `good` with the first `from` replaced.
std::string with(const std::string& from, const std::string& to) {
  std::string text = good;
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

Problems problems_of(const std::string& text) {
  Problems problems;
  const auto profile = read_profile("demo.json", text, Digest{}, problems);
  CHECK(profile.has_value() == problems.empty());
  return problems;
}

/// Whether there is exactly one problem, whose English says `what`, at `line`, in Chinese too.
bool one_problem(const std::string& text, std::uint32_t line, const std::string& what) {
  const Problems problems = problems_of(text);
  std::string all;
  for (const auto& one : problems) all += std::to_string(one.line) + ": " + one.en + "\n";
  INFO(what);
  INFO(all);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].line == line);
  CHECK(problems[0].en.find(what) != std::string::npos);
  return problems[0].file == "demo.json" && !problems[0].zh.empty();
}

}  // namespace

TEST_SUITE("drivers/profile") {
  TEST_CASE("a profile is read whole") {
    Problems problems;
    Digest hash{};
    hash[0] = 7;
    const auto profile = read_profile("demo.json", good, hash, problems);
    REQUIRE(profile);
    CHECK(problems.empty());
    CHECK(profile->id == ProfileId("demo/1"));
    CHECK(profile->hash == hash);
    CHECK(profile->title_zh == "示例");
    CHECK(profile->bus.baud == 2400);
    CHECK(profile->bus.parity == "even");
    CHECK(profile->bus.gap_ms == 50);
    CHECK(profile->bus.forbidden == std::vector{RegisterSpan{RegisterKind::holding, 20, 2}});
    REQUIRE(profile->channels.size() == 2);
    const ProfileChannel& energy = profile->channels[0];
    CHECK(energy.span == RegisterSpan{RegisterKind::holding, 0, 2});
    CHECK(energy.step == 10);  // whole counts: one count is the dial's last digit
    CHECK(energy.source == "manual 4.2");
    CHECK(profile->channels[1].source == "manual 5.1");
    CHECK(profile->channels[1].guess == "range");
    CHECK(profile->captures.size() == 2);
    CHECK(profile->captures[1].guess);
    CHECK(profile->channel("ct") == &profile->channels[1]);
    CHECK(profile->channel("none") == nullptr);
  }

  TEST_CASE("a profile of one channel need not say where its capture begins") {
    const std::string text = R"({ "profile": "p/1", "title": { "en": "P", "zh": "P" }, "source": "s",
      "channels": [ { "name": "x", "kind": "input", "first": 7, "words": 1, "as": "u16", "unit": "none" } ],
      "captures": [ { "note": "n", "words": [5], "expect": { "x": 5 } } ] })";
    CHECK(problems_of(text).empty());
  }

  TEST_CASE("each mistake is one problem, at its line, in two languages") {
    CHECK(one_problem(with("\"demo/1\"", "\"Demo 1\""), 2, "NAME/VERSION"));
    CHECK(one_problem(with("\"zh\": \"示例\", ", ""), 3, "\"zh\" is missing"));
    CHECK(one_problem(with("\"source\": \"manual 4.2\",", ""), 1, "\"source\" is missing"));
    CHECK(one_problem(with("\"baud\": 2400", "\"baud\": 3"), 5,
                      "\"baud\" must be a whole number 300..4000000"));
    CHECK(one_problem(with("\"even\"", "\"mark\""), 5, "one of none, even, odd"));
    CHECK(one_problem(with("\"gap_ms\"", "\"gap\""), 5, "unknown key \"gap\""));
    CHECK(one_problem(
        with("\"first\": 0, \"words\": 2, \"as\": \"u32\"", "\"first\": 0, \"words\": 3, \"as\": \"u32\""), 8,
        "takes \"words\": 2"));
    CHECK(one_problem(with("\"u32\"", "\"u24\""), 8, "one of u16"));
    CHECK(one_problem(with("\"kind\": \"holding\", \"first\": 0, \"words\": 2", "\"first\": 0, \"words\": 2"),
                      8, "\"kind\" is missing"));
    CHECK(one_problem(with("\"first\": \"0x0004\"", "\"first\": \"4h\""), 11, "hex text"));
    CHECK(one_problem(with("\"first\": \"0x0004\"", "\"first\": \"0x10000\""), 11, "outside 0..65535"));
    CHECK(one_problem(with("[10, 1]", "[10, 0]"), 9, "\"per_count\""));
    CHECK(one_problem(with("[10, 1]", "[10]"), 9, "\"per_count\""));
    CHECK(one_problem(with("\"modulus\": 1000000000", "\"modulus\": 1000000001"), 8, "multiple of \"step\""));
    CHECK(one_problem(with("\"0xFFFFFFFF\"", "\"0x1FFFFFFFF\""), 9, "\"sentinels\""));
    CHECK(one_problem(with("\"min\": 1,", "\"min\": 10000,"), 11, "above \"max\""));
    CHECK(one_problem(with("\"times\": [\"ct\"]", "\"times\": [\"pt\"]"), 8, "no channel of unit ratio"));
    CHECK(one_problem(with("\"unit\": \"wh\"", "\"unit\": \"kwh\""), 8, "one of none, wh"));
    CHECK(one_problem(with("\"max_span\": 10", "\"max_span\": 4"), 11, "does not fit one request"));
    CHECK(one_problem(with("\"first\": 20, \"words\": 2", "\"first\": 3, \"words\": 1"), 11, "forbidden"));
    CHECK(one_problem(with("\"ct\": 40 }", "\"ct\": 41 }"), 15, "decodes to 40, expected 41"));
    CHECK(one_problem(with("0, 0, 40]", "0]"), 15, "does not hold the registers of \"ct\""));
    CHECK(one_problem(with("\"ct\": 40 }", "\"pt\": 40 }"), 16, "no channel"));
    CHECK(one_problem(with("\"0x86A0\"", "\"0x186A0\""), 15, "\"words\" must be a number 0..65535"));
    CHECK(one_problem(with("\"reason\": \"sentinel\"", "\"reason\": \"none\""), 17, "invalid/sentinel"));
  }

  TEST_CASE("a float without a dial's last digit has no integer value") {
    CHECK(one_problem(with("\"as\": \"u32\"", "\"as\": \"f32\""), 8, "\"step\" is missing"));
  }

  TEST_CASE("two channels of one name would make readings ambiguous") {
    const auto problems = problems_of(with("\"name\": \"ct\"", "\"name\": \"energy_import\""));
    CHECK(std::any_of(problems.begin(), problems.end(), [](const Problem& one) {
      return one.line == 11 && one.en.find("twice") != std::string::npos;
    }));
  }

  TEST_CASE("a channel with a bad name is pointed out, and so is what relied on it") {
    const auto problems = problems_of(with("\"name\": \"energy_import\"", "\"name\": \"Energy\""));
    REQUIRE(problems.size() == 3);
    CHECK(problems[0].line == 8);
    CHECK(problems[0].en.find("a-z 0-9 _") != std::string::npos);
    CHECK(problems[1].en.find("no channel") != std::string::npos);
  }

  TEST_CASE("all mistakes of a file are listed at once, in the order of its lines") {
    std::string text = with("\"baud\": 2400", "\"baud\": 3");
    text.replace(text.find("\"u32\""), 5, "\"u24\"");
    text.replace(text.find("\"ratio\""), 7, "\"rates\"");
    const auto problems = problems_of(text);
    CHECK(problems.size() >= 3);
    CHECK(std::is_sorted(problems.begin(), problems.end(),
                         [](const Problem& a, const Problem& b) { return a.line < b.line; }));
  }

  TEST_CASE("what is not a profile is refused before it is looked at") {
    CHECK(problems_of("").size() == 1);
    CHECK(problems_of("[]").size() == 1);
    CHECK(problems_of("{}").size() >= 4);
    CHECK(problems_of(std::string(max_profile_bytes + 1, ' ')).size() == 1);
    CHECK(problems_of(R"({"profile": 1.5})").size() == 1);
    CHECK(problems_of(with("\"channels\": [", "\"channels\": [], \"capture\": [")).size() >= 2);
    CHECK(problems_of(with("\"captures\": [", "\"captures\": [ [], ")).size() >= 1);
  }

  TEST_CASE("more channels than a round may have are refused") {
    std::string channels;
    for (std::size_t at = 0; at <= max_profile_channels; ++at)
      channels += (at == 0 ? "" : ",") + std::string(R"({ "name": "c)") + std::to_string(at) +
                  R"(", "kind": "input", "first": 7, "words": 1, "as": "u16", "unit": "none" })";
    const auto problems = problems_of(
        R"({ "profile": "p/1", "title": { "en": "P", "zh": "P" }, "source": "s",
      "channels": [)" +
        channels + R"(], "captures": [ { "note": "n", "words": [5], "expect": { "c0": 5 } } ] })");
    REQUIRE_FALSE(problems.empty());
    CHECK(problems[0].en.find("at most 64") != std::string::npos);
  }
}
