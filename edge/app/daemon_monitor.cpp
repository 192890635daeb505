// How the daemon shows from outside that it works.
#include <filesystem>
#include <map>
#include <vector>

#include "edge/app/daemon.hpp"

namespace steward {

void Daemon::make_monitor() {
  Monitor::Probes probes;
  probes.idle = [this] { return idle(); };
  probes.conditions = [this] {
    const bool kept = outbox_fault_.empty();
    // A daemon that runs has applied its config: one with a problem does not start.
    return std::vector<Condition>{{"outbox", kept, outbox_fault_}, {"config", true, ""}};
  };
  probes.metrics = [this](MetricsPage& page) { write_edge_metrics(figures(), page); };
  monitor_ =
      std::make_unique<Monitor>(loop_, clock_, log_, parts_.manager, "steward-edge", std::move(probes));
}

Result<void> Daemon::start_monitor() {
  std::optional<MonitorAt> at;
  if (const auto& setup = parts_.site.setup.monitoring)
    at = MonitorAt{setup->host, setup->port, setup->beyond_loopback};
  return monitor_->start(at);
}

/// Rounds move when a lane takes a step, and between rounds when somebody looks at the clock. A store that
/// does not answer, a line thread that is stuck and a coroutine nobody wakes all end in neither.
Milliseconds Daemon::idle() {
  if (rounds_ && rounds_->steps() != steps_) {
    steps_ = rounds_->steps();
    beat();
  }
  return std::chrono::floor<Milliseconds>(clock_.ticks() - moved_at_);
}

EdgeFigures Daemon::figures() const {
  EdgeFigures figures;
  figures.meters = static_cast<std::int64_t>(parts_.site.setup.meters.size());
  figures.meters_well = 0;
  std::map<std::string, std::vector<UnitCounters>> buses;
  for (const auto& report : rounds_->reports()) {
    figures.meters_well += is_well(report) ? 1 : 0;
    buses[report.bus.text].push_back(report.counters);
  }
  for (const auto& [bus, counters] : buses) figures.buses[bus] = added_up(counters);
  figures.alarms = static_cast<std::int64_t>(writer_->alarms().size());
  figures.rounds = rounds_done_;
  figures.rounds_missed = rounds_missed_;
  figures.last_round = last_round_;
  figures.marks = cloud_->marks();
  figures.broker_connected = cloud_->is_connected();
  figures.outbox_writable = outbox_fault_.empty();
  figures.store_jobs = static_cast<std::int64_t>(store_->waiting());
  std::error_code error;
  const auto bytes = std::filesystem::file_size(parts_.site.setup.data + "/outbox.db", error);
  figures.outbox_bytes = error ? 0 : static_cast<std::int64_t>(bytes);
  return figures;
}

}  // namespace steward
