// The gateway's program among real ones: mosquitto, steward-cloud and the
// simulated estate. Killed, cut off, badly configured and with a dead meter on
// its bus: nothing lost, nothing doubled, and every value what the dial showed.
#include <algorithm>
#include <set>

#include "contract/nouns/log.hpp"
#include "contract/text/instant_text.hpp"
#include "drivers/sim/estate_model.hpp"
#include "tests/process/site_processes.hpp"

using namespace steward;

namespace {

using Upto = std::map<std::int64_t, std::int64_t>;  // stream → its newest seq

/// Runs a query over one database and hands each row to `take`.
void each_row(Database& database, const std::string& sql, const std::function<void(Statement&)>& take) {
  auto query = database.prepare(sql);
  REQUIRE_MESSAGE(query, sql);
  REQUIRE(query->bind());
  for (auto more = query->step(); more && *more; more = query->step()) take(*query);
}

std::int64_t count(Database database, const std::string& sql) {
  const auto found = database.query_int(sql);
  REQUIRE_MESSAGE(found, sql);
  return *found;
}

/// How far the gateway's own logs reach.
Upto written(const SiteProcesses& site) {
  Upto upto;
  for (const auto stream : all_streams) {
    const auto last =
        count(site.outbox(), "SELECT coalesce(max(last), 0) FROM block_" + std::string(word(stream)));
    if (last > 0) upto[static_cast<std::int64_t>(stream)] = last;
  }
  return upto;
}

/// How far the cloud has them.
Upto taken(const SiteProcesses& site) {
  Upto upto;
  auto books = site.books();
  each_row(books, "SELECT stream, upto FROM log",
           [&](Statement& row) { upto[row.column_int(0)] = row.column_int(1); });
  return upto;
}

bool has_all(const Upto& taken, const Upto& written) {
  return std::all_of(written.begin(), written.end(), [&](const auto& log) {
    const auto at = taken.find(log.first);
    return at != taken.end() && at->second >= log.second;
  });
}

/// Every log in the books: blocks that join, as many records as places, no place
/// twice, nothing given up or set aside.
void check_logs(const SiteProcesses& site) {
  auto books = site.books();
  std::map<std::int64_t, std::int64_t> next;
  each_row(books, "SELECT log_no, first, last FROM block ORDER BY log_no, first", [&](Statement& row) {
    auto& expected = next.emplace(row.column_int(0), 1).first->second;
    CHECK_MESSAGE(row.column_int(1) == expected, "log " << row.column_int(0));
    expected = row.column_int(2) + 1;
  });
  const char* seqs =
      "SELECT log_no, seq FROM reading UNION ALL SELECT log_no, seq FROM closing UNION ALL "
      "SELECT log_no, seq FROM catalogue UNION ALL SELECT log_no, seq FROM door_event UNION ALL "
      "SELECT log_no, seq FROM patrol_scan UNION ALL SELECT log_no, seq FROM edge_event";
  each_row(books,
           "SELECT l.log_no, l.stream, l.upto, count(s.seq), count(DISTINCT s.seq), l.forked FROM log l LEFT "
           "JOIN (" +
               std::string(seqs) + ") s USING (log_no) GROUP BY l.log_no",
           [&](Statement& row) {
             CAPTURE(row.column_int(1));
             const auto upto = row.column_int(2);
             CHECK(next[row.column_int(0)] == upto + 1);
             CHECK(row.column_int(3) == upto);
             CHECK(row.column_int(4) == upto);
             CHECK(row.column_int(5) == 0);
           });
  CHECK(count(site.books(), "SELECT count(*) FROM hole") == 0);
  CHECK(count(site.books(), "SELECT count(*) FROM set_aside") == 0);
  CHECK(count(site.books(),
              "SELECT count(*) - count(DISTINCT format('%d %d %d', meter_no, channel_no, round_at_ms)) FROM "
              "reading") == 0);
}

/// Every reading against the simulator's own model: what the dial showed when it
/// was asked, which is between the round's instant and the reply's. A dial never
/// falls, so both ends bound it, and nearly always they are the same.
void check_dials(const SiteProcesses& site) {
  const sim::EstateModel model({.seed = SiteProcesses::seed, .flats = SiteProcesses::flats});
  std::size_t readings = 0;
  std::size_t exact = 0;
  auto books = site.books();
  each_row(books,
           "SELECT (SELECT meter FROM catalogue c WHERE c.log_no = r.log_no AND c.meter_no = r.meter_no "
           "        AND c.seq < r.seq ORDER BY c.seq DESC LIMIT 1), r.round_at_ms, r.taken_at_ms, r.value, "
           "r.quality "
           "FROM reading r",
           [&](Statement& row) {
             const auto meter = model.find(row.column_text(0));
             REQUIRE_MESSAGE(meter >= 0, row.column_text(0));
             const auto place = static_cast<std::size_t>(meter);
             const auto least = model.dial_at(place, instant_from_ms(row.column_int(1)));
             const auto most = model.dial_at(place, instant_from_ms(row.column_int(2)));
             CAPTURE(row.column_text(0));
             CHECK(row.column_int(4) == 0);
             CHECK(row.column_int(3) >= least);
             CHECK(row.column_int(3) <= most);
             ++readings;
             exact += least == most ? 1 : 0;
           });
  CHECK(readings >= 5 * model.plan().meters.size());
  CHECK(exact * 10 >= readings * 9);  // else the two bounds would prove little
}

/// Lets the edge read on until `late` ms into its second round, then SIGKILL.
void kill_edge_within_a_round(SiteProcesses& site, int late) {
  site.start_edge();
  site.wait_for_rounds(1);
  const auto committed = read_instant(site.rounds().back().find("round_at")->text());
  REQUIRE(committed);
  const auto due = *committed + std::chrono::seconds(1) + Milliseconds(late);
  site.wait("the next round is under way", [&] { return SystemClock().now() >= due; });
  site.kill("edge");
}

}  // namespace

