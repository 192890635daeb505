#pragma once
#include <functional>
#include <string>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/result.hpp"
#include "contract/text/json.hpp"
#include "edge/app/control_messages.hpp"

namespace steward {

/// How long the daemon may say nothing at all: a door asks three times before it gives up.
inline constexpr Milliseconds daemon_patience{30'000};

/// Asks the daemon behind `path` and waits for its answer (blocking; for the command line).
///
/// progress: called with each line before the answer. With one, SIGINT and SIGTERM ask the daemon
/// to cancel and the answer is still waited for; a second signal ends the program as ever.
/// Faults: retry (no daemon there), the daemon's own, malformed.
Result<Json> ask_daemon(const std::string& path, const ControlRequest& request,
                        const std::function<void(const Json&)>& progress = {});

}  // namespace steward
