#pragma once
#include "cloud/ingest/ingest_service.hpp"
#include "kit/monitor/metrics.hpp"

namespace steward {

/// What `steward-cloud serve` shows at /metrics. Adds the families to the page. Pure.
void write_cloud_metrics(const ServiceFigures& figures, MetricsPage& page);

}  // namespace steward
