#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "contract/nouns/log.hpp"
#include "drivers/bus/unit_status.hpp"
#include "edge/poll/round.hpp"
#include "edge/store/outbox.hpp"
#include "kit/monitor/metrics.hpp"

namespace steward {

/// What steward-edge shows at /metrics. Per bus, never per meter: 8,000 meters would be 8,000 series.
struct EdgeFigures {
  std::int64_t meters = 0;
  std::int64_t meters_well = 0;
  std::int64_t alarms = 0;
  std::int64_t rounds = 0;         // since the start
  std::int64_t rounds_missed = 0;  // the same
  std::optional<RoundReport> last_round;
  LogMarks marks{};
  bool broker_connected = false;
  bool outbox_writable = true;
  std::int64_t outbox_bytes = 0;
  std::int64_t store_jobs = 0;
  std::map<std::string, UnitCounters> buses;  // added up over a bus's meters
};

/// Adds the families to the page. Pure.
void write_edge_metrics(const EdgeFigures& figures, MetricsPage& page);

}  // namespace steward
