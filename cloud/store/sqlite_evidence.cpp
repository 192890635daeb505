// SqliteStore: admitted blocks beside the rows that were made from them.
#include <algorithm>

#include "cloud/store/sqlite_store_calls.hpp"

namespace steward {
namespace {

Seq column_seq(const Statement& row, int column) {
  return Seq{static_cast<std::uint64_t>(row.column_int(column))};
}

Words words_of(const std::vector<std::uint8_t>& bytes) {
  Words words;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    words.push_back(static_cast<std::uint16_t>(bytes[i] << 8U | bytes[i + 1]));
  }
  return words;
}

}  // namespace

ClosingRow read_closing(const Statement& row) {
  return {.log_no = row.column_int(17),
          .closing = {.site = SiteId{row.column_text(0)},
                      .gateway = GatewayId{row.column_text(1)},
                      .epoch = fixed_bytes<Uuid>(row, 2),
                      .seq = column_seq(row, 3),
                      .meter = MeterId{row.column_text(4)},
                      .profile = ProfileId{row.column_text(5)},
                      .profile_hash = fixed_bytes<Digest>(row, 6),
                      .channel = row.column_text(7),
                      .unit = column_enum<ChannelUnit>(row, 8),
                      .round_at = column_instant(row, 9),
                      .taken_at = column_instant(row, 10),
                      .value = row.column_int(11),
                      .modulus = row.column_int(12),
                      .quality = column_enum<Quality>(row, 13),
                      .reason = column_enum<Reason>(row, 14),
                      .raw = words_of(row.column_blob(15)),
                      .trust = column_enum<ClockTrust>(row, 16)},
          .sealed = row.column_blob(18)};
}

Result<std::string> SqliteStore::damage() {
  // `reading` is left out: it is by far the largest, and no bill stands on it.
  constexpr std::string_view checks[] = {
      "PRAGMA integrity_check(site)",        "PRAGMA integrity_check(log)",
      "PRAGMA integrity_check(gateway)",     "PRAGMA integrity_check(block)",
      "PRAGMA integrity_check(closing)",     "PRAGMA integrity_check(edge_event)",
      "PRAGMA integrity_check(meter_event)", "PRAGMA integrity_check(meter_event_decision)",
      "PRAGMA integrity_check(import_file)", "PRAGMA integrity_check(estate_import)"};
  std::string found;
  for (const auto check : checks) {
    auto read = each(check, [&](const Statement& row) {
      if (found.empty() && row.column_text(0) != "ok") found = row.column_text(0);
    });
    if (!read) return std::move(read.error());
  }
  return found;
}

Result<void> SqliteStore::evidence(const SiteId& site, std::size_t kind, Instant from, Instant to,
                                   const std::function<Result<void>(const EvidenceRow&)>& look) {
  Result<void> looked;
  auto read = each(
      "SELECT l.gateway, b.log_no, b.first, b.last, b.hash, e.bytes"
      " FROM block b JOIN log l USING (site_no, log_no) LEFT JOIN block_bytes e USING (block_no)"
      " WHERE b.site_no = (SELECT site_no FROM site WHERE site = ?1) AND b.kind = ?2"
      " AND b.ends_ms >= ?3 AND b.begins_ms < ?4 ORDER BY b.log_no, b.first",
      [&](const Statement& row) {
        if (!looked) return;
        looked = look({GatewayId{row.column_text(0)}, row.column_int(1), column_seq(row, 2),
                       column_seq(row, 3), fixed_bytes<Digest>(row, 4), row.column_blob(5)});
      },
      site.text, kind, ms_of(from), ms_of(to));
  return read ? looked : read;
}

Result<std::optional<ClosingRow>> SqliteStore::closing_row(const SiteId& site, std::int64_t log_no,
                                                           const Closing& closing) {
  auto rows = closing_rows(
      "SELECT * FROM closing_record WHERE site = ?1 AND meter = ?4 AND channel = ?5"
      " AND round_at_ms >= ?2 AND round_at_ms < ?3 AND log_no = ?6 AND seq = ?7",
      site, closing.round_at, closing.round_at + Milliseconds(1), closing.meter.text, closing.channel, log_no,
      closing.seq.value);
  if (!rows) return std::move(rows.error());
  if (rows->empty()) return std::optional<ClosingRow>();
  return std::optional(std::move(rows->front()));
}

Result<std::vector<EdgeEvent>> SqliteStore::events_between(std::string_view sql, const SiteId& site,
                                                           std::int64_t log_no, Seq first, Seq last) {
  std::vector<EdgeEvent> events;
  auto read = each(
      sql,
      [&](const Statement& row) {
        events.push_back(
            {column_instant(row, 0), row.column_text(1), row.column_text(2), row.column_text(3)});
      },
      site.text, log_no, first.value, last.value);
  if (!read) return std::move(read.error());
  return events;
}

Result<std::vector<EdgeEvent>> SqliteStore::event_rows(const SiteId& site, std::int64_t log_no, Seq first,
                                                       Seq last) {
  return events_between(
      "SELECT at_ms, kind, subject, detail FROM edge_event"
      " WHERE site_no = (SELECT site_no FROM site WHERE site = ?1) AND log_no = ?2"
      " AND seq BETWEEN ?3 AND ?4 ORDER BY seq",
      site, log_no, first, last);
}

Result<std::vector<EdgeEvent>> SqliteStore::life_rows(const SiteId& site, std::int64_t log_no, Seq first,
                                                      Seq last) {
  return events_between(
      "SELECT at_ms, kind, meter, detail FROM meter_event"
      " WHERE site_no = (SELECT site_no FROM site WHERE site = ?1) AND log_no = ?2"
      " AND seq BETWEEN ?3 AND ?4 ORDER BY seq",
      site, log_no, first, last);
}

}  // namespace steward
