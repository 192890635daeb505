#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "cloud/store/rows.hpp"
#include "contract/nouns/result.hpp"

namespace steward {

/// The cloud's database as bulk operations, so that one estate on SQLite and a
/// company on PostgreSQL run the same program. One conformance suite
/// (tests/unit/cloud/store_conformance_test.cpp) says what a backend must do.
///
/// Every row belongs to a site, and the site comes first in every key.
/// Writes happen inside `transact` only; outside it they are refused.
/// Faults everywhere: broken (detail quotes the database), retry (locked by
/// another program for longer than the backend waits), full (no room on disk).
/// Thread: one per object; programs that share a database open their own.
class Store {
 public:
  virtual ~Store() = default;

  // -- the whole

  /// Runs `body` in one write transaction: commits when it succeeds, rolls back
  /// when it fails, and hands its fault on. Once this returns success, a power
  /// cut loses nothing of it. Does not nest (refused).
  virtual Result<void> transact(const std::function<Result<void>()>& body) = 0;
  /// Who this database is: made with it, carried in every ack. A gateway that
  /// meets another store knows that what it had been told may be lost.
  virtual Result<Uuid> identity() = 0;
  /// Gives the store a new identity: to be done once after restoring a backup.
  virtual Result<void> renew_identity(const Uuid& fresh) = 0;
  virtual Result<StoreCounts> counts(const SiteId& site) = 0;

  // -- gateways

  /// Adds a gateway or replaces all that is said of it.
  virtual Result<void> put_gateway(const GatewayRow& row) = 0;
  virtual Result<std::optional<GatewayRow>> gateway(const SiteId& site, const GatewayId& gateway) = 0;
  virtual Result<std::vector<GatewayRow>> gateways() = 0;
  /// Notes how far a log was signed by a key that is none of the present ones; the first word counts.
  virtual Result<void> add_former_key(const SiteId& site, const GatewayId& gateway, const FormerKey& key) = 0;
  /// By epoch, stream and last.
  virtual Result<std::vector<FormerKey>> former_keys(const SiteId& site, const GatewayId& gateway) = 0;
  /// Adds a certificate, or changes whether it is revoked.
  virtual Result<void> put_certificate(const CertificateRow& row) = 0;
  /// All of all gateways, by site, gateway, issued.
  virtual Result<std::vector<CertificateRow>> certificates() = 0;
  virtual Result<void> put_state(const GatewayStateRow& row) = 0;
  virtual Result<std::vector<GatewayStateRow>> states() = 0;

  // -- ingest; all inside `transact`

  /// The mark of a log, locked until the transaction ends; made when new.
  virtual Result<AdmissionMark> lock_log(const LogId& log) = 0;
  /// The admitted block that covers `seq`, if any.
  virtual Result<std::optional<BlockMark>> block_at(const AdmissionMark& mark, Seq seq) = 0;
  /// Puts one block in the books: its bytes as evidence, its records in bulk,
  /// the mark advanced to its last. `mark` is the one `lock_log` gave;
  /// returns the new one. Does no checking: `Admission` has done it.
  virtual Result<AdmissionMark> admit(const AdmissionMark& mark, const AdmittedBlock& block) = 0;
  virtual Result<void> mark_forked(const AdmissionMark& mark) = 0;
  /// Keeps evidence; a message already kept (same hash) is not kept twice, and
  /// above max_set_aside_per_gateway nothing more is. True when it was kept now.
  virtual Result<bool> set_aside(const SetAside& evidence) = 0;
  virtual Result<std::vector<SetAside>> set_asides(const SiteId& site) = 0;
  virtual Result<void> raise(const AlarmRow& alarm) = 0;
  virtual Result<std::vector<AlarmRow>> alarms() = 0;
  /// The logs of one gateway, newest first, at most `limit`: what an ack says.
  virtual Result<std::vector<std::pair<LogId, AdmissionMark>>> logs(const SiteId& site,
                                                                    const GatewayId& gateway,
                                                                    std::size_t limit) = 0;
  /// The bytes of an admitted block, as they were received.
  virtual Result<std::vector<std::uint8_t>> block_bytes(const LogId& log, Seq first) = 0;

