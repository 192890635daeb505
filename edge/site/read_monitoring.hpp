#pragma once
#include "edge/site/object_reader.hpp"
#include "edge/site/site_setup.hpp"

namespace steward {

/// The object "monitoring": where /metrics, /healthz and /readyz are answered. Beyond loopback only when it
/// says "beyond_loopback": true, so that nobody opens a port by copying an address.
MonitoringSetup read_monitoring(std::string_view file, const Json& json, Problems& problems);

}  // namespace steward
