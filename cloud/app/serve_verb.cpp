#include <memory>
#include <thread>

#include "cloud/app/data_folder.hpp"
#include "cloud/app/say.hpp"
#include "cloud/ingest/ingest_service.hpp"
#include "kit/crypto/key_file.hpp"
#include "kit/log/log.hpp"
#include "kit/loop/clocks.hpp"

namespace steward {
namespace {

constexpr int client_days = 365 * 10;
constexpr std::chrono::seconds clock_patience{60};  // the simulation may start after us

/// The cloud's own certificate for the broker (common name "cloud"), made on first use.
Result<Broker> broker_of(const DataFolder& data, const ServeOptions& options) {
  const auto folder = data.path() / "client";
  if (!std::filesystem::exists(folder / "cloud.pem")) {
    auto authority = data.authority();
    if (!authority) return std::move(authority.error());
    auto identity = authority->issue_client("cloud", valid_for_days(SystemClock().now(), client_days));
    if (!identity) return std::move(identity.error());
    auto saved = write_public_file(folder / "ca.pem", authority->certificate());
    if (!saved) {
      std::error_code error;
      std::filesystem::create_directories(folder, error);
      saved = write_public_file(folder / "ca.pem", authority->certificate());
    }
    saved = std::move(saved).and_then([&] { return save_identity(*identity, folder, "cloud"); });
    if (!saved) return std::move(saved.error());
  }
  return Broker{.host = options.broker_host,
                .port = options.broker_port,
                .client_id = "cloud",
                .ca_file = folder / "ca.pem",
                .cert_file = folder / "cloud.pem",
                .key_file = folder / "cloud-key.pem"};
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

}  // namespace

Exit serve(const Common& common, const ServeOptions& options, const Streams& streams) {
  auto data = DataFolder::open(common.data);
  if (!data) return say_fault(common, streams, data.error());
  auto store = data->open_store();
  if (!store) return say_fault(common, streams, store.error());
  auto cloud = data->cloud_key();
  if (!cloud) return say_fault(common, streams, cloud.error());
  auto broker = broker_of(*data, options);
  if (!broker) return say_fault(common, streams, broker.error());
  auto clock = clock_of(options);
  if (!clock) return say_fault(common, streams, clock.error());

  const Log log(**clock, options.verbose ? Level::debug : Level::info);
  log.info("started", {{"version", STEWARD_VERSION},
                       {"data", data->path().string()},
                       {"broker", options.broker_host + ":" + std::to_string(options.broker_port)},
                       {"clock", (*clock)->trust() == ClockTrust::stepped ? "stepped" : "system"}});
  Loop loop;
  IngestService service(loop, std::move(*broker), **store, *cloud, **clock, log);
  bool stopping = false;
  loop.on_stop_signal([&] {
    if (std::exchange(stopping, true)) {
      loop.stop();  // asked twice: now
      return;
    }
    log.info("stopping");
    service.stop([&] { loop.stop(); });
  });
  service.start([&] { streams.out << "ready" << std::endl; });
  loop.run();
  log.info("stopped");
  return Exit::ok;
}

}  // namespace steward
