#include "tests/chaos/chaos_site.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "cloud/app/verbs.hpp"
#include "contract/nouns/log.hpp"
#include "contract/text/instant_text.hpp"
#include "contract/text/json.hpp"
#include "drivers/sim/estate_model.hpp"
#include "kit/loop/clocks.hpp"
#include "kit/loop/loop.hpp"
#include "tests/process/site_processes.hpp"
#include "tests/support/enrolled_gateway.hpp"

namespace steward {
namespace {

const Instant begin = instant_from_ms(1'780'272'000'000);  // 2026-06-01
constexpr auto step = std::chrono::hours(1);

std::string program(const std::string& name) { return STEWARD_BINARY_DIR "/bin/" + name; }

void verb(std::vector<std::string> arguments, const std::string& books) {
  std::ostringstream out;
  arguments.insert(arguments.begin(), {"--data", books});
  const auto exit = run_steward_cloud(arguments, {out, out});
  REQUIRE_MESSAGE(exit == Exit::ok, out.str());
}

Database open(const std::string& file) {
  auto opened = Database::open(file, {.read_only = true});
  REQUIRE_MESSAGE(opened, file);
  return std::move(*opened);
}

std::int64_t ask(const std::string& file, const std::string& sql) {
  auto database = open(file);
  const auto answer = database.query_int(sql);
  REQUIRE_MESSAGE(answer, sql);
  return *answer;
}

void each_row(const std::string& file, const std::string& sql, const std::function<void(Statement&)>& take) {
  auto database = open(file);
  auto query = database.prepare(sql);
  REQUIRE_MESSAGE(query, sql);
  REQUIRE(query->bind());
  for (auto more = query->step(); more && *more; more = query->step()) take(*query);
}

/// The simulator's config without serial lines, doors and readers: those are as slow as their wires.
void keep_tcp_meters(const std::string& folder) {
  JsonLimits limits;
  limits.comments = true;
  const auto sim = Json::parse(text_of(folder + "/edge.json"), limits);
  REQUIRE(sim);
  auto config = Json::object();
  std::set<std::string> kept;
  for (const auto& [key, value] : sim->members()) {
    if (key == "doors" || key == "readers" || key == "meters" || key == "buses") continue;
    config.set(key, value);
  }
  auto buses = Json::array();
  for (const auto& bus : sim->find("buses")->items()) {
    if (bus.find("kind")->text() != "modbus_tcp") continue;
    kept.insert(bus.find("bus")->text());
    buses.push(bus);
  }
  config.set("buses", std::move(buses)).set("meters", "chaos.csv");
  std::ofstream(folder + "/chaos.json") << config.dump(2) << "\n";
  std::ifstream list(folder + "/meters.csv");
  std::ofstream out(folder + "/chaos.csv");
  std::string line;
  std::getline(list, line);
  out << line << "\n";
  while (std::getline(list, line)) {
    for (const auto& bus : kept) {
      if (line.find("," + bus + ",") != std::string::npos) out << line << "\n";
    }
  }
}

/// Only a failure takes that long: kills in a row make both sides wait longer before they dial again.
constexpr Milliseconds chaos_patience{180'000};

bool came(const std::function<bool()>& done) {
  Loop loop;
  loop.spawn([]() -> Awaitable<void> {
    while (true) co_await pause(Milliseconds{5});  // each tick makes the loop look
  }());
  return loop.run_until(done, chaos_patience);
}

std::string tail(const std::string& text) { return text.substr(text.size() > 1500 ? text.size() - 1500 : 0); }

}  // namespace

ChaosSite::ChaosSite(std::uint64_t seed) : dice_(seed), port_(free_port()), next_round_(begin) {
  verb({"broker", "setup", "--host", "localhost", "--port", std::to_string(port_), "--bind", "127.0.0.1",
        "--out", in("broker")},
       in("books"));
  enrol_gateway(in("books"), in("enrolment"));
  REQUIRE(SteppedClock::create(in("clock"), begin));
  edge_link_ = std::make_unique<ChaosProxy>(port_);
  cloud_link_ = std::make_unique<ChaosProxy>(port_);
}

void ChaosSite::start(const std::string& name, const std::vector<std::string>& command) {
  running_.erase(name);  // dead and reaped, before its place is taken
  std::filesystem::remove(in(name + ".log"));
  running_[name] = std::make_unique<ChildProcess>(command, in(name + ".log"));
}

void ChaosSite::start_broker(BrokerMemory memory) {
  const auto saved = in("broker/mosquitto.db");
  if (memory == BrokerMemory::none) std::filesystem::remove(saved);
  if (memory == BrokerMemory::outdated) {
    std::error_code absent;
    std::filesystem::copy_file(in("first.db"), saved, std::filesystem::copy_options::overwrite_existing,
                               absent);
  } else if (!std::filesystem::exists(in("first.db")) && std::filesystem::exists(saved)) {
    std::filesystem::copy_file(saved, in("first.db"));
  }
  auto config = text_of(in("broker/mosquitto.conf"));
  const std::string off = "persistence false";
  const auto at = config.find(off);
  REQUIRE(at != std::string::npos);
  if (memory != BrokerMemory::none) {
    config.replace(at, off.size(),
                   "persistence true\npersistence_location " + in("broker") +
                       "/\nautosave_on_changes true\nautosave_interval 1");
  }
  std::ofstream(in("broker/chaos.conf")) << config;
  start("broker", {"mosquitto", "-c", in("broker/chaos.conf")});
}

void ChaosSite::start_sim() {
  start("sim", {program("steward-sim"), "serve", "--seed", std::to_string(estate_seed), "--units",
                std::to_string(flats), "--dir", in("estate"), "--profiles",
                STEWARD_SOURCE_DIR "/drivers/profiles", "--enrolment", in("enrolment"), "--broker-port",
                std::to_string(edge_link_->port()), "--clock", in("clock")});
  wait("the estate is ready", [&] { return output("sim").find("ready") != std::string::npos; });
  keep_tcp_meters(in("estate"));
}

void ChaosSite::start_cloud(const std::vector<std::string>& sites, const std::string& name) {
  std::vector<std::string> command{
      program("steward-cloud"), "--data",    in("books"),     "serve",
      "--broker-host",          "localhost", "--broker-port", std::to_string(cloud_link_->port()),
      "--step-clock",           in("clock")};
  for (const auto& site : sites) command.insert(command.end(), {"--site", site});
  start(name, command);
}

void ChaosSite::start_edge(int rounds) {
  collect_rounds();
  const auto last = rounds == 0 ? next_round_ + step * 1'000'000 : next_round_ + step * (rounds - 1);
  start("edge", {program("steward-edge"), "--config", in("estate/chaos.json"), "--progress", "--step-clock",
                 in("clock"), "--step-from", instant_text(next_round_), "--step-to", instant_text(last)});
}

void ChaosSite::kill(const std::string& name) { running_.at(name)->kill_now(); }
int ChaosSite::stop(const std::string& name) {
  running_.at(name)->ask_to_stop();
  return running_.at(name)->wait();
}
int ChaosSite::wait_for_end(const std::string& name) { return running_.at(name)->wait(); }

std::string ChaosSite::output(const std::string& name) const { return text_of(in(name + ".log")); }

/// Keeps what the edge that ends has said; the next one leaves an hour out.
void ChaosSite::collect_rounds() {
  std::istringstream text(output("edge"));
  for (std::string line; std::getline(text, line);) {
    // A line that a kill cut off is not a promise.
    const auto json =
        line.starts_with("{\"round_at\"") && line.ends_with('}') ? Json::parse(line) : Result<Json>(Error{});
    if (!json) continue;
    const auto at = read_instant(json->find("round_at")->text());
    REQUIRE(at);
    committed_[ms_of(*at)] = json->find("readings")->integer();
    next_round_ = std::max(next_round_, *at + step * 2);
  }
  // Killed before it said anything: what it may have committed is at next_round_.
  if (running_.contains("edge")) next_round_ += step * 2;
}

std::size_t ChaosSite::rounds() const {
  const auto text = output("edge");
  std::size_t count = 0;
  for (auto at = text.find("{\"round_at\""); at != std::string::npos; at = text.find("{\"round_at\"", at + 1))
    ++count;
  return count;
}

void ChaosSite::wait(const std::string& what, const std::function<bool()>& done) const {
  const bool in_time = came(done);
  REQUIRE_MESSAGE(in_time, what << "\nedge: " << tail(output("edge")) << "\ncloud: " << tail(output("cloud"))
                                << "\nbroker: " << tail(output("broker")));
}

std::int64_t ChaosSite::ask_books(const std::string& sql) const { return ask(in("books/steward.db"), sql); }
std::int64_t ChaosSite::ask_outbox(const std::string& sql) const {
  return ask(in("estate/data/outbox.db"), sql);
}

std::int64_t ChaosSite::booked() const { return ask_books("SELECT coalesce(sum(upto), 0) FROM log"); }

bool ChaosSite::all_delivered() const {
  for (const auto stream : all_streams) {
    const auto written = ask_outbox("SELECT coalesce(max(last), 0) FROM block_" + std::string(word(stream)));
    const auto taken = ask_books("SELECT coalesce(max(upto), 0) FROM log WHERE stream = " +
                                 std::to_string(static_cast<int>(stream)));
    if (taken < written) return false;
  }
  return true;
}

void ChaosSite::finish_and_judge() {
  if (running_.contains("edge") && running_.at("edge")->running()) CHECK(stop("edge") == 0);
  start_edge(1);  // what the last moment left in the outbox goes with one more round
  CHECK(wait_for_end("edge") == 0);
  start_edge(1);  // and the events of that end with another
  CHECK(wait_for_end("edge") == 0);
  collect_rounds();
  wait("the books have all but the last goodbye", [&] {
    return ask_books("SELECT coalesce(max(upto), 0) FROM log WHERE stream = 0") ==
           ask_outbox("SELECT max(last) FROM block_readings");
  });
  CHECK(stop("cloud") == 0);
  judge_logs();
  judge_rounds();
  judge_dials();
  judge_by_verify();
}

/// Every log: blocks that join, as many records as places, no place twice, nothing given up or set aside.
void ChaosSite::judge_logs() const {
  std::map<std::int64_t, std::int64_t> next;
  each_row(in("books/steward.db"), "SELECT log_no, first, last FROM block ORDER BY log_no, first",
           [&](Statement& row) {
             auto& expected = next.emplace(row.column_int(0), 1).first->second;
             CHECK_MESSAGE(row.column_int(1) == expected, "log " << row.column_int(0));
             expected = row.column_int(2) + 1;
           });
  const char* seqs =
      "SELECT log_no, seq FROM reading UNION ALL SELECT log_no, seq FROM closing UNION ALL "
      "SELECT log_no, seq FROM catalogue UNION ALL SELECT log_no, seq FROM edge_event";
  each_row(in("books/steward.db"),
           "SELECT l.log_no, l.upto, count(s.seq), count(DISTINCT s.seq), l.forked FROM log l LEFT JOIN (" +
               std::string(seqs) + ") s USING (log_no) GROUP BY l.log_no",
           [&](Statement& row) {
             CAPTURE(row.column_int(0));
             CHECK(next[row.column_int(0)] == row.column_int(1) + 1);
             CHECK(row.column_int(2) == row.column_int(1));
             CHECK(row.column_int(3) == row.column_int(1));
             CHECK(row.column_int(4) == 0);
           });
  CHECK(ask_books("SELECT count(*) FROM hole") == 0);
  CHECK(ask_books("SELECT count(*) FROM set_aside") == 0);
  CHECK(ask_books("SELECT count(*) FROM log") == ask_books("SELECT count(DISTINCT stream) FROM log"));
  CHECK(ask_books("SELECT count(*) - count(DISTINCT format('%d %d %d', meter_no, channel_no, round_at_ms)) "
                  "FROM reading") == 0);
}

void ChaosSite::judge_rounds() const {
  std::map<std::int64_t, std::int64_t> in_books;
  each_row(in("books/steward.db"), "SELECT round_at_ms, count(*) FROM reading GROUP BY round_at_ms",
           [&](Statement& row) { in_books[row.column_int(0)] = row.column_int(1); });
  REQUIRE(committed_.size() > 1);
  std::size_t lost = 0;
  for (const auto& [at, readings] : committed_) lost += in_books[at] == readings ? 0U : 1U;
  CHECK(lost == 0);
}

/// The clock stands still during a round: a dial shows one value, and the books must have it.
void ChaosSite::judge_dials() const {
  const sim::EstateModel model({.seed = estate_seed, .flats = flats});
  std::size_t checked = 0;
  std::size_t wrong = 0;
  each_row(
      in("books/steward.db"),
      "SELECT (SELECT c.meter FROM catalogue c WHERE c.log_no = r.log_no AND c.meter_no = r.meter_no AND "
      "c.seq < r.seq ORDER BY c.seq DESC LIMIT 1), r.round_at_ms, r.value FROM reading r "
      "WHERE (log_no, meter_no, channel_no) IN (SELECT log_no, meter_no, channel_no FROM catalogue_channel "
      "WHERE name IN ('energy_import', 'volume'))",  // the billed registers: others have no dial
      [&](Statement& row) {
        const auto meter = model.find(row.column_text(0));
        REQUIRE_MESSAGE(meter >= 0, row.column_text(0));
        const auto dial = model.dial_at(static_cast<std::size_t>(meter), instant_from_ms(row.column_int(1)));
        wrong += dial == row.column_int(2) ? 0U : 1U;
        ++checked;
      });
  CHECK(checked > 0);
  CHECK(wrong == 0);
}

void ChaosSite::judge_by_verify() const {
  verb({"blocks", "export", in("all.blocks"), "--site", "riverside", "--gateway", "gw1"}, in("books"));
  std::ostringstream listed;
  REQUIRE(run_steward_cloud({"--data", in("books"), "gateway", "list", "--json"}, {listed, listed}) ==
          Exit::ok);
  const auto gateways = Json::parse(listed.str());
  REQUIRE(gateways);
  const auto key = gateways->find("gateways")->items().at(0).find("block_key")->text();
  ChildProcess verify({program("steward-verify"), "blocks", "--key", key, in("all.blocks")},
                      in("verify.log"));
  const int exit = verify.wait();
  CHECK_MESSAGE(exit == 0, output("verify"));
}

}  // namespace steward
