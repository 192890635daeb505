#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "contract/nouns/ids.hpp"
#include "drivers/sim/estate_plan.hpp"

namespace steward::sim {

/// Where the simulated estate listens, and where the gateway shall report to.
struct EdgeFacts {
  std::string enrolment;  // absolute folder
  std::string profiles;   // absolute folder
  std::string broker_host;
  std::uint16_t broker_port = 0;
  std::vector<std::pair<BusId, std::uint16_t>> tcp;  // port on 127.0.0.1
  std::string line_device;                           // of line1, relative to the config's folder
  std::string items_device;                          // of line2, DL/T 645 and CJ/T 188; empty: none
  std::string controller;                            // door controller's name; empty: none
  std::uint32_t controller_serial = 0;
  std::uint16_t controller_port = 0;  // UDP on 127.0.0.1
  std::uint16_t push_port = 0;        // where it shall push its events to, on 127.0.0.1; 0: nowhere
  std::string reader;                 // QR reader's name; empty: none
  std::string reader_device;
};

/// The minute of the UTC day at which the estate's local day ends: when closing
/// records are due.
inline constexpr int closing_minute_utc = (24 * 60 - utc_offset_minutes) % (24 * 60);

/// edge.json for the gateway of this estate (docs/formats/edge-config.md).
std::string edge_config(const EdgeFacts& facts);

}  // namespace steward::sim
