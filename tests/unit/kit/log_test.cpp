#include "kit/log/log.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <thread>
#include <vector>

#include "contract/text/json.hpp"
#include "tests/support/manual_clock.hpp"

using namespace steward;

namespace {

/// A log whose lines are kept.
struct Heard {
  explicit Heard(LogForm form = LogForm::json)
      : log(
            clock, Level::info, [this](std::string_view line) { lines.emplace_back(line); }, form) {}
  ManualClock clock;
  std::vector<std::string> lines;
  Log log;

  std::size_t count(const std::string& words) const {
    std::size_t found = 0;
    for (const auto& line : lines) found += line.find(words) != std::string::npos ? 1u : 0u;
    return found;
  }
};

std::string page() {
  std::ifstream in(STEWARD_SOURCE_DIR "/docs/formats/log.md");
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The rows `| id | English | 中文 | pace |` of the page, by id.
std::map<std::string, std::vector<std::string>> rows_of(const std::string& text) {
  std::map<std::string, std::vector<std::string>> rows;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("| `")) continue;
    std::vector<std::string> cells;
    std::istringstream bars(line.substr(2));
    for (std::string cell; std::getline(bars, cell, '|');)
      cells.push_back(cell.substr(cell.starts_with(' ') ? 1 : 0,
                                  cell.find_last_not_of(' ') + 1 - (cell.starts_with(' ') ? 1 : 0)));
    const auto id = cells.at(0).substr(1, cells.at(0).size() - 2);
    CHECK_MESSAGE(rows.emplace(id, cells).second, id << " stands twice");
  }
  return rows;
}

std::string pace_text(const LogPace& pace) {
  return std::to_string(pace.burst) + ", then one in " + std::to_string(pace.every.count() / 1000) + " s";
}

/// The page's rows and the code's table: what they do not have in common.
std::vector<std::string> differences(const std::string& text) {
  auto rows = rows_of(text);
  std::vector<std::string> found;
  for (const auto& event : log_events) {
    const auto row = rows.extract(std::string(event.id));
    if (row.empty()) {
      found.push_back("not on the page: " + std::string(event.id));
    } else if (row.mapped().at(1) != event.en || row.mapped().at(2) != event.zh ||
               row.mapped().at(3) != pace_text(event.pace)) {
      found.push_back("another text or pace: " + std::string(event.id));
    }
  }
  for (const auto& [id, cells] : rows) found.push_back("not in the code: " + id);
  return found;
}

}  // namespace

