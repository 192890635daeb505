#pragma once
#include <cstdint>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

/// The operator's verbs as plain functions: options in, text out, an exit code
/// back. No argv and no process state, so tests call them as the program does.
namespace steward {

/// What a script can tell apart. Documented in `steward-cloud --help`.
enum class Exit : int {
  ok = 0,
  failed = 1,     // the machine: disk, database, network
  bad_input = 2,  // what was asked or handed in: mend it and ask again
  refused = 3,    // the books: asked well, and not allowed as they stand
};

struct Streams {
  std::ostream& out;  // results
  std::ostream& err;  // what went wrong, progress
};

/// What every verb takes.
struct Common {
  std::filesystem::path data;  // folder of the database and the keys
  std::string estate;          // site code; empty: the only one there is
  bool json = false;           // results as one line of JSON on `out`
};

struct ImportOptions {
  std::filesystem::path folder;
};
/// Takes an estate's CSV files, all or none. Every problem is listed; handing in
/// the same files again changes nothing and says so.
Exit import_estate(const Common& common, const ImportOptions& options, const Streams& streams);

struct CloseOptions {
  std::string month;  // 2026-06
  bool issue = false;
  bool quiet = false;          // no tables, the closing lines only
  std::string by = "unnamed";  // issue: who takes all the steps at once, 1 to 64 bytes
  bool dry_run = false;        // store nothing; show the change since the month before
};
/// Draws up a month's bills as a draft, or checks, approves and issues them at once. The same inputs give
/// the same bytes; issued bills never change. Over missing or doubtful readings it
/// refuses and lists them all.
Exit close_month(const Common& common, const CloseOptions& options, const Streams& streams);

struct RunOptions {
  std::string month;   // 2026-06
  std::string who;     // 1 to 64 bytes
  bool alone = false;  // approve: there is nobody but who has checked
};
enum class RunVerb : std::uint8_t { show, check, approve, issue };
/// Takes a month's bills one step further: draft, checked, approved (by another person), issued (each with
/// its number). Every step draws the month up again and refuses when the inputs now give other bytes.
Exit step_run(const Common& common, const RunOptions& options, RunVerb verb, const Streams& streams);

struct CorrectOptions {
  std::string month;     // 2026-06, issued
  std::string bill;      // empty: every bill that differs
  std::string who;       // 1 to 64 bytes
  std::string why;       // 1 to 256 bytes
  bool dry_run = false;  // show the notes, store nothing
};
/// Recomputes an issued month and makes a credit or debit note for each bill that differs, or nothing
/// when none does. The bills stay as they are.
Exit correct_bills(const Common& common, const CorrectOptions& options, const Streams& streams);

struct PreviewOptions {
  std::string month;  // 2026-06
  std::string pool;   // empty: all
};
/// How the month's pools would be shared: formula, every unit's inputs, weight and share, and who holds the
/// left-over counts. Draws the month up and stores nothing; refuses over what `close` refuses.
Exit preview_pools(const Common& common, const PreviewOptions& options, const Streams& streams);

struct BillsOptions {
  std::string month;  // empty: one line per month
};
Exit list_bills(const Common& common, const BillsOptions& options, const Streams& streams);

struct ExplainOptions {
  std::string bill;               // 2026-06-<account>
  std::string language = "both";  // zh, en, both
};
/// Why a bill is what it is, back to the register words.
Exit explain_bill(const Common& common, const ExplainOptions& options, const Streams& streams);

struct GatewayOptions {
  std::filesystem::path request;  // what `steward-edge enrol request` wrote
  std::filesystem::path out;      // the answer, for `steward-edge enrol accept`
  std::string broker_host = "localhost";
  std::uint16_t broker_port = 8883;
  bool renew = false;  // the gateway is known: it begins anew, its old keys count no more
};
/// Enrols a gateway that asked: its certificate, this cloud's public keys and the broker's address, in
/// a file without secrets. The gateway's private keys were made on it and are never here.
Exit add_gateway(const Common& common, const GatewayOptions& options, const Streams& streams);
/// Gives a gateway at work another certificate, and another block key if it asked for one: the cloud takes
/// both keys until the gateway's first words under the new one, and from there each only for its own part
/// of a log. Nothing in flight is lost.
Exit rotate_gateway(const Common& common, const GatewayOptions& options, const Streams& streams);

struct RevokeOptions {
  std::string site;
  std::string gateway;
  std::string why;                // 1 to 256 bytes; shown with each block that comes all the same
  std::filesystem::path broker;   // the broker's folder: its crl.pem is written; empty: only the authority's
  bool old_certificates = false;  // only those before the newest; the gateway stays
};
/// Shuts a gateway out: its blocks are evidence from now on, its certificates are on the broker's revocation
/// list.
Exit revoke_gateway(const Common& common, const RevokeOptions& options, const Streams& streams);
Exit list_gateways(const Common& common, const Streams& streams);

struct BrokerOptions {
  std::vector<std::string> hosts;  // names and addresses the gateways reach it by
  std::uint16_t port = 8883;
  std::string bind;              // address to listen on; empty: all
  std::filesystem::path folder;  // to be made: configuration and keys for mosquitto
  bool renew = false;
};
/// Writes everything a mosquitto needs to serve this cloud's gateways.
Exit set_up_broker(const Common& common, const BrokerOptions& options, const Streams& streams);

struct ListOptions {
  std::string from;  // 2026-06-01 (in the estate's offset) or RFC 3339; empty: the beginning
  std::string to;    // up to, not including; empty: the end
  std::int64_t limit = 50;
  bool unassigned = false;  // readings only: meters nobody has installed
};
Exit list_doors(const Common& common, const ListOptions& options, const Streams& streams);
Exit list_patrol(const Common& common, const ListOptions& options, const Streams& streams);
Exit list_readings(const Common& common, const ListOptions& options, const Streams& streams);

/// Registers meters kept by themselves (back-fill), by when they were read; no bill stands on them.
Exit list_frozen(const Common& common, const ListOptions& options, const Streams& streams);

struct EventOptions {
  std::int64_t event = 0;  // its number, as `event list` shows it
  std::string who;         // 1 to 64 bytes
  std::string why;         // 1 to 256 bytes
  bool open = false;       // list: those that stand in a bill's way
};
/// The events of meters' lives, what became of each, and who decided what.
Exit list_events(const Common& common, const EventOptions& options, const Streams& streams);
/// Says that an event is so, or is not. Kept for ever; a later decision takes its place and stands beside it.
Exit decide_event(const Common& common, const EventOptions& options, bool confirmed, const Streams& streams);

struct CommandOptions {
  std::string gateway;
  std::vector<std::string>
      words;                 // "read-now METER", "resend STREAM FROM", "restart-bus BUS", "open-door GATE-1"
  std::string who;           // 1 to 64 bytes
  std::int64_t life_s = 60;  // good for so long; a door at most 30 s, others a day
};
/// Asks a gateway to do something, waits for its signed answer and prints it. The command and the
/// answer are kept for ever. Needs a running `serve`, which has the line to the broker.
Exit send_command(const Common& common, const CommandOptions& options, const Streams& streams);
/// What was asked of gateways, by whom, and what became of it.
Exit list_commands(const Common& common, const ListOptions& options, const Streams& streams);

struct ConfigOptions {
  std::string gateway;
  std::filesystem::path
      file;         // push: a site config (docs/formats/messages.md); its version is raised as needed
  std::string who;  // push: 1 to 64 bytes
};
/// Says what a gateway shall be: checked as far as the cloud can, signed, kept for ever. `serve` publishes
/// it.
Exit push_config(const Common& common, const ConfigOptions& options, const Streams& streams);
/// What a gateway shall be, and what it says became of it.
Exit show_config(const Common& common, const ConfigOptions& options, const Streams& streams);

Exit show_status(const Common& common, const Streams& streams);
/// Gives the database a new identity: to be run once after a backup was restored.
Exit renew_store(const Common& common, const Streams& streams);

struct EstimateOptions {
  std::string month;  // 2026-06
};
/// Proposes rows for readings.csv for the registers nobody read at the month's end, each by a named method.
/// Stores nothing: a person who takes them imports them.
Exit estimate_month(const Common& common, const EstimateOptions& options, const Streams& streams);

struct BundleOptions {
  std::string bill;            // 2026-06-<account>
  std::filesystem::path file;  // to be made, or written anew
};
/// Writes a bill with everything it was computed from into one file, signed, that steward-verify recomputes
/// offline. It holds the readings of the whole estate: for an auditor.
Exit bundle_bill(const Common& common, const BundleOptions& options, const Streams& streams);

struct BlocksOptions {
  std::string site;
  std::string gateway;
  std::string stream;  // readings, telemetry, doors, patrol, events; empty: all
  std::string from;    // as in ListOptions
  std::string to;
  std::filesystem::path file;  // to be made, or written anew
};
/// Writes the admitted blocks of one gateway, as they were received, into a file that
/// steward-verify checks offline. All between the bounds of each log, none left out.
Exit export_blocks(const Common& common, const BlocksOptions& options, const Streams& streams);

struct ServeOptions {
  std::string broker_host = "localhost";
  std::uint16_t broker_port = 8883;
  std::vector<std::string> sites;    // serve these only; empty: all
  std::filesystem::path step_clock;  // a simulation's clock file; empty: real time
  bool verbose = false;
  std::uint16_t monitor_port = 0;  // of /metrics, /healthz and /readyz; 0: nobody is answered
  std::string monitor_host = "127.0.0.1";
  bool monitor_beyond_loopback = false;
};
/// Takes blocks from the gateways until SIGTERM or SIGINT. Prints `ready` when
/// the broker has taken its subscriptions.
Exit serve(const Common& common, const ServeOptions& options, const Streams& streams);

/// The whole program: reads `arguments` (without the program's name) and runs a
/// verb. Never throws.
Exit run_steward_cloud(const std::vector<std::string>& arguments, const Streams& streams);

}  // namespace steward