  /// Hands the bytes of admitted blocks to `take`, as they were received, by log and place, all
  /// of one moment; ends early with `take`'s fault.
  virtual Result<void> each_block(const BlockQuery& query,
                                  const std::function<Result<void>(const Bytes&)>& take) = 0;

  // -- commands

  /// Adds a command. Faults: refused (its id is taken). Inside `transact`.
  virtual Result<void> put_command(const CommandRow& row) = 0;
  /// Unanswered and not expired at `now`, of all sites, oldest first, at most 1,000.
  virtual Result<std::vector<CommandRow>> open_commands(Instant now) = 0;
  virtual Result<std::optional<CommandRow>> command(const SiteId& site, const Uuid& id) = 0;
  /// Answers a command of this gateway; false: there is none, or it is answered. Inside `transact`.
  virtual Result<bool> answer_command(const CommandRow& answered) = 0;
  /// Bounds are on when they were issued.
  virtual Result<std::vector<CommandRow>> commands(const ListQuery& query) = 0;

  // -- what gateways are to be

  /// Adds a version. Faults: refused (not above the newest). Inside `transact`.
  virtual Result<void> put_desired(const DesiredRow& row) = 0;
  /// The newest version of each gateway of every site.
  virtual Result<std::vector<DesiredRow>> newest_desired() = 0;
  /// The last report of a gateway, as it came, replaces the one before. Inside `transact`.
  virtual Result<void> put_reported(const GatewayStateRow& row) = 0;
  virtual Result<std::optional<GatewayStateRow>> reported(const SiteId& site, const GatewayId& gateway) = 0;

  // -- books

