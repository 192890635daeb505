// Every command of the technician's guide, run in its order against a simulated site whose gateway is
// at work. Both languages have the same commands.
#include <algorithm>
#include <filesystem>
#include <tuple>

#include "tests/process/site_processes.hpp"

using namespace steward;

namespace {

/// The command lines of a guide's ```sh blocks.
std::vector<std::string> commands_of(const std::string& guide) {
  std::vector<std::string> commands;
  std::istringstream text(text_of(std::string(STEWARD_SOURCE_DIR "/docs/guide/") + guide));
  bool inside = false;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("```")) {
      inside = line == "```sh";
    } else if (inside && !line.empty() && !line.starts_with("#")) {
      commands.push_back(line);
    }
  }
  return commands;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE_MESSAGE(at != std::string::npos, from << " is not in\n" << text);
  return text.replace(at, from.size(), to);
}

/// The name of the estate's serial line.
std::string serial_line(const SiteProcesses& site) {
  const auto config = text_of(site.in("estate/edge.json"));
  const auto kind = config.find("\"modbus_rtu\"");
  REQUIRE(kind != std::string::npos);
  const std::string before = "\"bus\": \"";
  const auto name = config.rfind(before, kind) + before.size();
  return config.substr(name, config.find('"', name) - name);
}

/// The guide's names for what each site has others for.
std::vector<std::string> words_of(const std::string& command, const SiteProcesses& site,
                                  const std::string& meter) {
  std::vector<std::string> words;
  std::istringstream text(command);
  for (std::string word; text >> word;) {
    if (word == "profiles/*.json") {
      for (const auto& file : std::filesystem::directory_iterator(STEWARD_SOURCE_DIR "/drivers/profiles"))
        words.push_back(file.path().string());
    } else {
      words.push_back(word == "edge.json"        ? site.in("estate/edge.json")
                      : word == "METER"          ? meter
                      : word == "PULSE-METER"    ? "PULSE-1"
                      : word == "LINE"           ? serial_line(site)
                      : word == "books"          ? site.in("books")
                      : word.starts_with("gw1.") ? site.in(word)
                                                 : word);
    }
  }
  return words;
}

/// Has no GPIO chip: what the guide's pulse meter hangs on is told by name, in the answer.
constexpr const char* no_chip = "/dev/steward-has-no-such-chip";

void add_pulse_meter(const SiteProcesses& site) {
  const auto config = site.in("estate/edge.json");
  const auto with_bus = replaced(text_of(config), "\"buses\": [",
                                 std::string("\"buses\": [ { \"bus\": \"pulses\", \"kind\": \"pulse\", "
                                             "\"inputs\": [ { \"unit\": 1, \"chip\": \"") +
                                     no_chip + "\", \"line\": 17, \"per_pulse\": [10, 1] } ] },");
  std::ofstream(config) << with_bus;
  std::ofstream(site.in("estate/meters.csv"), std::ios::app)
      << "PULSE-1,gpio-pulse-water/1,pulses,1,roof tank\n";
}

std::string first_meter(const SiteProcesses& site) {
  std::istringstream list(text_of(site.in("estate/meters.csv")));
  std::string line;
  while (std::getline(list, line) && (line.starts_with('#') || line.starts_with("meter,"))) {
  }
  return line.substr(0, line.find(','));
}

/// "... the register of 2026-06-01T00:00:00.000Z, 345.67: ..." -> "345.67": what a final register that
/// cannot be is refused with. Empty: it was not refused for that.
std::string last_register(const std::string& said) {
  const std::string before = "the register of ";
  const auto at = said.find(before);
  if (at == std::string::npos) return {};
  const auto begin = said.find(", ", at) + 2;
  return said.substr(begin, said.find_first_not_of("0123456789.", begin) - begin);
}

}  // namespace

TEST_SUITE("process/guide") {
  TEST_CASE("the guide has the same commands in both languages") {
    const auto english = commands_of("commissioning.md");
    CHECK(english.size() >= 8);
    CHECK(english == commands_of("commissioning.zh-CN.md"));
  }

  TEST_CASE("every command of the guide works on a site at work") {
    SiteProcesses site;
    site.start_broker();
    site.start_estate();
    add_pulse_meter(site);
    const auto meter = first_meter(site);
    bool at_work = false;
    for (const auto& command : commands_of("commissioning.md")) {
      CAPTURE(command);
      const auto words = words_of(command, site, meter);
      const auto is = [&](const char* word) {
        return std::find(words.begin(), words.end(), word) != words.end();
      };
      const bool verb = !is("--check") && !is("--once") && !is("profile") && !is("enrol") && !is("gateway");
      if (verb && !at_work) {
        site.start_edge();
        site.wait_for_rounds(1);
        at_work = true;
      }
      if (is("--once") && at_work) {
        CHECK(site.stop("edge") == 0);
        at_work = false;
      }
      auto [code, said] = site.run(words);
      if (is("exchange") &&
          code != 0) {  // the guide's dial is not this meter's: the answer says what it shows
        auto final_one = last_register(said);
        REQUIRE_MESSAGE(!final_one.empty(), said);
        auto again = words;
        std::replace(again.begin(), again.end(), std::string("1234.56"), final_one);
        std::tie(code, said) = site.run(again);
      }
      CAPTURE(said);
      if (is("pulse")) {
        CHECK(code == 1);
        CHECK(said.find(no_chip) != std::string::npos);
      } else if (is("verify")) {  // the guide's display is not this meter's
        CHECK(code == 3);
        CHECK(said.find("differs: ") != std::string::npos);
        CHECK(said.find("不一致") != std::string::npos);
      } else if (is("doctor")) {  // the pulse meter has no chip and no base
        CHECK((code == 0 || code == 3));
        CHECK(said.find("ok    daemon: running") != std::string::npos);
      } else {
        CHECK(code == 0);
        CHECK_FALSE(said.empty());
      }
      if (is("exchange") || (is("accept") && at_work))
        site.wait_for_rounds(site.rounds().size() + 2);  // it begins again, with the new list
    }
    CHECK(at_work);
    CHECK(site.stop("edge") == 0);
  }
}