TEST_SUITE("kit/log") {
  TEST_CASE("a line is one JSON object with time, level, event, sentence and fields") {
    Heard heard;
    heard.log.debug("stopped");
    heard.log.info("broker_up", {{"backlog", std::int64_t{3}}});
    heard.log.warning("broker_down", {{"why", "E\"1\n"}});
    REQUIRE(heard.lines.size() == 2);
    CHECK(heard.lines[0] ==
          "{\"ts\":\"2026-05-31T16:00:00.000Z\",\"level\":\"info\",\"event\":\"broker_up\","
          "\"text\":\"connected to the broker\",\"backlog\":3}\n");
    const auto line = Json::parse(heard.lines[1]);
    REQUIRE(line);
    CHECK(line->find("why")->text() == "E\"1\n");
    CHECK(line->find("zh")->text() == "无法连接消息代理；记录将保留，待恢复后发送");
  }

  TEST_CASE("on a terminal a line is a sentence, and a device's bytes cannot steer it") {
    Heard heard(LogForm::terminal);
    heard.log.warning("broker_down", {{"why", "\x1b[2Jgone\n"}, {"tries", std::int64_t{2}}});
    REQUIRE(heard.lines.size() == 1);
    CHECK(
        heard.lines[0] ==
        "2026-05-31T16:00:00.000Z warning broker_down: the broker cannot be reached; what is recorded waits "
        "until it is back (why=\"\\u001b[2Jgone\\n\", tries=2)\n"
        "    无法连接消息代理；记录将保留，待恢复后发送\n");
  }

  TEST_CASE("a field from a device cannot make a line endless, nor break it with bytes that are not text") {
    Heard heard;
    heard.log.error("start_failed", {{"bytes", std::string(100'000, 'x')}, {"odd", std::string("\xff")}});
    // Control characters become six bytes each: seven such fields would be 43 kB.
    const std::string bells(1'000, '\x07');
    heard.log.error(
        "start_failed",
        {{"a", bells}, {"b", bells}, {"c", bells}, {"d", bells}, {"e", bells}, {"f", bells}, {"g", bells}});
    std::string wide;
    while (wide.size() < 2'000) wide += "表";
    heard.log.error("start_failed", {{"wide", wide}});
    REQUIRE(heard.lines.size() == 3);
    for (const auto& said : heard.lines) {
      CHECK(said.size() <= max_log_line);
      const auto line = Json::parse(said);
      REQUIRE(line);
      REQUIRE(line->find("cut") != nullptr);
      CHECK(line->find("cut")->boolean());
    }
    CHECK(heard.count("\xEF\xBF\xBD") == 1);  // the odd byte, and no half character of the wide text
  }

  TEST_CASE("a private key in a field is withheld") {
    Heard heard;
    heard.log.error("start_failed", {{"why", "cannot read -----BEGIN PRIVATE KEY-----\nMC4CAQAwBQ"}});
    heard.log.error("start_failed", {{"why", "cannot read cloud-key.pem"}});
    CHECK(heard.count("[withheld]") == 1);
    CHECK(heard.count("MC4CAQ") == 0);
    CHECK(heard.count("cloud-key.pem") == 1);
  }

  TEST_CASE("a flood of one kind is held back, said once, and leaves the other kinds alone") {
    Heard heard;
    for (int at = 0; at < 1'000; ++at) heard.log.warning("stranger", {{"messages", std::int64_t{1}}});
    CHECK(heard.count("\"event\":\"stranger\"") == static_cast<std::size_t>(outside_pace.burst));
    heard.log.info("broker_up");
    CHECK(heard.count("broker_up") == 1);
    CHECK(heard.count("suppressed") == 0);

    heard.clock.advance(Milliseconds{outside_pace.every.count()});
    heard.log.warning("stranger");
    CHECK(heard.count("\"event\":\"stranger\"") == static_cast<std::size_t>(outside_pace.burst) + 1);
    CHECK(heard.count("\"event\":\"suppressed\"") == 1);
    CHECK(heard.count("\"of\":\"stranger\",\"lines\":990") == 1);
    CHECK(heard.log.held_back() == 990);

    // The wall clock set back an hour holds nothing back: paces are of the steady clock.
    heard.clock.advance(Milliseconds{outside_pace.every.count()});
    heard.clock.set(heard.clock.now() - std::chrono::hours(1));
    heard.log.warning("stranger");
    CHECK(heard.count("\"event\":\"stranger\"") == static_cast<std::size_t>(outside_pace.burst) + 2);
  }

  TEST_CASE("what was held back is said at the end, too") {
    std::vector<std::string> lines;
    {
      const ManualClock clock;
      const Log log(clock, Level::info, [&](std::string_view line) { lines.emplace_back(line); });
      for (int at = 0; at < 25; ++at) log.info("broker_up");
    }
    REQUIRE(lines.size() == 21);
    CHECK(lines.back().find("\"of\":\"broker_up\",\"lines\":5") != std::string::npos);
  }

  TEST_CASE("two threads cannot pass more than the pace, and no line is lost without being counted") {
    LogGate gate;
    const LogPace pace{100, std::chrono::milliseconds{1'000}};
    const Ticks now{std::chrono::hours(1)};
    std::atomic<std::int64_t> passed{0};
    std::atomic<std::int64_t> counted{0};
    {
      std::vector<std::jthread> threads;
      for (int thread = 0; thread < 2; ++thread) {
        threads.emplace_back([&] {
          for (int at = 0; at < 10'000; ++at) {
            if (const auto held = gate.pass(pace, now)) {
              ++passed;
              counted += *held;
            }
          }
        });
      }
    }
    CHECK(passed == 100);
    CHECK(passed + counted + gate.take_held_back() == 20'000);
  }

  TEST_CASE("the page of log events and the code say the same, word for word") {
    const auto text = page();
    for (const auto& difference : differences(text)) FAIL_CHECK(difference);
    // And the comparison notices each kind of difference.
    auto changed = text;
    changed.replace(changed.rfind("connected to the broker"), 9, "contacted");
    changed += "| `no_such` | a | b | 20, then one in 10 s |\n";
    CHECK(differences(changed) ==
          std::vector<std::string>{"another text or pace: broker_up", "not in the code: no_such"});
  }
}
