#pragma once
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "cloud/app/verbs.hpp"
#include "contract/text/json.hpp"
#include "kit/loop/loop.hpp"
#include "kit/sqlite/database.hpp"
#include "tests/support/enrolled_gateway.hpp"
#include "tests/support/test_broker.hpp"

namespace steward {

/// Only a failure takes that long; one start of a program under a sanitizer takes a second or two.
inline constexpr Milliseconds process_patience{30'000};

inline std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

/// Looks again and again until `done` says so; false when the patience ran out.
inline bool until(const std::function<bool()>& done) {
  Loop loop;
  loop.spawn([]() -> Awaitable<void> {
    while (true) co_await pause(Milliseconds{5});  // each tick makes the loop look
  }());
  return loop.run_until(done, process_patience);
}

/// A whole site as its programs: mosquitto, steward-cloud, steward-sim and
/// steward-edge, each started, killed and stopped on its own, in one folder. All
/// follow the machine's clock; rounds are every second.
class SiteProcesses {
 public:
  static constexpr std::uint64_t seed = 11;
  static constexpr int flats = 4;

  SiteProcesses() {
    verb({"broker", "setup", "--host", "localhost", "--port", std::to_string(port_), "--bind", "127.0.0.1",
          "--out", in("broker")});
    enrol_gateway(in("books"), in("enrolment"));
  }

  std::string in(const std::string& name) const { return (folder_.path() / name).string(); }

  void start_broker() { start("broker", {"mosquitto", "-c", in("broker/mosquitto.conf")}); }
  void start_cloud(const std::vector<std::string>& more = {}) {
    std::vector<std::string> command{
        program("steward-cloud"), "--data",    in("books"),     "serve",
        "--broker-host",          "localhost", "--broker-port", std::to_string(port_)};
    command.insert(command.end(), more.begin(), more.end());
    start("cloud", command);
    wait("the cloud is ready", [&] { return output("cloud").find("ready") != std::string::npos; });
  }
  void start_estate(std::vector<std::string> more = {}) {
    std::vector<std::string> command{program("steward-sim"),
                                     "serve",
                                     "--seed",
                                     std::to_string(seed),
                                     "--units",
                                     std::to_string(flats),
                                     "--dir",
                                     in("estate"),
                                     "--profiles",
                                     STEWARD_SOURCE_DIR "/drivers/profiles",
                                     "--enrolment",
                                     in("enrolment"),
                                     "--broker-port",
                                     std::to_string(port_)};
    command.insert(command.end(), more.begin(), more.end());
    start("sim", command);
    wait("the estate is ready", [&] { return output("sim").find("ready") != std::string::npos; });
    // Closings are half a day away: a round then reads other channels too.
    const auto minute = ms_of(SystemClock().now()) / 60'000 % 1440;
    auto config = text_of(in("estate/edge.json"));
    replace(config, "\"every_minutes\": 60", "\"every_seconds\": 1");
    replace(config, "\"closing_minute_utc\": 960",
            "\"closing_minute_utc\": " + std::to_string((minute + 720) % 1440));
    std::ofstream(in("estate/edge.json")) << config;
  }
  void start_edge() {
    start("edge", {program("steward-edge"), "--config", in("estate/edge.json"), "--progress"});
  }

  pid_t pid(const std::string& name) const { return running_.at(name)->pid(); }
  void kill(const std::string& name) { running_.at(name)->kill_now(); }
  /// SIGTERM; its exit code. To a program that has begun: before that it has no handler yet.
  int stop(const std::string& name) {
    running_.at(name)->ask_to_stop();
    return running_.at(name)->wait();
  }
  /// Runs one program to its end: exit code, and what it said.
  std::pair<int, std::string> run(std::vector<std::string> command) {
    command.front() = program(command.front());
    start("run", command);
    const int code = running_.at("run")->wait();
    return {code, output("run")};
  }

  /// What `name` has said since its last start, both streams.
  std::string output(const std::string& name) const { return text_of(in(name + ".log")); }
  void wait(const char* what, const std::function<bool()>& done) const {
    const bool came = until(done);
    REQUIRE_MESSAGE(came, what << "\nedge: " << tail("edge") << "\ncloud: " << tail("cloud"));
  }

  /// The rounds this start of the edge has committed (its --progress lines), oldest first.
  std::vector<Json> rounds() const {
    std::vector<Json> lines;
    std::istringstream text(output("edge"));
    for (std::string line; std::getline(text, line);) {
      auto json = line.starts_with("{\"round_at\"") ? Json::parse(line) : Result<Json>(Error{});
      if (json) lines.push_back(std::move(*json));
    }
    return lines;
  }
  void wait_for_rounds(std::size_t count) const {
    wait("rounds are read", [&] { return rounds().size() >= count; });
  }

  std::uint16_t broker_port() const { return port_; }
  Database books() const { return open(in("books/steward.db")); }
  Database outbox() const { return open(in("estate/data/outbox.db")); }

 private:
  static std::string program(const std::string& name) { return STEWARD_BINARY_DIR "/bin/" + name; }
  static void replace(std::string& text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    REQUIRE_MESSAGE(at != std::string::npos, from << " is not in\n" << text);
    text.replace(at, from.size(), to);
  }
  static Database open(const std::string& file) {
    auto opened = Database::open(file, {.read_only = true});
    REQUIRE_MESSAGE(opened, file);
    return std::move(*opened);
  }
  void start(const std::string& name, const std::vector<std::string>& command) {
    std::filesystem::remove(in(name + ".log"));  // what the last start said must not be taken for this one's
    running_[name] = std::make_unique<ChildProcess>(command, in(name + ".log"));
  }
  void verb(std::vector<std::string> arguments) const {
    std::ostringstream out;
    arguments.insert(arguments.begin(), {"--data", in("books")});
    const auto exit = run_steward_cloud(arguments, {out, out});
    REQUIRE_MESSAGE(exit == Exit::ok, out.str());
  }
  std::string tail(const std::string& name) const {
    const auto text = output(name);
    return text.substr(text.size() > 2000 ? text.size() - 2000 : 0);
  }

  TemporaryFolder folder_;
  std::uint16_t port_ = free_port();
  std::map<std::string, std::unique_ptr<ChildProcess>> running_;
};

}  // namespace steward
