#pragma once
#include "edge/app/control_messages.hpp"
#include "edge/app/options.hpp"

namespace steward {

// A technician's verbs as the command line has them: asked of the running daemon, printed for people
// (in the language of LC_ALL, LC_MESSAGES or LANG) or, with --json, line by line as they come.

/// Runs until it is over, or Ctrl-C. Gives exit_ok, or exit_failed.
int run_trace(const EdgeOptions& options, const TraceRequest& request);
/// Prints what the meter kept, doubt by doubt. Gives exit_ok, or exit_failed.
int run_backfill(const EdgeOptions& options, const BackfillRequest& request);
/// Gives exit_ok when accepted, exit_differs, exit_unsure when it is too little to tell, exit_failed.
int run_verify(const EdgeOptions& options, const VerifyRequest& request);
/// Gives exit_ok, also when cancelled; exit_unsure where something was garbled or left out; exit_failed.
int run_scan(const EdgeOptions& options, const ScanRequest& request);
/// Looks at the files and, when it runs, asks the daemon. Gives exit_ok, exit_unsure (look), exit_differs
/// (bad).
int run_doctor(const EdgeOptions& options);
/// `status`: a page for people, or the daemon's answer with --json.
int run_status(const EdgeOptions& options);

}  // namespace steward
