// SqliteStore: what people list.
#include <algorithm>

#include "cloud/store/sqlite_store_calls.hpp"

namespace steward {
namespace {

constexpr std::size_t most_rows = 10'000;

std::size_t bounded(std::size_t limit) { return std::min(limit, most_rows); }

Seq column_seq(const Statement& row, int column) {
  return Seq{static_cast<std::uint64_t>(row.column_int(column))};
}

template <class Int>
Int column_as(const Statement& row, int column) {
  return static_cast<Int>(row.column_int(column));
}

}  // namespace

Result<std::vector<CatalogueRow>> SqliteStore::catalogue(const SiteId& site) {
  std::vector<CatalogueRow> rows;
  auto read = each(
      // Of each meter_no of each log the newest entry.
      "SELECT l.gateway, c.log_no, max(c.seq), c.meter_no, c.meter, c.profile, c.profile_hash"
      " FROM catalogue c JOIN site s USING (site_no) JOIN log l USING (site_no, log_no)"
      " WHERE s.site = ?1 GROUP BY c.log_no, c.meter_no ORDER BY c.log_no, c.meter_no",
      [&](const Statement& row) {
        rows.push_back({.gateway = GatewayId{row.column_text(0)},
                        .log_no = row.column_int(1),
                        .seq = column_seq(row, 2),
                        .entry = {.meter_no = MeterNo{column_as<std::uint16_t>(row, 3)},
                                  .meter = MeterId{row.column_text(4)},
                                  .profile = ProfileId{row.column_text(5)},
                                  .profile_hash = fixed_bytes<Digest>(row, 6)}});
      },
      site.text);
  for (auto& found : rows) {
    if (!read) break;
    read = each(
        "SELECT channel_no, name, unit, cumulative, words, modulus FROM catalogue_channel"
        " WHERE site_no = (SELECT site_no FROM site WHERE site = ?1) AND log_no = ?2 AND meter_no = ?3 AND "
        "seq = ?4"
        " ORDER BY channel_no",
        [&](const Statement& row) {
          found.entry.channels.push_back({ChannelNo{column_as<std::uint8_t>(row, 0)}, row.column_text(1),
                                          column_enum<ChannelUnit>(row, 2), row.column_int(3) != 0,
                                          column_as<std::uint8_t>(row, 4), row.column_int(5)});
        },
        site.text, found.log_no, found.entry.meter_no.value, found.seq.value);
  }
  if (!read) return std::move(read.error());
  return rows;
}

Result<std::vector<ReadingRow>> SqliteStore::readings(const ListQuery& query) {
  std::vector<ReadingRow> rows;
  auto read = each(
      // The small block table says which rows of the large one can be meant.
      "SELECT l.gateway, r.log_no, r.seq, coalesce(c.meter, ''), coalesce(n.name, ''), coalesce(n.unit, 0),"
      " r.round_at_ms, r.taken_at_ms, r.meter_no, r.channel_no, r.value, r.quality, r.reason"
      " FROM site s JOIN block b USING (site_no) JOIN log l USING (site_no, log_no)"
      " JOIN reading r ON r.site_no = b.site_no AND r.log_no = b.log_no AND r.seq BETWEEN b.first AND b.last"
      " LEFT JOIN catalogue c ON c.site_no = r.site_no AND c.log_no = r.log_no AND c.meter_no = r.meter_no"
      "  AND c.seq = (SELECT max(m.seq) FROM catalogue m WHERE m.site_no = r.site_no AND m.log_no = r.log_no"
      "               AND m.meter_no = r.meter_no AND m.seq < r.seq)"
      " LEFT JOIN catalogue_channel n ON n.site_no = c.site_no AND n.log_no = c.log_no"
      "  AND n.meter_no = c.meter_no AND n.seq = c.seq AND n.channel_no = r.channel_no"
      " WHERE s.site = ?1 AND b.kind = 0 AND b.ends_ms >= ?2 AND b.begins_ms < ?3"
      "  AND r.round_at_ms >= ?2 AND r.round_at_ms < ?3"
      " ORDER BY r.round_at_ms DESC, r.log_no, r.seq LIMIT ?4",
      [&](const Statement& row) {
        rows.push_back({.gateway = GatewayId{row.column_text(0)},
                        .log_no = row.column_int(1),
                        .seq = column_seq(row, 2),
                        .meter = MeterId{row.column_text(3)},
                        .channel = row.column_text(4),
                        .unit = column_enum<ChannelUnit>(row, 5),
                        .reading = {.round_at = column_instant(row, 6),
                                    .taken_at = column_instant(row, 7),
                                    .meter_no = MeterNo{column_as<std::uint16_t>(row, 8)},
                                    .channel_no = ChannelNo{column_as<std::uint8_t>(row, 9)},
                                    .value = row.column_int(10),
                                    .quality = column_enum<Quality>(row, 11),
                                    .reason = column_enum<Reason>(row, 12)}});
      },
      query.site.text, ms_of(query.from), ms_of(query.to), bounded(query.limit));
  if (!read) return std::move(read.error());
  return rows;
}

Result<std::vector<DoorEventRow>> SqliteStore::door_events(const ListQuery& query) {
  std::vector<DoorEventRow> rows;
  auto read = each(
      "SELECT l.gateway, e.seq, e.controller, e.serial, e.event_index, e.generation, e.received_at_ms,"
      " e.controller_time_ms, e.type, e.granted, e.door, e.direction, e.card, e.reason, e.raw"
      " FROM door_event e JOIN site s USING (site_no) JOIN log l USING (site_no, log_no)"
      " WHERE s.site = ?1 AND e.received_at_ms >= ?2 AND e.received_at_ms < ?3"
      " ORDER BY e.received_at_ms DESC, e.log_no DESC, e.seq DESC LIMIT ?4",
      [&](const Statement& row) {
        rows.push_back({.gateway = GatewayId{row.column_text(0)},
                        .seq = column_seq(row, 1),
                        .event = {.controller = row.column_text(2),
                                  .serial = column_as<std::uint32_t>(row, 3),
                                  .index = column_as<std::uint32_t>(row, 4),
                                  .generation = column_as<std::uint32_t>(row, 5),
                                  .received_at = column_instant(row, 6),
                                  .controller_time_ms = row.column_int(7),
                                  .type = column_as<std::uint8_t>(row, 8),
                                  .granted = row.column_int(9) != 0,
                                  .door = column_as<std::uint8_t>(row, 10),
                                  .direction = column_as<std::uint8_t>(row, 11),
                                  .card = column_as<std::uint32_t>(row, 12),
                                  .reason = column_as<std::uint8_t>(row, 13),
                                  .raw = row.column_blob(14)}});
      },
      query.site.text, ms_of(query.from), ms_of(query.to), bounded(query.limit));
  if (!read) return std::move(read.error());
  return rows;
}

Result<std::vector<PatrolScanRow>> SqliteStore::patrol_scans(const ListQuery& query) {
  std::vector<PatrolScanRow> rows;
  auto read = each(
      "SELECT l.gateway, p.seq, p.reader, p.scanned_at_ms, p.code"
      " FROM patrol_scan p JOIN site s USING (site_no) JOIN log l USING (site_no, log_no)"
      " WHERE s.site = ?1 AND p.scanned_at_ms >= ?2 AND p.scanned_at_ms < ?3"
      " ORDER BY p.scanned_at_ms DESC, p.log_no DESC, p.seq DESC LIMIT ?4",
      [&](const Statement& row) {
        rows.push_back({GatewayId{row.column_text(0)},
                        column_seq(row, 1),
                        {ReaderId{row.column_text(2)}, column_instant(row, 3), row.column_text(4)}});
      },
      query.site.text, ms_of(query.from), ms_of(query.to), bounded(query.limit));
  if (!read) return std::move(read.error());
  return rows;
}

Result<std::vector<EdgeEventRow>> SqliteStore::edge_events(const ListQuery& query) {
  std::vector<EdgeEventRow> rows;
  auto read = each(
      "SELECT l.gateway, e.seq, e.at_ms, e.kind, e.subject, e.detail"
      " FROM edge_event e JOIN site s USING (site_no) JOIN log l USING (site_no, log_no)"
      " WHERE s.site = ?1 AND e.at_ms >= ?2 AND e.at_ms < ?3"
      " ORDER BY e.at_ms DESC, e.log_no DESC, e.seq DESC LIMIT ?4",
      [&](const Statement& row) {
        rows.push_back(
            {GatewayId{row.column_text(0)},
             column_seq(row, 1),
             {column_instant(row, 2), row.column_text(3), row.column_text(4), row.column_text(5)}});
      },
      query.site.text, ms_of(query.from), ms_of(query.to), bounded(query.limit));
  if (!read) return std::move(read.error());
  return rows;
}

}  // namespace steward
