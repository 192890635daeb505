#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/clock.hpp"
#include "contract/nouns/events.hpp"
#include "contract/nouns/ids.hpp"
#include "contract/nouns/log.hpp"
#include "contract/nouns/reading.hpp"

/// What goes into the cloud's database and comes out of it: plain values, one
/// struct per kind of row. No SQL, no behaviour.
namespace steward {

/// A gateway that may send: enrolled by an operator, known by its signing key.
struct GatewayRow {
  SiteId site;
  GatewayId gateway;
  PublicKey block_key{};  // Ed25519; every block and closing record is checked against it
  Instant enrolled_at;
  std::optional<PublicKey> next_key = {};  // registered by a rotation, has not signed yet
  std::optional<Instant> revoked_at = {};  // since then its blocks are evidence, not data
  std::string revoked_why = {};

  friend bool operator==(const GatewayRow&, const GatewayRow&) = default;
};

/// Up to `last` (and after the row before it), this log of a gateway was signed by `block_key`.
struct FormerKey {
  Uuid epoch{};
  Stream stream = Stream::readings;
  Seq last;
  PublicKey block_key{};

  friend bool operator==(const FormerKey&, const FormerKey&) = default;
};

/// A certificate that was given out. The newest of a gateway is the one it is to use.
struct CertificateRow {
  SiteId site;
  GatewayId gateway;
  std::string serial;  // hex, lower case
  Instant issued_at;
  Instant ends_at;
  bool revoked = false;

  friend bool operator==(const CertificateRow&, const CertificateRow&) = default;
};

/// How far one log has been admitted.
struct AdmissionMark {
  std::int64_t site_no = 0;  // the store's own short names of site and log, never reused
  std::int64_t log_no = 0;
  Seq upto;                // every place up to here is in the books; 0 = nothing yet
  Digest last_hash{};      // of the last block that was (or should have been) there: the next one's previous
  bool link_known = true;  // false after a hole that could not name the last missing block
  bool forked = false;     // another history of a place has been seen; the books kept the first

  friend bool operator==(const AdmissionMark&, const AdmissionMark&) = default;
};

/// One admitted block as the store remembers it, without its bytes.
struct BlockMark {
  Seq first;
  Seq last;
  Digest hash{};

  friend bool operator==(const BlockMark&, const BlockMark&) = default;
};

/// One block ready for the books: decoded, verified, linked. Views must outlive the call.
struct AdmittedBlock {
  const Block& block;
  const Bytes& bytes;  // as received: kept as evidence
  Digest hash{};       // SHA-256 of `bytes`
  Instant received_at;
  /// The opened closing records of `block`, in its order, when it carries SealedClosings.
  const std::vector<Closing>& closings;
};

/// A message that was not admitted, kept as evidence.
struct SetAside {
  SiteId site;
  GatewayId gateway;
  std::string cause;   // "refused" or "fork"
  std::string detail;  // one sentence
  Uuid epoch{};
  Stream stream = Stream::readings;
  Seq first;
  Seq last;
  Digest hash{};
  Instant received_at;
  Bytes bytes;

  friend bool operator==(const SetAside&, const SetAside&) = default;
};
/// Evidence kept per gateway; what comes after is counted in the alarm only, so
/// that a gateway gone mad cannot fill the disk (1,000 blocks of 64 KiB = 64 MB).
inline constexpr std::size_t max_set_aside_per_gateway = 1000;

/// Something a person must look at. Repeats of (site, subject, kind) are counted, not added.
struct AlarmRow {
  SiteId site;
  std::string subject;  // gateway, or empty
  std::string kind;     // stable word: "fork", "block_refused", "unknown_gateway", ...
  std::string detail;   // of the latest occurrence, one sentence
  Instant first_at;
  Instant last_at;
  std::int64_t count = 1;

  friend bool operator==(const AlarmRow&, const AlarmRow&) = default;
};

/// The last state message of a gateway, as it came.
struct GatewayStateRow {
  SiteId site;
  GatewayId gateway;
  Instant received_at;
  std::string json;

