#include "edge/app/profile_check.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <sstream>

#include "edge/app/load_site.hpp"
#include "edge/app/options.hpp"

using namespace steward;

namespace {

const std::string good = R"({
  "profile": "demo/1", "title": { "zh": "示例", "en": "Demo" }, "source": "manual",
  "bus": { "max_span": 20, "source": "page 3", "guess": "tried by nobody",
           "probe": { "kind": "holding", "first": 130, "counts": [4, 6],
                      "serial": { "first": 130, "words": 2, "as": "number" }, "source": "page 9" } },
  "channels": [ { "name": "energy_import", "kind": "holding", "first": 0, "words": 2, "as": "u32", "unit": "wh",
                  "cumulative": true, "source": "page 4", "guess": "rolls over at 2^32" },
                { "name": "voltage", "kind": "holding", "first": 100, "words": 2, "as": "u32", "unit": "millivolt" } ],
  "captures": [ { "note": "bench", "kind": "holding", "first": 0, "words": [1, 2], "expect": { "energy_import": 65538 } } ]
})";

std::string with(const std::string& from, const std::string& to) {
  std::string text = good;
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

bool says(const Problems& problems, const std::string& what) {
  for (const auto& one : problems)
    if (one.en.find(what) != std::string::npos && !one.zh.empty()) return true;
  return false;
}

}  // namespace

TEST_SUITE("edge/app/profile_check") {
  TEST_CASE("a sound profile has no mistake, and its guesses are listed") {
    const auto report = check_profile("profiles/demo.json", good);
    CHECK(report.mistakes.empty());
    CHECK(report.doubts.empty());
    CHECK(report.guesses.size() == 2);
    CHECK(says(report.guesses, "bus: tried by nobody"));
    CHECK(says(report.guesses, "channel \"energy_import\": rolls over"));
    CHECK(report.captures == 1);
    CHECK(report.captures_seen == 1);
    CHECK(report.requests == 2);
    // Two blocks of two registers: one is read as three, the probe keeps 4 and 6.
    CHECK(report.wire_us > report.ideal_us);
    CHECK(report.dictionary.find("3:2@") != std::string::npos);
    CHECK(report.dictionary.find("3:3@") != std::string::npos);
    CHECK(report.dictionary.find("3:4@0x0082 3:5@") != std::string::npos);
  }

  TEST_CASE("what the reader refuses is a mistake, with its line and in both languages") {
    const auto report = check_profile("demo.json", with("65538", "65539"));
    REQUIRE(report.mistakes.size() == 1);
    CHECK(report.mistakes[0].line == 9);
    CHECK(says(report.mistakes, "decodes to 65538, expected 65539"));
    const auto text = print_report(report);
    CHECK(text.find("demo.json:9: mistake: ") == 0);
    CHECK(text.find("demo.json:9: 错误：") != std::string::npos);
    CHECK_FALSE(check_profile("demo.json", "{").mistakes.empty());
  }

  TEST_CASE("a block that cannot have its own byte count is a mistake, because it is never read") {
    const auto report =
        check_profile("demo.json", with("\"max_span\": 20", "\"max_span\": 6, \"count_step\": 2"));
    CHECK(says(report.mistakes, "weak block 3:2@0x0064 (voltage): no byte count is left for it"));
    // What is billed comes first, but has nothing to alternate with.
    CHECK(says(report.mistakes, "weak block 3:2@0x0000 (energy_import): no second byte count"));
  }

  TEST_CASE("a file that is not called like its profile is a mistake") {
    CHECK(says(check_profile("other.json", good).mistakes, "demo.json"));
  }

  TEST_CASE("missing sources, a probe without a serial number and a map nobody saw are doubts") {
    CHECK(says(check_profile("demo.json", with("\"source\": \"page 3\", ", "")).doubts, "bus: no source"));
    CHECK(says(check_profile("demo.json", with(", \"source\": \"page 9\"", "")).doubts, "probe: no source"));
    CHECK(says(check_profile("demo.json", with("\"source\": \"page 4\", ", "")).doubts,
               "names no source of its own"));
    CHECK(says(
        check_profile(
            "demo.json",
            with(",\n                      \"serial\": { \"first\": 130, \"words\": 2, \"as\": \"number\" }",
                 ""))
            .doubts,
        "cannot tell two meters"));
    CHECK(
        says(check_profile("demo.json", with("\"note\": \"bench\",", "\"note\": \"bench\", \"guess\": true,"))
                 .doubts,
             "no capture was seen"));
    CHECK(says(check_profile("demo.json", with("\"unit\": \"wh\"", "\"unit\": \"varh\"")).doubts,
               "no channel is billed"));
  }

  TEST_CASE("the shipped profiles have no mistake") {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(STEWARD_SOURCE_DIR "/drivers/profiles"))
      files.push_back(entry.path().string());
    CHECK(files.size() >= 15);
    std::ostringstream out;
    CHECK(run_profile_check(files, true, out) == exit_ok);
    const auto json = Json::parse(out.str(), {.bytes = 1 << 20});
    REQUIRE(json);
    REQUIRE(json->find("profiles") != nullptr);
    for (const auto& report : json->find("profiles")->items()) {
      INFO(report.dump());
      CHECK(report.find("ok")->boolean());
      CHECK(report.find("mistakes")->items().empty());
      for (const auto& doubt : report.find("doubts")->items())
        CHECK(doubt.find("en")->text().find("no source") == std::string::npos);
    }
  }

  TEST_CASE("the exit code says whether a file was bad or could not be read") {
    std::ostringstream out;
    CHECK(run_profile_check({"/nowhere/demo.json"}, false, out) == exit_bad_config);
    CHECK(out.str().find("错误") != std::string::npos);
    CHECK(run_profile_check({STEWARD_SOURCE_DIR "/contract/schema/profile.schema.json"}, false, out) ==
          exit_failed);
  }
}
