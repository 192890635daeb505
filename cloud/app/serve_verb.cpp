#include <algorithm>
#include <memory>
#include <optional>
#include <thread>

#include "cloud/app/cloud_metrics.hpp"
#include "cloud/app/data_folder.hpp"
#include "cloud/app/say.hpp"
#include "cloud/ingest/ingest_service.hpp"
#include "contract/text/address_text.hpp"
#include "contract/wire/topics.hpp"
#include "kit/crypto/key_file.hpp"
#include "kit/log/log.hpp"
#include "kit/loop/clocks.hpp"
#include "kit/monitor/monitor.hpp"

namespace steward {
namespace {

constexpr int client_days = 365 * 10;
constexpr std::chrono::seconds clock_patience{60};  // the simulation may start after us

// Each site is a connection of its own, with rights to that site alone; a broker and a program bear more, a
// person who lists that many does not.
constexpr std::size_t most_sites = 64;

/// Certificate and key for the broker under `name`, made on first use. The broker takes the name for the
/// rights (decision 0063): "cloud" for all sites, a site's code for that site alone.
Result<Broker> broker_of(const DataFolder& data, const ServeOptions& options, const std::string& name) {
  const auto folder = data.path() / "client";
  if (!std::filesystem::exists(folder / (name + ".pem"))) {
    auto authority = data.authority();
    if (!authority) return std::move(authority.error());
    auto identity = authority->issue_client(name, valid_for_days(SystemClock().now(), client_days));
    if (!identity) return std::move(identity.error());
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    auto saved = write_public_file(folder / "ca.pem", authority->certificate()).and_then([&] {
      return save_identity(*identity, folder, name);
    });
    if (!saved) return std::move(saved.error());
  }
  return Broker{.host = options.broker_host,
                .port = options.broker_port,
                .client_id = name,
                .ca_file = folder / "ca.pem",
                .cert_file = folder / (name + ".pem"),
                .key_file = folder / (name + "-key.pem")};
}

/// What is wrong with --site; nothing when nothing is.
std::optional<Error> wrong_sites(const std::vector<std::string>& sites) {
  if (sites.size() > most_sites) {
    return error_of(Fault::malformed,
                    "--site: at most " + std::to_string(most_sites) + " sites in one program",
                    "--site：一个程序最多服务 " + std::to_string(most_sites) + " 个小区");
  }
  for (const auto& site : sites) {
    if (!is_code(site)) {
      return error_of(Fault::malformed, "--site \"" + site + "\" is not a code: 1 to 32 of a-z, 0-9 and '-'",
                      "--site “" + site + "”不是有效代码：1 到 32 个 a-z、0-9 或 '-'");
    }
    // These names have rights of their own at the broker.
    if (site == "cloud" || site == "observer") {
      return error_of(Fault::refused,
                      "a site called \"" + site + "\" cannot be served by itself; serve all sites",
                      "名为“" + site + "”的小区不能单独服务；请服务全部小区");
    }
    if (std::ranges::count(sites, site) > 1) {
      return error_of(Fault::malformed, "--site " + site + " is named twice", "--site " + site + " 重复");
    }
  }
  return std::nullopt;
}

Result<std::vector<IngestLine>> lines_of(const DataFolder& data, const ServeOptions& options) {
  std::vector<IngestLine> lines;
  if (options.sites.empty()) {
    auto broker = broker_of(data, options, "cloud");
    if (!broker) return std::move(broker.error());
    lines.push_back({std::move(*broker)});
  }
  for (const auto& site : options.sites) {
    auto broker = broker_of(data, options, site);
    if (!broker) return std::move(broker.error());
    lines.push_back({std::move(*broker), SiteId{site}});
  }
  return lines;
}

std::string names_of(const std::vector<std::string>& sites) {
  std::string names;
  for (const auto& site : sites) names += (names.empty() ? "" : " ") + site;
  return names.empty() ? "all" : names;
}

/// The real clock, or the one a simulation steps.
Result<std::unique_ptr<Clock>> clock_of(const ServeOptions& options) {
  if (options.step_clock.empty()) return std::unique_ptr<Clock>(std::make_unique<SystemClock>());
  const auto until = std::chrono::steady_clock::now() + clock_patience;
  for (;;) {
    auto clock = SteppedClock::open(options.step_clock);
    if (clock) return std::unique_ptr<Clock>(std::move(*clock));
    if (clock.error().fault != Fault::retry || std::chrono::steady_clock::now() > until) {
      return std::move(clock.error());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

/// Where to answer, if anywhere. Faults: malformed (no IPv4 address).
Result<std::optional<MonitorAt>> monitor_of(const ServeOptions& options) {
  if (options.monitor_port == 0) return std::optional<MonitorAt>();
  const auto address = read_ipv4(options.monitor_host);
  if (!address)
    return error_of(Fault::malformed, "--monitor-host \"" + options.monitor_host + "\" is no IPv4 address",
                    "--monitor-host \"" + options.monitor_host + "\" 不是 IPv4 地址");
  return std::optional(MonitorAt{*address, options.monitor_port, options.monitor_beyond_loopback});
}

/// What is seen of the service from outside. service must outlive it.
Monitor::Probes probes_of(const IngestService& service) {
  Monitor::Probes probes;
  probes.idle = [&service] { return service.busy(); };
  probes.conditions = [&service] {
    const auto figures = service.figures();
    return std::vector<Condition>{
        {"books", figures.books_writable, "the last transaction failed; the log says why"},
        {"broker", figures.broker_connected, "not connected; the log says why"}};
  };
  probes.metrics = [&service](MetricsPage& page) { write_cloud_metrics(service.figures(), page); };
  return probes;
}

}  // namespace

Exit serve(const Common& common, const ServeOptions& options, const Streams& streams) {
  if (const auto wrong = wrong_sites(options.sites)) return say_fault(common, streams, *wrong);
  if (options.broker_host.empty())  // the installed unit passes what its file says, which is nothing at first
    return say_error(
        common, streams, Exit::bad_input,
        "no broker is named: set STEWARD_BROKER_HOST in /etc/steward/cloud.env, or give --broker-host",
        "未指定消息代理：请在 /etc/steward/cloud.env 中设置 STEWARD_BROKER_HOST，或给出 --broker-host");
  const auto manager = ServiceManager::of_environment();
  const auto monitor_at = monitor_of(options);
  if (!monitor_at) return say_fault(common, streams, monitor_at.error());
  auto data = DataFolder::open(common.data);
  if (!data) return say_fault(common, streams, data.error());
  auto store = data->open_store();
  if (!store) return say_fault(common, streams, store.error());
  auto keys = data->open_store();
  if (!keys) return say_fault(common, streams, keys.error());
  auto cloud = data->cloud_key();
  if (!cloud) return say_fault(common, streams, cloud.error());
  auto lines = lines_of(*data, options);
  if (!lines) return say_fault(common, streams, lines.error());
  auto clock = clock_of(options);
  if (!clock) return say_fault(common, streams, clock.error());

  const Log log(**clock, options.verbose ? Level::debug : Level::info);
  log.info("started", {{"version", STEWARD_VERSION},
                       {"data", data->path().string()},
                       {"sites", names_of(options.sites)},
                       {"broker", options.broker_host + ":" + std::to_string(options.broker_port)},
                       {"clock", (*clock)->trust() == ClockTrust::stepped ? "stepped" : "system"}});
  Loop loop;
  IngestService service(loop, std::move(*lines), {**store, **keys}, *cloud, **clock, log);
  Monitor monitor(loop, **clock, log, manager, "steward-cloud", probes_of(service));
  if (auto watched = monitor.start(*monitor_at); !watched) return say_fault(common, streams, watched.error());
  bool stopping = false;
  loop.on_stop_signal([&] {
    if (std::exchange(stopping, true)) {
      loop.stop();  // asked twice: now
      return;
    }
    log.info("stop_asked");
    monitor.stop(true);
    service.stop([&] { loop.stop(); });
  });
  service.start([&] { streams.out << "ready" << std::endl; });
  monitor.ready();  // without a broker too: what is in the books can be billed, and acks wait
  loop.run();
  log.info("stopped");
  return Exit::ok;
}

}  // namespace steward
