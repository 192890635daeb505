// SqliteStore: imports and closing records.
#include <algorithm>
#include <limits>

#include "cloud/store/sqlite_store_calls.hpp"

namespace steward {

Result<std::vector<SiteId>> SqliteStore::estates() {
  std::vector<SiteId> sites;
  auto read = each("SELECT DISTINCT s.site FROM site s JOIN estate_import USING (site_no) ORDER BY s.site",
                   [&](const Statement& row) { sites.emplace_back(row.column_text(0)); });
  if (!read) return std::move(read.error());
  return sites;
}

Result<std::int64_t> SqliteStore::put_import(const EstateImport& import) {
  auto no = site_no(import.site);
  if (!no) return std::move(no.error());
  std::int64_t version = 0;
  auto done = each(
                  "SELECT coalesce(max(version), 0) + 1 FROM estate_import WHERE site_no = ?1",
                  [&](const Statement& row) { version = row.column_int(0); }, *no)
                  .and_then([&] {
                    return write("INSERT INTO estate_import VALUES (?1, ?2, ?3, ?4)", *no, version,
                                 ms_of(import.imported_at), import.hash);
                  });
  for (const auto& file : import.files) {
    if (!done) break;
    done = write("INSERT INTO import_file VALUES (?1, ?2, ?3, ?4, ?5)", *no, version, file.name, file.hash,
                 file.text);
  }
  if (!done) return std::move(done.error());
  return version;
}

Result<std::optional<EstateImport>> SqliteStore::latest_import(const SiteId& site) {
  return import_version(site, std::numeric_limits<std::int64_t>::max());
}

Result<std::optional<EstateImport>> SqliteStore::import_version(const SiteId& site, std::int64_t version) {
  auto no = site_no(site);
  if (!no) return std::move(no.error());
  std::optional<EstateImport> import;
  auto read = each(
      "SELECT version, imported_ms, hash FROM estate_import WHERE site_no = ?1 AND (version = ?2 OR ?2 = "
      "9223372036854775807)"
      " ORDER BY version DESC LIMIT 1",
      [&](const Statement& row) {
        import =
            EstateImport{site, row.column_int(0), column_instant(row, 1), fixed_bytes<Digest>(row, 2), {}};
      },
      *no, version);
  if (!read) return std::move(read.error());
  if (!import) return import;
  read = each(
      "SELECT name, text, hash FROM import_file WHERE site_no = ?1 AND version = ?2 ORDER BY name",
      [&](const Statement& row) {
        import->files.push_back({row.column_text(0), row.column_text(1), fixed_bytes<Digest>(row, 2)});
      },
      *no, import->version);
  if (!read) return std::move(read.error());
  return import;
}

Result<std::vector<ClosingRow>> SqliteStore::closings(const SiteId& site, Instant from, Instant to) {
  return closing_rows(
      "SELECT * FROM closing_record WHERE site = ?1 AND round_at_ms >= ?2 AND round_at_ms < ?3"
      " AND trust >= 2 ORDER BY meter, channel, round_at_ms, log_no, seq",
      site, from, to);
}

Result<std::vector<ClosingRow>> SqliteStore::earliest_closings(const SiteId& site, Instant from, Instant to) {
  return closing_rows(
      "SELECT r.* FROM (SELECT site, meter, channel, min(round_at_ms) AS round_at_ms FROM"
      "  (SELECT site, meter, channel, round_at_ms FROM closing_record"
      "   WHERE site = ?1 AND round_at_ms >= ?2 AND round_at_ms < ?3 AND quality = 0 AND trust >= 2"
      "   AND (round_at_ms - ?2) % 86400000 = 0 GROUP BY site, meter, channel, round_at_ms"
      "   HAVING min(value) = max(value) AND min(unit) = max(unit))"
      "  GROUP BY site, meter, channel)"
      " JOIN closing_record r USING (site, meter, channel, round_at_ms) WHERE r.quality = 0 AND r.trust >= 2"
      " ORDER BY r.meter, r.channel, r.log_no, r.seq",
      site, from, to);
}

Result<std::vector<ClosingRow>> SqliteStore::unsure_closings(const SiteId& site) {
  return closing_rows(
      "SELECT * FROM closing_record WHERE site = ?1 AND trust < 2 AND round_at_ms BETWEEN ?2 AND ?3"
      " ORDER BY meter, channel, round_at_ms, log_no, seq",
      site, Instant::min(), Instant::max());
}

Result<std::vector<EdgeEventRow>> SqliteStore::time_records(const SiteId& site) {
  std::vector<EdgeEventRow> rows;
  // The kind stands here as in the index of 0006_time.sql, which is used only if it is the same.
  auto read = each(
      "SELECT l.gateway, e.seq, e.at_ms, e.kind, e.subject, e.detail FROM edge_event e"
      " JOIN log l USING (site_no, log_no)"
      " WHERE e.site_no = (SELECT site_no FROM site WHERE site = ?1) AND e.kind = 'time_record'"
      " ORDER BY e.log_no, e.seq",
      [&](const Statement& row) {
        rows.push_back(
            {GatewayId{row.column_text(0)},
             Seq{static_cast<std::uint64_t>(row.column_int(1))},
             {column_instant(row, 2), row.column_text(3), row.column_text(4), row.column_text(5)}});
      },
      site.text);
  if (!read) return std::move(read.error());
  return rows;
}

Result<std::optional<ClockStamp>> SqliteStore::stamp_of(const SiteId& site, std::int64_t log_no, Seq seq) {
  std::optional<ClockStamp> stamp;
  auto read = each(
      "SELECT boot, wall_ms, monotonic_ms, trust, last FROM block"
      " WHERE site_no = (SELECT site_no FROM site WHERE site = ?1) AND log_no = ?2 AND first <= ?3"
      " ORDER BY first DESC LIMIT 1",
      [&](const Statement& row) {
        if (static_cast<std::uint64_t>(row.column_int(4)) < seq.value) return;
        stamp = ClockStamp{fixed_bytes<Uuid>(row, 0), column_instant(row, 1), row.column_int(2),
                           column_enum<ClockTrust>(row, 3)};
      },
      site.text, log_no, seq.value);
  if (!read) return std::move(read.error());
  return stamp;
}

Result<std::vector<EdgeEvent>> SqliteStore::doubt_events(const SiteId& site) {
  std::vector<EdgeEvent> events;
  // The kinds stand here as in the index of 0002_doubts.sql, which is used only if they are the same.
  auto read = each(
      "SELECT e.at_ms, e.kind, e.subject, e.detail FROM edge_event e"
      " WHERE e.site_no = (SELECT site_no FROM site WHERE site = ?1)"
      " AND e.kind IN ('unit_clash', 'unit_exchanged', 'time_unsure', 'line_shared', 'unit_cleared')"
      " ORDER BY e.at_ms, e.log_no, e.seq",
      [&](const Statement& row) {
        events.push_back(
            {column_instant(row, 0), row.column_text(1), row.column_text(2), row.column_text(3)});
      },
      site.text);
  if (!read) return std::move(read.error());
  return events;
}

}  // namespace steward