  friend bool operator==(const GatewayStateRow&, const GatewayStateRow&) = default;
};

/// Which admitted blocks an auditor wants: per log, every block from the first that reaches into
/// [from, to) to the last that does, so that nothing between is left out.
struct BlockQuery {
  SiteId site;
  GatewayId gateway;
  std::optional<Stream> stream;  // none: all
  Instant from;
  Instant to;
};

/// The files of one estate import, exactly as they were handed in. They are the
/// source of truth of the estate; billing parses them again (decision 0061).
struct ImportedFile {
  std::string name;  // "units.csv"
  std::string text;
  Digest hash{};  // SHA-256 of `text`

  friend bool operator==(const ImportedFile&, const ImportedFile&) = default;
};
struct EstateImport {
  SiteId site;
  std::int64_t version = 0;  // 1, 2, ... per site
  Instant imported_at;
  Digest hash{};                    // over all names and hashes: equal means nothing changed
  std::vector<ImportedFile> files;  // by name

  friend bool operator==(const EstateImport&, const EstateImport&) = default;
};

/// A closing record that billing may stand on.
struct ClosingRow {
  std::int64_t log_no = 0;
  Closing closing;
  Bytes sealed;  // the gateway's own signed bytes
};

/// An admitted block with its bytes: what the rows made from it are held against.
struct EvidenceRow {
  GatewayId gateway;
  std::int64_t log_no = 0;
  Seq first;
  Seq last;
  Digest hash{};  // of the bytes when they were admitted
  Bytes bytes;
};

/// One bill of a run, as bytes that never change once the run is issued.
struct BillRow {
  SiteId site;
  std::string month;  // "2026-06"
  BillId bill;
  AccountId account;
  std::string name;  // of the payer
  std::int64_t total_fen = 0;
  std::string json;  // canonical; one rerun gives the same bytes
  std::string page;  // for people
  int year = 0;      // of its number
  std::int64_t number =
      0;  // 1, 2, ... per site and year without a gap; 0: not issued (or before numbers were)

  friend bool operator==(const BillRow&, const BillRow&) = default;
};
/// How far a month's bills have come. Each is one step from the one before it.
enum class RunStatus : std::uint8_t { draft = 0, checked = 1, approved = 2, issued = 3 };
/// A step of a month's bills, by whom and when. It counts for the bills it names and no others.
struct RunStep {
  RunStatus to = RunStatus::checked;
  Digest bills{};    // of BillRunRow
  std::string who;   // 1 to 64 bytes
  std::string note;  // at most 256 bytes
  Instant at;

  friend bool operator==(const RunStep&, const RunStep&) = default;
};
inline constexpr std::size_t max_run_steps = 1000;  // of one month: nobody approves so often

/// A credit or debit note: the difference between a bill as it stands and as it is recomputed.
struct BillNoteRow {
  SiteId site;
  std::string month;
  BillId bill;             // that it corrects
  std::int64_t place = 0;  // 1, 2, ... per bill
  AccountId account;
  std::string name;
  std::int64_t total_fen = 0;  // above zero: debit, else credit
  std::string who;             // 1 to 64 bytes
  std::string why;             // 1 to 256 bytes
  Instant made_at;
  Digest inputs{};  // of the recomputation
  std::string json;
  std::string page;
  int year = 0;  // of its number, in a series of its own
  std::int64_t number = 0;

  friend bool operator==(const BillNoteRow&, const BillNoteRow&) = default;
};

struct BillRunRow {
  SiteId site;
  std::string month;
  RunStatus status = RunStatus::draft;
  Digest inputs{};  // of everything the run was computed from
  Digest bills{};   // of all bills' bytes, in order
  std::int64_t import_version = 0;
  std::int64_t bill_count = 0;
  std::int64_t total_fen = 0;
  Instant drawn_up_at;
  std::optional<Instant> issued_at;
  std::string json;   // the auditor's record: usages, residuals, pools with every share
  std::string proof;  // for people: that the shares add up to every pool