TEST_SUITE("process/edge") {
  TEST_CASE("gateway and broker are killed again and again: no reading is lost, doubled or changed") {
    SiteProcesses site;
    site.start_broker();
    site.start_cloud();
    site.start_estate();
    for (const int late : {0, 4, 15, 60}) kill_edge_within_a_round(site, late);

    site.start_edge();
    site.wait_for_rounds(1);
    site.kill("broker");
    site.wait_for_rounds(site.rounds().size() + 2);  // it reads on into the outbox
    site.start_broker();
    const auto before = written(site);
    site.wait("what was read without the broker arrives", [&] { return has_all(taken(site), before); });

    CHECK(site.stop("edge") == 0);
    const auto all = written(site);
    site.start_edge();  // what the last moment left in the outbox
    site.wait_for_rounds(1);
    site.wait("all is delivered", [&] { return has_all(taken(site), all); });
    CHECK(site.stop("edge") == 0);
    CHECK(site.stop("cloud") == 0);
    CHECK(site.stop("sim") == 0);
    check_logs(site);
    check_dials(site);
    CHECK(count(site.books(), "SELECT count(*) FROM log") ==
          count(site.books(), "SELECT count(DISTINCT stream) FROM log"));
    // Six starts, of which four ended by a kill: the books know each of them.
    CHECK(count(site.books(), "SELECT count(*) FROM edge_event WHERE kind = 'started'") == 6);
  }

  TEST_CASE("without a broker the gateway reads on, stops in order, and delivers all of it later") {
    SiteProcesses site;
    site.start_estate();
    site.start_edge();
    site.wait_for_rounds(3);
    const auto rounds = site.rounds();
    CHECK(rounds.back().find("unacked")->integer() > rounds.front().find("unacked")->integer());
    CHECK(site.stop("edge") == 0);
    const auto offline = written(site);
    CHECK(offline.size() >= 2);  // readings and events

    site.start_broker();
    site.start_cloud();
    CHECK(taken(site).empty());
    site.start_edge();
    site.wait_for_rounds(1);
    site.wait("all is delivered", [&] { return has_all(taken(site), offline); });
    CHECK(site.stop("edge") == 0);
    CHECK(site.stop("cloud") == 0);
    check_logs(site);
  }

  TEST_CASE("a bad config and meter list: every problem in both languages, exit 2, nothing made") {
    SiteProcesses site;
    std::filesystem::create_directory(site.in("bad"));
    std::ofstream(site.in("bad/edge.json")) << R"({ "schema": 1, "site": "riverside", "gateway": "gw1",
      "data": "data", "enrolment": "../enrolment", "meters": "meters.csv",
      "profiles": ")" STEWARD_SOURCE_DIR R"(/drivers/profiles",
      "broker": { "host": "localhost", "prt": 8883 }, "rounds": { "every_minutes": 7 },
      "buses": [ { "bus": "b1", "kind": "modbus_tcp", "host": "127.0.0.1" } ],
      "door_pushes": { "host": "0.0.0.0" } })";
    std::ofstream(site.in("bad/meters.csv"))
        << "meter,profile,bus,unit\nE-1,eastron-sdm360/1,b1,1\nE-2,eastron-sdm630/1,b2,2\n"
           "E-3,eastron-sdm630/1,b1,300\nE-3,eastron-sdm630/1,b1,4\n";
    for (const bool check : {true, false}) {
      CAPTURE(check);
      std::vector<std::string> command{"steward-edge", "--config", site.in("bad/edge.json")};
      if (check) command.emplace_back("--check");
      const auto [code, said] = site.run(command);
      CHECK(code == 2);
      for (const char* words :
           {"edge.json:4: unknown key \"broker.prt\"; did you mean \"port\"?", "未知的键 \"broker.prt\"",
            "\"rounds.every_minutes\" is 7", "不能整除一天", "\"door_pushes.host\" is \"0.0.0.0\"",
            "应为本网关的 IPv4 地址", "meters.csv:2: ", "did you mean \"eastron-sdm630/1\"?",
            "meters.csv:3: ", "\"b2\"", "meters.csv:4: ", "unit \"300\" is not a Modbus address",
            "meters.csv:5: ", "meters.csv:5：", "meters.csv:2："}) {
        CHECK_MESSAGE(said.find(words) != std::string::npos, words << " is not in\n" << said);
      }
      std::set<std::string> files;
      for (const auto& entry : std::filesystem::recursive_directory_iterator(site.in("bad"))) {
        files.insert(entry.path().filename());
      }
      CHECK(files == std::set<std::string>{"edge.json", "meters.csv"});
    }
  }

  TEST_CASE("a dead meter costs only itself, and an event names it") {
    const sim::EstateModel model({.seed = SiteProcesses::seed, .flats = SiteProcesses::flats});
    const std::string dead = model.plan().meters.front().meter.text;
    const auto others = static_cast<std::int64_t>(model.plan().meters.size()) - 1;
    SiteProcesses site;
    site.start_broker();
    site.start_cloud();
    site.start_estate({"--dead", dead});
    site.start_edge();
    site.wait_for_rounds(3);
    for (const auto& round : site.rounds()) {
      CHECK(round.find("readings")->integer() == others);
      CHECK(round.find("silent")->integer() == 1);
    }
    CHECK(site.stop("edge") == 0);
    const auto all = written(site);
    site.start_edge();
    site.wait_for_rounds(1);
    site.wait("all is delivered", [&] { return has_all(taken(site), all); });
    CHECK(site.stop("edge") == 0);
    CHECK(site.stop("cloud") == 0);
    check_logs(site);
    std::set<std::string> silent;
    auto books = site.books();
    each_row(books, "SELECT subject FROM edge_event WHERE kind = 'unit_silent'",
             [&](Statement& row) { silent.insert(row.column_text(0)); });
    CHECK(silent == std::set<std::string>{dead});
  }

  TEST_CASE("two meters at one address are latched, said since when, and believed again only after unlatch") {
    const sim::EstateModel model({.seed = SiteProcesses::seed, .flats = SiteProcesses::flats});
    const auto& meters = model.plan().meters;
    const auto& first = meters.front();
    const auto other = std::find_if(meters.begin() + 1, meters.end(), [&](const auto& meter) {
      return meter.bus == first.bus && meter.model == first.model;
    });
    REQUIRE(other != meters.end());
    SiteProcesses site;
    std::ofstream(site.in("twins.json"))
        << R"({"scenario":1,"seed":3,"faults":[{"fault":"twin","meter":")" << first.meter.text
        << R"(","with":")" << other->meter.text << R"(","least_ms":1,"most_ms":3}]})";
    site.start_broker();
    site.start_cloud();
    site.start_estate({"--scenario", site.in("twins.json")});
    site.start_edge();
    const auto said = [&](const std::string& kinds) {
      return count(site.books(), "SELECT count(*) FROM edge_event WHERE kind IN (" + kinds +
                                     ") AND detail LIKE 'since 20%' AND subject = '" + first.meter.text +
                                     "'");
    };
    site.wait("the twins are found out", [&] { return said("'unit_clash', 'unit_exchanged'") > 0; });
    const auto config = site.in("estate/edge.json");
    const auto [shown, status] = site.run({"steward-edge", "--config", config, "--json", "status"});
    CHECK(shown == 0);
    CHECK(status.find("\"latched\":true") != std::string::npos);
    CHECK(status.find("steward-edge unlatch") != std::string::npos);
    CHECK(site.run({"steward-edge", "--config", config, "unlatch", "nobody"}).first == 1);
    CHECK(site.run({"steward-edge", "--config", config, "unlatch", first.meter.text}).first == 0);
    site.wait("the clearing is in the books", [&] {
      return count(site.books(), "SELECT count(*) FROM edge_event WHERE kind = 'unit_cleared'") == 1;
    });
    CHECK(site.stop("edge") == 0);
    CHECK(site.stop("cloud") == 0);
  }
}
