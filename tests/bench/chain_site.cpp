#include "tests/bench/chain_site.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "contract/text/instant_text.hpp"
#include "contract/text/json.hpp"
#include "edge/site/read_site.hpp"
#include "kit/loop/clocks.hpp"
#include "tests/bench/process_usage.hpp"

namespace steward::bench {
namespace {

const std::string programs = STEWARD_BINARY_DIR "/bin/";
const std::string profiles = STEWARD_SOURCE_DIR "/drivers/profiles";
constexpr int patience_s = 20;

template <class T>
T need(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

std::string text_of(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

void run(const std::vector<std::string>& command, const std::string& log) {
  ChildProcess process(command, log);
  if (process.wait() != 0) throw std::runtime_error(command[0] + " failed: " + text_of(log));
}

}  // namespace

std::uint16_t free_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
  auto address = loopback(0);
  socklen_t length = sizeof address;
  const bool found = ::bind(probe, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
                     ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  ::close(probe);
  if (!found) throw std::runtime_error("no free port on 127.0.0.1");
  return ntohs(address.sin_port);
}

bool listens(std::uint16_t port) {
  const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
  const auto address = loopback(port);
  const bool answers = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(probe);
  return answers;
}

ChainSite::ChainSite(std::filesystem::path folder, const ChainShape& shape, Instant from)
    : folder_(std::move(folder)), stepped_(shape.stepped) {
  std::filesystem::create_directories(folder_);
  const auto port = free_port();
  start_broker(port);
  if (stepped_) need(SteppedClock::create(in("clock"), from));
  std::vector<std::string> sim{programs + "steward-sim",
                               "serve",
                               "--units",
                               std::to_string(shape.flats),
                               "--dir",
                               in("gateway"),
                               "--profiles",
                               profiles,
                               "--broker-host",
                               "localhost",
                               "--broker-port",
                               std::to_string(port),
                               "--enrolment",
                               in("enrolment")};
  std::vector<std::string> cloud{programs + "steward-cloud",
                                 "--data",
                                 in("cloud"),
                                 "serve",
                                 "--broker-host",
                                 "localhost",
                                 "--broker-port",
                                 std::to_string(port)};
  if (stepped_) sim.insert(sim.end(), {"--clock", in("clock")});
  if (stepped_) cloud.insert(cloud.end(), {"--step-clock", in("clock")});
  sim_ = start("sim", sim, "ready");
  cloud_ = start("cloud", cloud, "ready");
  write_config(shape);
  DatabaseOptions look;
  look.read_only = true;
  books_ = need(Database::open(in("cloud/steward.db"), look));
}

void ChainSite::start_broker(std::uint16_t port) {
  const std::vector<std::string> cloud{programs + "steward-cloud", "--data", in("cloud")};
  auto setup = cloud;
  setup.insert(setup.end(), {"broker", "setup", "--host", "localhost", "--port", std::to_string(port),
                             "--bind", "127.0.0.1", "--out", in("broker")});
  run(setup, in("setup.log"));
  run({programs + "steward-edge", "enrol", "request", "--site", "riverside", "--gateway", "gw1", "--folder",
       in("enrolment"), "--out", in("gw1.request")},
      in("setup.log"));
  auto add = cloud;
  add.insert(add.end(), {"gateway", "add", "--request", in("gw1.request"), "--out", in("gw1.enrolment")});
  run(add, in("setup.log"));
  run({programs + "steward-edge", "enrol", "accept", in("gw1.enrolment"), "--folder", in("enrolment")},
      in("setup.log"));
  broker_ = std::make_unique<ChildProcess>(
      std::vector<std::string>{"mosquitto", "-c", in("broker/mosquitto.conf")}, in("broker.log"));
  await("the broker", patience_s, [&] { return listens(port); });
}

std::unique_ptr<ChildProcess> ChainSite::start(const std::string& name,
                                               const std::vector<std::string>& command,
                                               const std::string& ready) {
  auto process = std::make_unique<ChildProcess>(command, in(name + ".log"));
  await(name + " (" + in(name + ".log") + ")", patience_s,
        [&] { return text_of(in(name + ".log")).find(ready) != std::string::npos; });
  return process;
}

/// The simulator's config without what is not measured.
void ChainSite::write_config(const ChainShape& shape) {
  JsonLimits limits;
  limits.comments = true;
  const auto sim = need(Json::parse(text_of(in("gateway/edge.json")), limits));
  auto config = Json::object();
  for (const auto& [key, value] : sim.members()) {
    if (key == "meters" || key == "rounds" || key == "buses" || key == "doors" || key == "readers") continue;
    config.set(key, value);
  }
  config.set("rounds", Json::object().set("every_seconds", shape.every_s).set("channels", "all"));
  config.set("meters", "bench.csv");
  if (shape.served_at != 0) {
    write_served(shape, config);
    return;
  }
  auto buses = Json::array();
  for (const auto& bus : sim.find("buses")->items()) {
    if (bus.find("kind")->text() == "modbus_tcp") buses.push(bus);
  }
  config.set("buses", std::move(buses));
  std::ofstream(in("gateway/bench.json")) << config.dump(2) << "\n";

  std::ifstream list(in("gateway/meters.csv"));
  std::ofstream kept(in("gateway/bench.csv"));
  std::string line;
  std::getline(list, line);
  kept << line << "\n";
  for (std::size_t meters = 0; (shape.meters == 0 || meters < shape.meters) && std::getline(list, line);) {
    if (line.find(",line1,") != std::string::npos) continue;
    kept << line << "\n";
    ++meters;
  }
  kept.close();
  load();
}

void ChainSite::load() {
  Problems problems;
  site_ = load_site(in("gateway/bench.json"), "", problems);
  if (!site_) throw std::runtime_error(problems.empty() ? "no site" : print(problems.front()));
}

void ChainSite::write_served(const ChainShape& shape, Json& config) {
  auto channels = Json::array();
  for (int at = 0; at < shape.registers; ++at) {
    auto channel = Json::object();
    channel.set("name", "register_" + std::to_string(at)).set("kind", "holding").set("first", at);
    channel.set("words", 1).set("as", "u16").set("unit", "none");
    channels.push(std::move(channel));
  }
  auto profile = Json::object();
  profile.set("profile", "bench/1").set("source", "tests/bench/register_server.cpp");
  profile.set("title", Json::object().set("en", "Benchmark").set("zh", "基准"));
  auto probe = Json::object();
  probe.set("kind", "holding").set("first", 2000).set("counts", Json::array().push(4).push(5));
  probe.set("serial", Json::object().set("first", 2000).set("words", 2).set("as", "number"));
  probe.set("source", "tests/bench/register_server.cpp");
  profile.set("bus", Json::object().set("probe", std::move(probe)));
  profile.set("channels", std::move(channels));
  auto seen = Json::object();
  seen.set("note", "register 0 is 1").set("kind", "holding").set("first", 0);
  seen.set("words", Json::array().push("0x0001")).set("expect", Json::object().set("register_0", 1));
  profile.set("captures", Json::array().push(std::move(seen)));
  std::filesystem::create_directories(in("profiles"));
  std::ofstream(in("profiles/bench.json")) << profile.dump(2) << "\n";

  auto buses = Json::array();
  std::ofstream meters(in("gateway/bench.csv"));
  meters << "meter,profile,bus,unit\n";
  for (std::size_t unit = 1; unit <= shape.meters; ++unit) {
    const std::string bus = "b" + std::to_string(unit);
    auto entry = Json::object();
    entry.set("bus", bus)
        .set("kind", "modbus_tcp")
        .set("host", "127.0.0.1")
        .set("port", int{shape.served_at})
        .set("path", "native");
    buses.push(std::move(entry));
    meters << "BENCH-" << unit << ",bench/1," << bus << ",1\n";
  }
  meters.close();
  auto served = Json::object();
  for (const auto& [key, value] : config.members()) {
    if (key != "profiles") served.set(key, value);
  }
  served.set("profiles", in("profiles")).set("buses", std::move(buses));
  std::ofstream(in("gateway/bench.json")) << served.dump(2) << "\n";
  load();
}

std::unique_ptr<ChildProcess> ChainSite::start_edge(Instant from, Instant to, int core) {
  std::vector<std::string> command;
  if (core >= 0) command = {"taskset", "-c", std::to_string(core)};
  command.insert(command.end(), {programs + "steward-edge", "--config", in("gateway/bench.json")});
  if (stepped_) {
    command.insert(command.end(), {"--step-clock", in("clock"), "--step-from", instant_text(from),
                                   "--step-to", instant_text(to)});
  }
  return std::make_unique<ChildProcess>(command, in("edge.log"));
}

std::int64_t ChainSite::ask(const std::string& sql) { return need(books_->query_int(sql)); }

std::int64_t ChainSite::readings() { return ask("SELECT count(*) FROM reading"); }

std::int64_t ChainSite::readings(std::int64_t from_ms, std::int64_t to_ms) {
  return ask("SELECT count(*) FROM reading WHERE round_at_ms BETWEEN " + std::to_string(from_ms) + " AND " +
             std::to_string(to_ms));
}

}  // namespace steward::bench
