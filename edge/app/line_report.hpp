#pragma once
#include <string>
#include <vector>

#include "contract/nouns/events.hpp"
#include "contract/nouns/problem.hpp"
#include "contract/text/json.hpp"
#include "drivers/line/stable_path.hpp"
#include "edge/site/site_setup.hpp"

namespace steward {

/// [{"bus":"line1","device":"/dev/serial/by-path/...","node":"/dev/ttyUSB1"}] for every serial line; no
/// node: nothing is there now. Thread: any; reads the file system.
Json line_status(const SiteSetup& setup);

/// A sentence for each serial line or reader whose device has a name that the order of plugging in gives
/// (/dev/ttyUSB0): what to write instead, as far as udev knows now. No fault: it works until a replug.
/// file: the config. links: for tests. Thread: any; reads the file system.
Problems passing_names(const std::string& file, const SiteSetup& setup,
                       const std::string& links = serial_links);

/// The same as events of the gateway: "device_passing", subject the bus or reader.
std::vector<EdgeEvent> passing_name_events(const SiteSetup& setup, Instant now,
                                           const std::string& links = serial_links);

}  // namespace steward