  virtual Result<std::vector<SiteId>> estates() = 0;
  /// Stores a new version; `version` is ignored and given by the store. Inside `transact`.
  virtual Result<std::int64_t> put_import(const EstateImport& import) = 0;
  virtual Result<std::optional<EstateImport>> latest_import(const SiteId& site) = 0;
  /// An earlier version, as it was handed in.
  virtual Result<std::optional<EstateImport>> import_version(const SiteId& site, std::int64_t version) = 0;
  /// Closing records with round_at in [from, to) by a clock that was right (synced, or stepped), by meter,
  /// channel, round_at, log, seq: what billing stands on.
  virtual Result<std::vector<ClosingRow>> closings(const SiteId& site, Instant from, Instant to) = 0;
  /// The earliest good record of each meter and channel with round_at in [from, to), whole days
  /// after `from` (a local midnight) and not contradicted by another good one of that instant:
  /// where a year's tiers begin for a meter that came during the year.
  virtual Result<std::vector<ClosingRow>> earliest_closings(const SiteId& site, Instant from, Instant to) = 0;
  /// What the database itself finds wrong with the tables and indexes that bills stand on, one sentence;
  /// empty: nothing. Reads all of them.
  virtual Result<std::string> damage() = 0;
  /// Shows the admitted blocks of one kind (place in `Records`) with records in [from, to), by log and
  /// place. `look` may ask the store; its fault ends the showing.
  virtual Result<void> evidence(const SiteId& site, std::size_t kind, Instant from, Instant to,
                                const std::function<Result<void>(const EvidenceRow&)>& look) = 0;
  /// The row of this log that has the closing's meter, channel, instant and place.
  virtual Result<std::optional<ClosingRow>> closing_row(const SiteId& site, std::int64_t log_no,
                                                        const Closing& closing) = 0;
  /// The events of a log's places first..last, and those of them that are of a meter's life.
  virtual Result<std::vector<EdgeEvent>> event_rows(const SiteId& site, std::int64_t log_no, Seq first,
                                                    Seq last) = 0;
  virtual Result<std::vector<EdgeEvent>> life_rows(const SiteId& site, std::int64_t log_no, Seq first,
                                                   Seq last) = 0;
  /// Closing records whose clock was unset or not confirmed (trust below synced), of all times. `closings`
  /// and `earliest_closings` leave them out: what they say of their instant is not to be believed as it
  /// stands.
  virtual Result<std::vector<ClosingRow>> unsure_closings(const SiteId& site) = 0;
  /// Events of kind time_record: what gateways' clocks are held against. Few: one a day and gateway.
  virtual Result<std::vector<EdgeEventRow>> time_records(const SiteId& site) = 0;
  /// By which clock the block that holds this place was closed; nothing: no such block.
  virtual Result<std::optional<ClockStamp>> stamp_of(const SiteId& site, std::int64_t log_no, Seq seq) = 0;
  /// The events that say since when a meter's readings are not to be billed, or that they are again,
  /// by at, log, seq: what `Doubts` is derived from. All of the site's: they are few.
  virtual Result<std::vector<EdgeEvent>> doubt_events(const SiteId& site) = 0;
  /// All events of meters' lives of the site, by at, event_no, with all their decisions: what usage is
  /// cut at. They are few: some in a meter's life.
  virtual Result<std::vector<MeterEventRow>> meter_events(const SiteId& site) = 0;
  /// Adds a decision to an event; none is ever changed. Inside `transact`. Faults: refused (no such
  /// event, or it has max_decisions_per_event).
  virtual Result<void> decide(const SiteId& site, std::int64_t event_no, const MeterDecision& decision) = 0;
  /// Readings marked as below the one before, with round_at in [from, to), by round_at, log, seq; those
  /// whose meter no catalogue names are left out.
  virtual Result<std::vector<FallRow>> falls(const SiteId& site, Instant from, Instant to) = 0;
  /// Replaces the draft of a month, bills and all; other bills than before are a draft again. Refused when it
  /// is issued. Inside `transact`.
  virtual Result<void> put_draft(const BillRunRow& run, std::span<const BillRow> bills) = 0;
  /// Adds a step, checked or approved. Faults: refused (not the bills that are stored, not the step after
  /// theirs, or max_run_steps). Inside `transact`.
  virtual Result<void> put_step(const SiteId& site, std::string_view month, const RunStep& step) = 0;
  /// All steps of a month, those of bills drawn up before too, oldest first.
  virtual Result<std::vector<RunStep>> run_steps(const SiteId& site, std::string_view month) = 0;
  /// Approved to issued: `step` is kept, and each bill gets the next number of `year` in the run's order.
  /// From here on the backend itself refuses any change. Faults: refused (not approved, or other bills).
  /// Inside `transact`.
  virtual Result<void> issue(const SiteId& site, std::string_view month, const RunStep& step, int year) = 0;
  /// Adds a note with the next number of `row.year`; `row.number` is ignored. Never changed again. Faults:
  /// refused (its month is not issued, or `place` does not follow). Inside `transact`.
  virtual Result<void> put_note(const BillNoteRow& row) = 0;
  /// The notes on a month's bills, by bill and place.
  virtual Result<std::vector<BillNoteRow>> notes(const SiteId& site, std::string_view month) = 0;
  virtual Result<std::vector<BillRunRow>> bill_runs(const SiteId& site) = 0;
  /// The bills of a month in the run's order.
  virtual Result<std::vector<BillRow>> bills(const SiteId& site, std::string_view month) = 0;

  // -- lists for people

  virtual Result<std::vector<CatalogueRow>> catalogue(const SiteId& site) = 0;
  virtual Result<std::vector<ReadingRow>> readings(const ListQuery& query) = 0;
  virtual Result<std::vector<DoorEventRow>> door_events(const ListQuery& query) = 0;
  virtual Result<std::vector<PatrolScanRow>> patrol_scans(const ListQuery& query) = 0;
  /// Bounds are on read_at.
  virtual Result<std::vector<FrozenRow>> frozen_readings(const ListQuery& query) = 0;
  virtual Result<std::vector<EdgeEventRow>> edge_events(const ListQuery& query) = 0;
};

}  // namespace steward
