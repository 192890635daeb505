// A technician's verbs against a running gateway and its simulated estate: trace, verify, scan,
// doctor and status, while the rounds go on.
#include "drivers/sim/estate_model.hpp"
#include "tests/process/site_processes.hpp"

using namespace steward;

namespace {

/// A gateway at work without a broker: what a technician meets on the first day.
struct Commissioned : SiteProcesses {
  Commissioned() {
    start_estate();
    start_edge();
    wait_for_rounds(2);
  }

  std::pair<int, std::string> edge(std::vector<std::string> words) {
    std::vector<std::string> command{"steward-edge", "--config", in("estate/edge.json")};
    command.insert(command.end(), words.begin(), words.end());
    return run(command);
  }
  /// The last JSON line a verb printed.
  static Json last(const std::string& output) {
    std::istringstream text(output);
    std::string line;
    Json last;
    while (std::getline(text, line))
      if (auto json = Json::parse(line)) last = std::move(*json);
    return last;
  }
  Json config() const {
    JsonLimits limits;
    limits.comments = true;
    auto json = Json::parse(text_of(in("estate/edge.json")), limits);
    REQUIRE(json);
    return std::move(*json);
  }
  /// The serial line's name.
  std::string line() const {
    const auto setup = config();
    for (const auto& bus : setup.find("buses")->items())
      if (bus.find("kind")->text() == "modbus_rtu") return bus.find("bus")->text();
    FAIL("the estate has no serial line");
    return "";
  }
};

bool has(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

}  // namespace

TEST_SUITE("process/commission") {
  TEST_CASE("trace shows a line's frames while the rounds go on, and ends by itself") {
    Commissioned site;
    const auto [code, said] = site.edge({"--json", "trace", site.line(), "--seconds", "3"});
    CHECK(code == 0);
    CHECK(has(said, R"("kind":"request")"));
    CHECK(has(said, R"("kind":"reply")"));
    const auto answer = Commissioned::last(said);
    CHECK(answer.find("ok")->boolean());
    CHECK(answer.find("lines")->integer() >= 2);
    CHECK(answer.find("missed")->integer() == 0);
    const auto [nobody, why] = site.edge({"trace", "no-such-line"});
    CHECK(nobody == 1);
    CHECK(has(why, "there is no line \"no-such-line\""));
    for (const auto& round : site.rounds()) CHECK(round.find("silent")->integer() == 0);
  }

  TEST_CASE("verify accepts what the dial shows, and names the likely mistake of what it does not") {
    Commissioned site;
    const sim::EstateModel model({.seed = SiteProcesses::seed, .flats = SiteProcesses::flats});
    const auto meter = model.plan().meters.front().meter.text;
    const auto [differs, first] = site.edge({"--json", "verify", meter, "--display", "99999999"});
    CHECK(differs == 3);
    const auto read = Commissioned::last(first).find("read")->text();
    // The dial moves on; what was read a moment ago is the display, to the digit, within a few tries.
    bool accepted = false;
    for (int tries = 0; tries < 10 && !accepted; ++tries) {
      const auto [again, now] = site.edge({"--json", "verify", meter, "--display", "99999999"});
      CHECK(again == 3);
      const auto [code, said] =
          site.edge({"verify", meter, "--display", Commissioned::last(now).find("read")->text()});
      accepted = code == 0 && has(said, "accepted: ") && has(said, "一致：");
    }
    CHECK(accepted);
    // Thousandths for whole ones: a watt-hour meter read as if it counted kilowatt-hours.
    const auto thousand = read.substr(0, read.find('.')) + read.substr(read.find('.') + 1);
    const auto [code, said] = site.edge({"verify", meter, "--display", thousand});
    CHECK(code == 3);
    CHECK(has(said, "differs: "));
    CHECK(has(said, "1. "));
    CHECK(site.edge({"verify", "nobody", "--display", "1"}).first == 1);
    CHECK(site.edge({"verify", meter, "--display", "twelve"}).first == 1);
    for (const auto& round : site.rounds()) CHECK(round.find("silent")->integer() == 0);
  }

  TEST_CASE("scan names who is in service and finds nobody else, and no round misses a meter for it") {
    Commissioned site;
    const auto before = site.rounds().size();
    const auto [code, said] =
        site.edge({"--json", "scan", "--line", site.line(), "--protocol", "modbus", "--addresses", "1-16"});
    CHECK(code == 0);
    const auto answer = Commissioned::last(said);
    REQUIRE(answer.find("ok")->boolean());
    CHECK_FALSE(answer.find("cancelled")->boolean());
    CHECK_FALSE(answer.find("in_service")->items().empty());
    for (const auto& unit : answer.find("in_service")->items()) CHECK(unit.find("answers")->boolean());
    CHECK(answer.find("suspicions")->items().empty());
    CHECK(site.rounds().size() > before);
    for (const auto& round : site.rounds()) CHECK(round.find("silent")->integer() == 0);
    // Another speed needs a gap longer than this site's second: it is left out, and said so.
    const auto [other, left] = site.edge(
        {"scan", "--line", site.line(), "--protocol", "modbus", "--baud", "2400", "--addresses", "1-2"});
    CHECK(other == 4);
    CHECK(has(left, "was not tried"));
    CHECK(site.edge({"scan", "--line", site.line(), "--baud", "9601"}).first == 2);
    CHECK(site.stop("edge") == 0);
  }

  TEST_CASE("doctor names what is wrong with and without the daemon; status is a page") {
    Commissioned site;
    const auto [status, page] = site.edge({"status"});
    CHECK(status == 0);
    CHECK(has(page, "last round"));
    CHECK(has(page, "all meters are well"));
    const auto [code, said] = site.edge({"doctor"});
    CHECK(code == 3);  // no broker is there, and records wait
    CHECK(has(said, "ok    config"));
    CHECK(has(said, "ok    daemon: running"));
    CHECK(has(said, "ok    certificate"));
    CHECK(has(said, "bad   broker: not connected"));
    CHECK(has(said, "未连接"));
    CHECK(site.stop("edge") == 0);
    const auto [stopped, report] = site.edge({"--json", "doctor"});
    CHECK(stopped == 3);
    CHECK(has(report, "not running; start it"));
    CHECK(Commissioned::last(report).find("grade")->text() == "bad");
  }
}
