// The gateway against its obvious rival: 100 Modbus TCP meters x 40 registers each second
// through the whole chain (steward-edge with synchronous=FULL, mosquitto with mutual
// TLS, steward-cloud), beside npm's modbus-serial + mqtt polling the same meters in the
// same seconds; then flat out, with the gateway on one core.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <stdexcept>

#include "contract/nouns/clock.hpp"
#include "kit/loop/clocks.hpp"
#include "tests/bench/chain_site.hpp"
#include "tests/bench/goal.hpp"
#include "tests/bench/process_usage.hpp"
#include "tests/bench/register_server.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace steward;
using bench::ChainSite;
using bench::usage_of;

namespace {

constexpr std::size_t meters = 100;
constexpr std::uint16_t registers = 40;
constexpr auto readings_a_round = static_cast<std::int64_t>(meters * registers);
constexpr int windows = 3;
constexpr int window_s = 8;
constexpr int seconds_to_settle = 5;
constexpr int flat_out_turns = 3;
constexpr int rounds_per_turn = 300;
constexpr auto step = std::chrono::hours(1);

constexpr double most_cpu_percent =
    3.5;                            // Node-RED 5.4 %, Neuron 47 % of the same registers, neither keeps them
constexpr double most_rss_mb = 18;  // Neuron 33, Node-RED 144
constexpr double least_flat_out = 150'000;

std::string in(const std::filesystem::path& folder, const char* name) { return (folder / name).string(); }

/// The npm script and a broker of its own, with the chain's certificates.
class Rival {
 public:
  Rival(const std::filesystem::path& folder, std::uint16_t modbus_port) : log_(in(folder, "npm.log")) {
    const auto port = bench::free_port();
    const auto broker = folder / "broker";
    // The chain's own broker settings without its rules of who may say what.
    std::ofstream conf(in(folder, "npm-broker.conf"));
    conf << "listener " << port << " 127.0.0.1\nrequire_certificate true\nallow_anonymous true\n";
    std::ifstream chain(broker / "mosquitto.conf");
    for (std::string line; std::getline(chain, line);) {
      for (const char* key : {"user ", "cafile ", "certfile ", "keyfile ", "tls_version "}) {
        if (line.starts_with(key)) conf << line << "\n";
      }
    }
    conf.close();
    broker_ = std::make_unique<ChildProcess>(
        std::vector<std::string>{"mosquitto", "-c", in(folder, "npm-broker.conf")},
        in(folder, "npm-broker.log"));
    bench::await("npm's broker", 20, [&] { return bench::listens(port); });
    ::setenv("NODE_PATH", STEWARD_SOURCE_DIR "/build/npm/node_modules", 1);
    script_ = std::make_unique<ChildProcess>(
        std::vector<std::string>{"node", STEWARD_SOURCE_DIR "/tests/bench/npm/poll.js",
                                 std::to_string(modbus_port), std::to_string(meters),
                                 std::to_string(registers), std::to_string(port), broker.string()},
        log_);
    bench::await("npm's modbus-serial and mqtt (" + log_ + ")", 20,
                 [&] { return said().find("ready") != std::string::npos; });
  }

  pid_t pid() const { return script_->pid(); }
  /// Ends it; what it said last: readings acknowledged and reads failed.
  std::string end() {
    script_->ask_to_stop();
    script_->wait();
    const auto all = said();
    return all.substr(all.find('{') == std::string::npos ? 0 : all.find('{'));
  }