  friend bool operator==(const BillRunRow&, const BillRunRow&) = default;
};

/// Which rows a list wants. Bounds are on UTC instants, `from` inclusive, `to` exclusive.
struct ListQuery {
  SiteId site;
  Instant from;
  Instant to;
  std::size_t limit = 200;  // newest first; at most 10,000
};
/// A meter as its gateway's catalogue names it now.
struct CatalogueRow {
  GatewayId gateway;
  std::int64_t log_no = 0;
  Seq seq;
  CatalogueEntry entry;
};
/// One stored reading with its place in its log. `meter` is empty when no
/// catalogue entry before it names its meter_no.
struct ReadingRow {
  GatewayId gateway;
  std::int64_t log_no = 0;
  Seq seq;
  MeterId meter;
  std::string channel;
  ChannelUnit unit = ChannelUnit::none;
  Reading reading;  // raw words stay in the block
};
struct DoorEventRow {
  GatewayId gateway;
  Seq seq;
  DoorEvent event;
};
struct PatrolScanRow {
  GatewayId gateway;
  Seq seq;
  PatrolScan scan;
};
struct EdgeEventRow {
  GatewayId gateway;
  Seq seq;
  EdgeEvent event;
};

/// What a person said of one event of a meter's life; the newest counts.
struct MeterDecision {
  bool confirmed = false;  // else rejected: it did not happen
  std::string who;         // 1 to 64 bytes
  std::string why;         // 1 to 256 bytes
  Instant decided_at;

  friend bool operator==(const MeterDecision&, const MeterDecision&) = default;
};
inline constexpr std::size_t max_decisions_per_event = 100;  // a person cannot mean more
/// One event of a meter's life as its gateway said it, with its number in this estate's books.
struct MeterEventRow {
  std::int64_t event_no = 0;  // 1, 2, ... per site, in the order they came
  GatewayId gateway;
  Seq seq;
  EdgeEvent event;
  std::vector<MeterDecision> decisions;  // oldest first
};
/// One stored frozen reading. `meter` is empty when no catalogue entry before it names its meter_no.
struct FrozenRow {
  GatewayId gateway;
  std::int64_t log_no = 0;
  Seq seq;
  MeterId meter;
  std::string channel;
  ChannelUnit unit = ChannelUnit::none;
  FrozenReading reading;
};
/// A reading that was below the one before, as its gateway marked it.
struct FallRow {
  MeterId meter;
  std::string channel;
  Instant round_at;
  Instant taken_at;
  std::int64_t value = 0;

  friend bool operator==(const FallRow&, const FallRow&) = default;
};

/// What an operator asked of a gateway.
struct CommandRow {
  SiteId site;
  GatewayId gateway;
  Uuid id{};
  std::string verb;
  std::string subject;
  std::string asked_by;  // 1 to 64 bytes
  Instant issued;
  Instant expires;
  Bytes sealed;         // as it is sent
  std::string outcome;  // empty: no answer yet; then the two below are nothing
  Instant answered;     // the cloud's clock
  Bytes result;         // as it came, signed by the gateway

  friend bool operator==(const CommandRow&, const CommandRow&) = default;
};

/// One version of what a gateway is to be.
struct DesiredRow {
  SiteId site;
  GatewayId gateway;
  std::uint64_t version = 0;
  Instant pushed;
  std::string pushed_by;  // 1 to 64 bytes
  Bytes sealed;           // as it is sent

  friend bool operator==(const DesiredRow&, const DesiredRow&) = default;
};

/// How much there is, for `status`.
struct StoreCounts {
  std::int64_t blocks = 0;
  std::int64_t readings = 0;
  std::int64_t closings = 0;
  std::int64_t door_events = 0;
  std::int64_t patrol_scans = 0;
  std::int64_t edge_events = 0;
  std::int64_t holes = 0;
  std::int64_t set_aside = 0;

  friend bool operator==(const StoreCounts&, const StoreCounts&) = default;
};

}  // namespace steward
