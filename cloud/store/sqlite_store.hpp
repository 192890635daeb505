#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cloud/store/store.hpp"
#include "kit/sqlite/database.hpp"

namespace steward {

/// The Store of one estate or a few: one SQLite file (WAL, synchronous=FULL).
/// The schema is cloud/store/migrations/*.sql, applied when the file is opened.
///
/// Several programs may have the same file open: one writes at a time, the
/// others wait up to ten seconds, then say retry.
/// Thread: one per object.
class SqliteStore final : public Store {
 public:
  /// Opens or makes `file`. `fresh` becomes its identity if it is made now.
  /// Faults: broken, full, retry, refused (written by a newer program).
  static Result<std::unique_ptr<SqliteStore>> open(const std::filesystem::path& file, const Uuid& fresh);

  Result<void> transact(const std::function<Result<void>()>& body) override;
  Result<Uuid> identity() override;
  Result<void> renew_identity(const Uuid& fresh) override;
  Result<StoreCounts> counts(const SiteId& site) override;

  Result<void> put_gateway(const GatewayRow& row) override;
  Result<std::optional<GatewayRow>> gateway(const SiteId& site, const GatewayId& gateway) override;
  Result<std::vector<GatewayRow>> gateways() override;
  Result<void> add_former_key(const SiteId& site, const GatewayId& gateway, const FormerKey& key) override;
  Result<std::vector<FormerKey>> former_keys(const SiteId& site, const GatewayId& gateway) override;
  Result<void> put_certificate(const CertificateRow& row) override;
  Result<std::vector<CertificateRow>> certificates() override;
  Result<void> put_state(const GatewayStateRow& row) override;
  Result<std::vector<GatewayStateRow>> states() override;

  Result<AdmissionMark> lock_log(const LogId& log) override;
  Result<std::optional<BlockMark>> block_at(const AdmissionMark& mark, Seq seq) override;
  Result<AdmissionMark> admit(const AdmissionMark& mark, const AdmittedBlock& block) override;
  Result<void> mark_forked(const AdmissionMark& mark) override;
  Result<bool> set_aside(const SetAside& evidence) override;
  Result<std::vector<SetAside>> set_asides(const SiteId& site) override;
  Result<void> raise(const AlarmRow& alarm) override;
  Result<std::vector<AlarmRow>> alarms() override;
  Result<std::vector<std::pair<LogId, AdmissionMark>>> logs(const SiteId& site, const GatewayId& gateway,
                                                            std::size_t limit) override;
  Result<std::vector<std::uint8_t>> block_bytes(const LogId& log, Seq first) override;
  Result<void> each_block(const BlockQuery& query,
                          const std::function<Result<void>(const Bytes&)>& take) override;

  Result<void> put_command(const CommandRow& row) override;
  Result<std::vector<CommandRow>> open_commands(Instant now) override;
  Result<std::optional<CommandRow>> command(const SiteId& site, const Uuid& id) override;
  Result<bool> answer_command(const CommandRow& answered) override;
  Result<std::vector<CommandRow>> commands(const ListQuery& query) override;

  Result<void> put_desired(const DesiredRow& row) override;
  Result<std::vector<DesiredRow>> newest_desired() override;
  Result<void> put_reported(const GatewayStateRow& row) override;
  Result<std::optional<GatewayStateRow>> reported(const SiteId& site, const GatewayId& gateway) override;

  Result<std::vector<SiteId>> estates() override;
  Result<std::int64_t> put_import(const EstateImport& import) override;
  Result<std::optional<EstateImport>> latest_import(const SiteId& site) override;
  Result<std::optional<EstateImport>> import_version(const SiteId& site, std::int64_t version) override;
  Result<std::vector<ClosingRow>> closings(const SiteId& site, Instant from, Instant to) override;
  Result<std::vector<ClosingRow>> earliest_closings(const SiteId& site, Instant from, Instant to) override;
  Result<std::string> damage() override;
  Result<void> evidence(const SiteId& site, std::size_t kind, Instant from, Instant to,
                        const std::function<Result<void>(const EvidenceRow&)>& look) override;
  Result<std::optional<ClosingRow>> closing_row(const SiteId& site, std::int64_t log_no,
                                                const Closing& closing) override;
  Result<std::vector<EdgeEvent>> event_rows(const SiteId& site, std::int64_t log_no, Seq first,
                                            Seq last) override;
  Result<std::vector<EdgeEvent>> life_rows(const SiteId& site, std::int64_t log_no, Seq first,
                                           Seq last) override;
  Result<std::vector<ClosingRow>> unsure_closings(const SiteId& site) override;
  Result<std::vector<EdgeEventRow>> time_records(const SiteId& site) override;
  Result<std::optional<ClockStamp>> stamp_of(const SiteId& site, std::int64_t log_no, Seq seq) override;
  Result<std::vector<EdgeEvent>> doubt_events(const SiteId& site) override;
  Result<std::vector<MeterEventRow>> meter_events(const SiteId& site) override;
  Result<void> decide(const SiteId& site, std::int64_t event_no, const MeterDecision& decision) override;
  Result<std::vector<FallRow>> falls(const SiteId& site, Instant from, Instant to) override;
  Result<void> put_draft(const BillRunRow& run, std::span<const BillRow> bills) override;
  Result<void> put_step(const SiteId& site, std::string_view month, const RunStep& step) override;
  Result<std::vector<RunStep>> run_steps(const SiteId& site, std::string_view month) override;
  Result<void> issue(const SiteId& site, std::string_view month, const RunStep& step, int year) override;
  Result<void> put_note(const BillNoteRow& row) override;
  Result<std::vector<BillNoteRow>> notes(const SiteId& site, std::string_view month) override;
  Result<std::vector<BillRunRow>> bill_runs(const SiteId& site) override;
  Result<std::vector<BillRow>> bills(const SiteId& site, std::string_view month) override;

  Result<std::vector<CatalogueRow>> catalogue(const SiteId& site) override;
  Result<std::vector<ReadingRow>> readings(const ListQuery& query) override;
  Result<std::vector<DoorEventRow>> door_events(const ListQuery& query) override;
  Result<std::vector<PatrolScanRow>> patrol_scans(const ListQuery& query) override;
  Result<std::vector<FrozenRow>> frozen_readings(const ListQuery& query) override;
  Result<std::vector<EdgeEventRow>> edge_events(const ListQuery& query) override;

 private:
  explicit SqliteStore(Database database) : database_(std::move(database)) {}

  /// The prepared form of `sql`, which must be a literal: it is the key.
  Result<Statement*> prepared(std::string_view sql);
  /// Executes a writing statement; refused outside `transact`.
  template <class... Values>
  Result<void> write(std::string_view sql, const Values&... values);
  /// Calls `row(statement)` for each row of a query.
  template <class Row, class... Values>
  Result<void> each(std::string_view sql, Row&& row, const Values&... values);

  Result<std::int64_t> site_no(const SiteId& site);
  Result<void> add_step(const SiteId& site, std::string_view month, const RunStep& step);
  template <class... More>
  Result<std::vector<ClosingRow>> closing_rows(std::string_view sql, const SiteId& site, Instant from,
                                               Instant to, const More&... more);
  Result<std::vector<EdgeEvent>> events_between(std::string_view sql, const SiteId& site, std::int64_t log_no,
                                                Seq first, Seq last);
  struct Loader;

  Database database_;
  std::map<std::string_view, Statement> statements_;
  bool in_transaction_ = false;
};

}  // namespace steward
