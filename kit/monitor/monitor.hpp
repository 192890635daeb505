#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kit/log/log.hpp"
#include "kit/monitor/metrics.hpp"
#include "kit/monitor/monitor_server.hpp"
#include "kit/monitor/service_manager.hpp"

namespace steward {

/// What must hold before a program can do its work; `why` when it does not.
struct Condition {
  std::string name;
  bool met = true;
  std::string why;
};

/// How a daemon shows from outside that it works: /metrics, /healthz, /readyz, and pings to the service
/// manager that stop when the work stops, whatever else of the program still moves.
///
/// The heart is the work itself (the poll loop's rounds, the books' transactions), not this class's timer.
/// Thread: loop.
class Monitor {
 public:
  /// What the program tells of itself. Each is called on the loop.
  struct Probes {
    std::function<Milliseconds()> idle;  // since the work last moved; 0 while there is none to do
    std::function<std::vector<Condition>()> conditions;
    std::function<void(MetricsPage&)> metrics;
  };

  /// program: as it is called, for the page
  Monitor(Loop& loop, const Clock& clock, const Log& log, const ServiceManager& manager, std::string program,
          Probes probes);
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  /// Opens the port, when there is one, and begins to look at the heart. Faults: as MonitorServer::open.
  Result<void> start(const std::optional<MonitorAt>& at);
  /// The program can do its work: the service manager hears it.
  void ready();
  /// Answers and pings end. stopping: the manager is told that this is meant.
  void stop(bool stopping);

  /// The work hangs when it has not moved for so long: half of what the service manager waits, so that a hang
  /// is never pinged over; 150 s without a manager.
  Milliseconds limit() const { return limit_; }
  bool is_alive() const { return probes_.idle() <= limit_; }

  /// What /metrics, /healthz and /readyz answer.
  MonitorAnswer answer(std::string_view path) const;
  /// One look at the heart: pings, or says once that it stands still. `start` does it four times in a limit.
  void look();

 private:
  struct Watch;
  MonitorAnswer health() const;
  MonitorAnswer readiness() const;
  MonitorAnswer metrics() const;

  Loop& loop_;
  const Clock& clock_;
  const Log& log_;
  const ServiceManager& manager_;
  std::string program_;
  Probes probes_;
  Milliseconds limit_;
  Ticks started_;
  std::unique_ptr<MonitorServer> server_;
  std::shared_ptr<Watch> watch_;
  bool ready_ = false;
  bool hung_ = false;
};

}  // namespace steward
