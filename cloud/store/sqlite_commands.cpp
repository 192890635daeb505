// SqliteStore: what operators ask of gateways.
#include "cloud/store/sqlite_store_calls.hpp"

namespace steward {
namespace {

constexpr std::int64_t most_open = 1000;

CommandRow read_command(const Statement& row) {
  CommandRow command{.site = SiteId{row.column_text(0)},
                     .gateway = GatewayId{row.column_text(1)},
                     .id = fixed_bytes<Uuid>(row, 2),
                     .verb = row.column_text(3),
                     .subject = row.column_text(4),
                     .asked_by = row.column_text(5),
                     .issued = column_instant(row, 6),
                     .expires = column_instant(row, 7),
                     .sealed = row.column_blob(8),
                     .outcome = row.column_text(9),
                     .answered = {},
                     .result = {}};
  if (!command.outcome.empty()) {
    command.answered = column_instant(row, 10);
    command.result = row.column_blob(11);
  }
  return command;
}

// The columns in read_command's order.
#define COMMAND_COLUMNS                                                                                 \
  "SELECT s.site, c.gateway, c.id, c.verb, c.subject, c.asked_by, c.issued_ms, c.expires_ms, c.sealed," \
  " c.outcome, c.answered_ms, c.result FROM command c JOIN site s USING (site_no) "

}  // namespace

Result<void> SqliteStore::put_command(const CommandRow& row) {
  auto no = site_no(row.site);
  if (!no) return std::move(no.error());
  auto known = command(row.site, row.id);
  if (!known) return std::move(known.error());
  if (*known) return Error{Fault::refused, "a command of this id was asked before"};
  return write(
      "INSERT INTO command (site_no, id, gateway, verb, subject, asked_by, issued_ms, expires_ms, sealed)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
      *no, row.id, row.gateway.text, row.verb, row.subject, row.asked_by, ms_of(row.issued),
      ms_of(row.expires), row.sealed);
}

Result<std::vector<CommandRow>> SqliteStore::open_commands(Instant now) {
  std::vector<CommandRow> rows;
  auto read = each(
      COMMAND_COLUMNS "WHERE c.result IS NULL AND c.expires_ms > ?1 ORDER BY c.issued_ms, c.id LIMIT ?2",
      [&](const Statement& row) { rows.push_back(read_command(row)); }, ms_of(now), most_open);
  if (!read) return std::move(read.error());
  return rows;
}

Result<std::optional<CommandRow>> SqliteStore::command(const SiteId& site, const Uuid& id) {
  std::optional<CommandRow> found;
  auto read = each(
      COMMAND_COLUMNS "WHERE s.site = ?1 AND c.id = ?2",
      [&](const Statement& row) { found = read_command(row); }, site.text, id);
  if (!read) return std::move(read.error());
  return found;
}

Result<bool> SqliteStore::answer_command(const CommandRow& answered) {
  auto no = site_no(answered.site);
  if (!no) return std::move(no.error());
  auto done = write(
      "UPDATE command SET outcome = ?4, answered_ms = ?5, result = ?6"
      " WHERE site_no = ?1 AND id = ?2 AND gateway = ?3 AND result IS NULL",
      *no, answered.id, answered.gateway.text, answered.outcome, ms_of(answered.answered), answered.result);
  if (!done) return std::move(done.error());
  return database_.changes() > 0;
}

Result<std::vector<CommandRow>> SqliteStore::commands(const ListQuery& query) {
  std::vector<CommandRow> rows;
  auto read = each(
      COMMAND_COLUMNS
      "WHERE s.site = ?1 AND c.issued_ms >= ?2 AND c.issued_ms < ?3 ORDER BY c.issued_ms DESC, c.id LIMIT ?4",
      [&](const Statement& row) { rows.push_back(read_command(row)); }, query.site.text, ms_of(query.from),
      ms_of(query.to), query.limit);
  if (!read) return std::move(read.error());
  return rows;
}

Result<void> SqliteStore::put_desired(const DesiredRow& row) {
  auto no = site_no(row.site);
  if (!no) return std::move(no.error());
  auto done = write(
      "INSERT INTO desired_config SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE ?3 >"
      " (SELECT coalesce(max(version), 0) FROM desired_config WHERE site_no = ?1 AND gateway = ?2)",
      *no, row.gateway.text, row.version, ms_of(row.pushed), row.pushed_by, row.sealed);
  if (!done) return done;
  if (database_.changes() == 0) return Error{Fault::refused, "a config of this version or above is there"};
  return {};
}

Result<std::vector<DesiredRow>> SqliteStore::newest_desired() {
  std::vector<DesiredRow> rows;
  auto read = each(
      "SELECT s.site, d.gateway, max(d.version), d.pushed_ms, d.pushed_by, d.sealed FROM desired_config d"
      " JOIN site s USING (site_no) GROUP BY d.site_no, d.gateway ORDER BY d.site_no, d.gateway",
      [&](const Statement& row) {
        rows.push_back({SiteId{row.column_text(0)}, GatewayId{row.column_text(1)},
                        static_cast<std::uint64_t>(row.column_int(2)), column_instant(row, 3),
                        row.column_text(4), row.column_blob(5)});
      });
  if (!read) return std::move(read.error());
  return rows;
}

Result<void> SqliteStore::put_reported(const GatewayStateRow& row) {
  auto no = site_no(row.site);
  if (!no) return std::move(no.error());
  return write("INSERT OR REPLACE INTO reported_config VALUES (?1, ?2, ?3, ?4)", *no, row.gateway.text,
               ms_of(row.received_at), row.json);
}

Result<std::optional<GatewayStateRow>> SqliteStore::reported(const SiteId& site, const GatewayId& gateway) {
  std::optional<GatewayStateRow> found;
  auto read = each(
      "SELECT r.received_ms, r.json FROM reported_config r JOIN site s USING (site_no)"
      " WHERE s.site = ?1 AND r.gateway = ?2",
      [&](const Statement& row) {
        found = GatewayStateRow{site, gateway, column_instant(row, 0), row.column_text(1)};
      },
      site.text, gateway.text);
  if (!read) return std::move(read.error());
  return found;
}

}  // namespace steward
