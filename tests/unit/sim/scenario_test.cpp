#include "drivers/sim/scenario.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "drivers/sim/profile_folder.hpp"
#include "drivers/sim/scenario_rules.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace steward;
using namespace steward::sim;
using namespace std::chrono_literals;

namespace {

std::optional<Scenario> read(const std::string& text, Problems& problems) {
  return read_scenario("s.json", text, problems);
}

/// The one problem of a scenario with one fault.
Problem only_problem(const std::string& fault) {
  Problems problems;
  CHECK_FALSE(read("{\"scenario\":1,\"faults\":[\n" + fault + "]}", problems));
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].file == "s.json");
  CHECK(problems[0].line == 2);
  CHECK_FALSE(problems[0].zh.empty());
  return problems[0];
}

std::string example_of_the_page() {
  std::ifstream in(STEWARD_SOURCE_DIR "/docs/formats/scenario.md");
  const std::string page(std::istreambuf_iterator<char>(in), {});
  const auto begin = page.find("```json\n") + 8;
  return page.substr(begin, page.find("```", begin) - begin);
}

}  // namespace

TEST_SUITE("sim/scenario") {
  TEST_CASE("the page's example is read as the page says") {
    Problems problems;
    const auto scenario = read(example_of_the_page(), problems);
    for (const auto& problem : problems) FAIL_CHECK(problem.en);
    REQUIRE(scenario);
    CHECK(scenario->seed == 7);
    REQUIRE(scenario->faults.size() == 5);
    CHECK(scenario->faults[0].rule ==
          FaultRule{
              .kind = FaultKind::late, .per_mille = 100, .least = 400ms, .most = 5000ms, .keep_order = true});
    CHECK(scenario->faults[0].meter == "ADL400-000002");
    CHECK(scenario->faults[1].rule.kind == FaultKind::bad_crc);
    CHECK(scenario->faults[2].rule ==
          FaultRule{.kind = FaultKind::exception, .unit = UnitAddress{7}, .per_mille = 5, .code = 6});
    CHECK(scenario->faults[3].other_meter == "ADL400-000001");
    CHECK(scenario->faults[4].bus == "line1");
    CHECK(scenario->faults[4].rule.times == 2);
  }

  TEST_CASE("everything wrong is said at once, with its line, in both languages") {
    Problems problems;
    CHECK_FALSE(
        read("{ \"scenario\": 2,\n\"sed\": 1,\n\"faults\": [\n{\"fault\":\"lat\",\"bus\":\"b1\"},\n"
             "{\"fault\":\"late\",\"bus\":\"b1\",\"least_ms\":5,\"most_ms\":1},\n"
             "{\"fault\":\"lost\"}]}",
             problems));
    REQUIRE(problems.size() == 5);
    std::vector<std::uint32_t> lines;
    for (const auto& problem : problems) {
      lines.push_back(problem.line);
      CHECK_FALSE(problem.en.empty());
      CHECK_FALSE(problem.zh.empty());
    }
    std::sort(lines.begin(), lines.end());
    CHECK(lines == std::vector<std::uint32_t>{1, 2, 4, 5, 6});
  }

  TEST_CASE("each mistake is named with what would be right") {
    const auto says = [](const std::string& fault, const std::string& words) {
      const auto problem = only_problem(fault);
      INFO(problem.en);
      CHECK(problem.en.find(words) != std::string::npos);
    };
    says(R"({"fault":"dead"})", "either \"meter\", or \"bus\"");
    says(R"({"fault":"dead","meter":"A","bus":"b1"})", "either \"meter\", or \"bus\"");
    says(R"({"fault":"dead","meter":"A","unit":3})", "\"unit\" goes with \"bus\"");
    says(R"({"fault":"dead","bus":"b1","unit":248})", "1..247");
    says(R"({"fault":"dead","bus":"b1","per_mille":0})", "1..1000");
    says(R"({"fault":"dead","bus":"b1","code":3})", "unknown key \"code\"");
    says(R"({"fault":"late","bus":"b1","least_ms":1})", "\"most_ms\" is missing");
    says(R"({"fault":"twin","meter":"A","least_ms":1,"most_ms":1})", "\"with\" is missing");
    says(R"({"fault":"stall","meter":"A","bus":"b1","least_ms":1,"most_ms":1})", "unknown key \"meter\"");
    says(R"({"fault":"value_reset","bus":"b1","registers":{"kind":"holding","first":65535,"count":2}})",
         "beyond the last register");
    says(R"({"fault":"exception","bus":"b1","code":0})", "1..255");
    says("7", "must be an object");
  }

  TEST_CASE("a file that is no JSON, or too long, is one problem") {
    Problems problems;
    CHECK_FALSE(read("{", problems));
    CHECK_FALSE(read(std::string(max_scenario_bytes + 1, ' '), problems));
    CHECK(problems.size() == 2);
  }

  TEST_CASE("names are found in the estate, and those that are not there are listed") {
    Problems problems;
    const EstateModel model(EstateSetup{.seed = 21});
    const ProfileShelf shelf = read_profile_folder(STEWARD_SOURCE_DIR "/drivers/profiles", problems);
    REQUIRE(problems.empty());
    const auto& meters = model.plan().meters;
    const auto on_line = [&](const MeterPlan& meter) { return meter.bus.text == "line1"; };
    const auto& meter = *std::find_if(meters.begin(), meters.end(), on_line);
    const auto& other = *std::find_if_not(meters.begin(), meters.end(), on_line);
    const auto text = [&](const std::string& rest) {
      return "{\"scenario\":1,\"faults\":[{\"fault\":\"value_reset\",\"meter\":\"" + meter.meter.text +
             "\"}" + rest + "]}";
    };
    const auto faults = rules_of(*read(text(""), problems), "s.json", model, shelf, problems);
    REQUIRE(problems.empty());
    REQUIRE(faults.by_bus.at(meter.bus).size() == 1);
    CHECK(faults.by_bus.at(meter.bus)[0].unit == meter.address);
    CHECK(faults.by_bus.at(meter.bus)[0].registers);

    const auto wrong = read(
        text(",\n{\"fault\":\"dead\",\"meter\":\"nobody\"},\n{\"fault\":\"dead\",\"bus\":\"b99\"},\n"
             "{\"fault\":\"twin\",\"meter\":\"" +
             meter.meter.text + "\",\"with\":\"" + other.meter.text + "\",\"least_ms\":1,\"most_ms\":1}"),
        problems);
    REQUIRE(wrong);
    rules_of(*wrong, "s.json", model, shelf, problems);
    REQUIRE(problems.size() == 3);
    for (std::uint32_t at = 0; at < 3; ++at) CHECK(problems[at].line == at + 2);
  }

  TEST_CASE("the page's example can be played by the estate that is served without options") {
    Problems problems;
    const EstateModel model(EstateSetup{});
    const ProfileShelf shelf = read_profile_folder(STEWARD_SOURCE_DIR "/drivers/profiles", problems);
    const auto scenario = read(example_of_the_page(), problems);
    REQUIRE(scenario);
    CHECK_FALSE(rules_of(*scenario, "s.json", model, shelf, problems).by_bus.empty());
    for (const auto& problem : problems) FAIL_CHECK(problem.en);
  }

  TEST_CASE("an unknown key is answered with each key that may be there, once") {
    const auto problem = only_problem(R"({"fault":"stall","bus":"line1","least_ms":1,"most_ms":2,"unit":3})");
    CHECK(problem.en ==
          "faults[0] (stall): unknown key \"unit\"; known are fault, note, bus, per_mille, after, times, "
          "least_ms, most_ms");
  }

  TEST_CASE("a file that is not there is a problem, not an empty scenario") {
    const TemporaryFolder folder;
    Problems problems;
    CHECK_FALSE(read_scenario_file((folder.path() / "none.json").string(), problems));
    CHECK(problems.size() == 1);
  }
}
