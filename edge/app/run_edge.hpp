#pragma once
#include "contract/nouns/result.hpp"
#include "edge/app/control_messages.hpp"
#include "edge/app/options.hpp"

namespace steward {

/// Runs the daemon, or checks the config (--check); gives the exit code.
int run_edge(const EdgeOptions& options);

/// The control socket of this config's daemon. Faults: broken, malformed.
Result<std::string> daemon_socket(const EdgeOptions& options);

/// Puts one verb to the running daemon of this config and prints its answer;
/// gives the exit code.
int run_verb(const EdgeOptions& options, const ControlRequest& request);

}  // namespace steward