 private:
  std::string said() const {
    std::ifstream file(log_);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string log_;
  std::unique_ptr<ChildProcess> broker_;
  std::unique_ptr<ChildProcess> script_;
};

void every_second(const std::filesystem::path& folder, std::uint16_t port, bench::Report& report) {
  ChainSite chain(folder,
                  {.flats = 48, .meters = meters, .every_s = 1, .served_at = port, .registers = registers},
                  Instant{});
  const auto edge = chain.start_edge({}, {});
  bench::await("the first round", 60, [&] { return chain.readings() > 0; });
  Rival rival(folder, port);
  bench::idle_ms(seconds_to_settle * 1000);
  const auto first_ms = (ms_of(SystemClock().now()) / 1000 + 1) * 1000;
  bench::idle_ms(static_cast<int>(first_ms - ms_of(SystemClock().now())));
  bench::Row ours{"steward-edge, whole chain", "% of a core", {}};
  bench::Row npm{"npm modbus-serial + mqtt, no buffer", "% of a core", {}};
  for (int window = 0; window < windows; ++window) {
    const double ours_before = bench::cpu_s_of(edge->pid());
    const double npm_before = bench::cpu_s_of(rival.pid());
    bench::idle_ms(window_s * 1000);
    ours.samples.push_back((bench::cpu_s_of(edge->pid()) - ours_before) * 100 / window_s);
    npm.samples.push_back((bench::cpu_s_of(rival.pid()) - npm_before) * 100 / window_s);
  }
  const auto usage = usage_of(edge->pid());
  const auto npm_usage = usage_of(rival.pid());
  // The last round watched is given two seconds to reach the books.
  bench::idle_ms(2000);
  const auto there = chain.readings(first_ms, first_ms + (windows * window_s - 1) * 1000);
  const std::string said = rival.end();
  edge->ask_to_stop();
  if (const int code = edge->wait(); code != 0)
    throw std::runtime_error("steward-edge ended with " + std::to_string(code));
  report.row(ours);
  report.row(npm);
  report.row({"steward-edge, VmRSS", "MB", {usage.rss_mb}});
  report.row({"steward-edge, VmHWM", "MB", {usage.most_mb}});
  report.row({"npm, VmRSS", "MB", {npm_usage.rss_mb}});
  report.row({"committed in the cloud", "readings/s", {static_cast<double>(there) / (windows * window_s)}});
  report.note("npm, since it began: " + said.substr(0, said.find('\n')));
  report.at_most("cpu_100_units_a_second", bench::spread_of(ours.samples).median, "%", most_cpu_percent);
  report.at_most("rss_100_units_a_second", usage.most_mb, "MB", most_rss_mb);
  report.at_most("missing_100_units_a_second",
                 static_cast<double>(windows * window_s * readings_a_round - there), "readings", 0);
}

void flat_out(const std::filesystem::path& folder, std::uint16_t port, bench::Report& report) {
  Instant at = instant_from_ms(1'780'272'000'000);  // 2026-06-01
  ChainSite chain(folder,
                  {.flats = 48,
                   .meters = meters,
                   .stepped = true,
                   .every_s = 3600,
                   .served_at = port,
                   .registers = registers},
                  at);
  bench::Row rate{"flat out, gateway on one core", "readings/s", {}};
  bench::Row cost{"CPU of steward-edge", "us/reading", {}};
  for (int turn = 0; turn <= flat_out_turns; ++turn) {
    const auto before = chain.readings();
    double cpu = 0;
    int code = 0;
    const double seconds = bench::seconds_of([&] {
      const auto edge = chain.start_edge(at, at + (rounds_per_turn - 1) * step, 0);
      bench::await_end(edge->pid());
      cpu = usage_of(edge->pid()).cpu_s;
      code = edge->wait();
    });
    at += rounds_per_turn * step;
    if (code != 0) throw std::runtime_error("steward-edge ended with " + std::to_string(code));
    const auto came = static_cast<double>(chain.readings() - before);
    if (came < static_cast<double>(rounds_per_turn * readings_a_round))
      report.note("flat out: " + std::to_string(static_cast<std::int64_t>(came)) + " readings came");
    if (turn == 0) continue;
    rate.samples.push_back(came / seconds);
    cost.samples.push_back(cpu * 1e6 / came);
  }
  report.row(rate);
  report.row(cost);
  report.at_least("flat_out_one_core", bench::spread_of(rate.samples).median, "readings/s", least_flat_out);
}

}  // namespace

int main() {
  try {
    const TemporaryFolder folder;
    const bench::RegisterServer server;
    bench::Report report("edge");
    report.note("100 Modbus TCP meters x 40 registers, a connection each, 40 readings of one register");
    every_second(folder.path() / "second", server.port(), report);
    flat_out(folder.path() / "flat", server.port(), report);
    return report.finish();
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "edge: %s\n", failure.what());
    return 1;
  }
}
