// 10,000 connections to a real broker with mutual TLS, lost by reset and made again: what they leave behind
// in memory and descriptors. The connection is the one that edge and cloud use (MqttPipe).
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <vector>

#include "kit/crypto/certificate.hpp"
#include "kit/loop/clocks.hpp"
#include "kit/loop/loop.hpp"
#include "kit/mqtt/mqtt_pipe.hpp"
#include "tests/bench/chain_site.hpp"
#include "tests/bench/goal.hpp"
#include "tests/bench/process_usage.hpp"
#include "tests/support/chaos_proxy.hpp"
#include "tests/support/live_memory.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace steward;

namespace {

constexpr std::size_t clients = 100;  // each waits half a second before it dials again: they wait together
constexpr int warm_up = 10;           // rounds
constexpr int rounds = 100;
constexpr Milliseconds patience{120'000};
// As much as a loop's or an allocator's table may grow once in a month of one reconnect a minute.
constexpr double most_bytes_each = 200;

/// A broker as `steward-cloud broker setup` makes it, and certificates of its authority.
struct Site {
  std::filesystem::path folder;
  std::uint16_t port = bench::free_port();
  std::unique_ptr<ChildProcess> broker;

  explicit Site(std::filesystem::path in) : folder(std::move(in)) {
    ChildProcess setup({STEWARD_BINARY_DIR "/bin/steward-cloud", "--data", (folder / "cloud").string(),
                        "broker", "setup", "--host", "localhost", "--port", std::to_string(port), "--bind",
                        "127.0.0.1", "--out", (folder / "broker").string()},
                       folder / "setup.log");
    if (setup.wait() != 0) throw std::runtime_error("broker setup failed");
    broker = std::make_unique<ChildProcess>(
        std::vector<std::string>{"mosquitto", "-c", (folder / "broker/mosquitto.conf").string()},
        folder / "broker.log");
    bench::await("the broker", 20, [&] { return bench::listens(port); });
  }
  Broker client(const Authority& authority, const std::string& gateway, std::uint16_t through) const {
    const auto identity = authority.issue_client("soak/" + gateway, valid_for_days(SystemClock().now(), 2));
    if (!identity || !save_identity(*identity, folder / "clients", gateway))
      throw std::runtime_error("no certificate");
    return {.host = "localhost",
            .port = through,
            .client_id = "soak/" + gateway,
            .ca_file = folder / "broker/ca.pem",
            .cert_file = folder / "clients" / (gateway + ".pem"),
            .key_file = folder / "clients" / (gateway + "-key.pem")};
  }
};

struct Client {
  int ups = 0;
  std::string topic;
  MqttPipe pipe;
  Client(Loop& loop, const Broker& broker, const std::string& base)
      : topic(base + "/up/events"),
        pipe(loop, broker, MqttMessage{base + "/state", {1}, true}, {base + "/ack"},
             {.up = [this] { ++ups; }, .down = {}, .message = {}, .room = {}}) {
    pipe.start();
  }
};

std::size_t descriptors() {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    static_cast<void>(entry);
    ++count;
  }
  return count;
}

struct Held {
  double live_bytes = 0;
  double rss_mb = 0;
  double descriptors = 0;
};

class Soak {
 public:
  Soak(const Site& site, const Authority& authority) : link_(site.port) {
    for (std::size_t i = 0; i < clients; ++i) {
      const auto name = "g" + std::to_string(i);
      all_.push_back(std::make_unique<Client>(loop_, site.client(authority, name, link_.port()),
                                              "steward/v1/soak/" + name));
    }
    every_one([](const Client& client) { return client.ups == 1; });
  }
  /// A message confirmed on every connection, then all of them are reset, then all are up again.
  void round() {
    for (const auto& client : all_) {
      if (!client->pipe.publish(client->topic, std::vector<std::uint8_t>(64, 7), false))
        throw std::runtime_error("not up");
    }
    every_one([](const Client& client) { return client.pipe.unconfirmed() == 0; });
    link_.reset();
    every_one([](const Client& client) { return !client.pipe.is_up(); });
    ++done_;
    every_one([this](const Client& client) { return client.ups == done_; });
  }
  Held held() {
    every_one([](const Client& client) { return client.pipe.retired() == 0; });
    return {static_cast<double>(live_bytes()), bench::usage_of(::getpid()).rss_mb,
            static_cast<double>(descriptors())};
  }

 private:
  template <class Holds>
  void every_one(Holds holds) {
    const auto all = [&] {
      for (const auto& client : all_) {
        if (!holds(*client)) return false;
      }
      return true;
    };
    if (!loop_.run_until(all, patience)) throw std::runtime_error("a client does not come up");
  }

  Loop loop_;
  ChaosProxy link_;
  std::vector<std::unique_ptr<Client>> all_;
  int done_ = 1;
};

void soak(const std::filesystem::path& folder, bench::Report& report) {
  const Site site(folder);
  const auto authority = Authority::load(folder / "cloud/authority");
  if (!authority) throw std::runtime_error(authority.error().message);
  Soak soak(site, *authority);
  for (int i = 0; i < warm_up; ++i) soak.round();
  const auto before = soak.held();
  const double seconds = bench::seconds_of([&] {
    for (int i = 0; i < rounds; ++i) soak.round();
  });
  const auto after = soak.held();
  constexpr double reconnects = static_cast<double>(clients) * rounds;
  report.row({"10,000 reconnects, 100 clients at once", "s", {seconds}});
  report.row({"VmRSS before", "MB", {before.rss_mb}});
  report.row({"VmRSS after", "MB", {after.rss_mb}});
  report.row({"descriptors before", "", {before.descriptors}});
  report.at_most("growth_each", (after.live_bytes - before.live_bytes) / reconnects, "bytes",
                 most_bytes_each);
  report.at_most("rss_growth_each", (after.rss_mb - before.rss_mb) * 1e6 / reconnects, "bytes",
                 most_bytes_each);
  report.at_most("more_descriptors", after.descriptors - before.descriptors, "", 0);
}

}  // namespace

int main() {
  try {
    const TemporaryFolder folder;
    bench::Report report("soak");
    soak(folder.path(), report);
    return report.finish();
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "soak: %s\n", failure.what());
    return 1;
  }
}
