// SqliteStore: the lives of meters, and what they kept by themselves.
#include <algorithm>

#include "cloud/store/sqlite_store_calls.hpp"

namespace steward {
namespace {

constexpr std::size_t most_rows = 10'000;

Seq column_seq(const Statement& row, int column) {
  return Seq{static_cast<std::uint64_t>(row.column_int(column))};
}

Words words_of(const std::vector<std::uint8_t>& bytes) {
  Words words;
  for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) {
    words.push_back(static_cast<std::uint16_t>((bytes[at] << 8U) | bytes[at + 1]));
  }
  return words;
}

}  // namespace

Result<std::vector<MeterEventRow>> SqliteStore::meter_events(const SiteId& site) {
  std::vector<MeterEventRow> rows;
  std::map<std::int64_t, std::vector<MeterDecision>> decisions;
  auto read = each(
      "SELECT event_no, verdict, who, why, decided_ms FROM meter_event_decision"
      " WHERE site_no = (SELECT site_no FROM site WHERE site = ?1) ORDER BY event_no, place",
      [&](const Statement& row) {
        decisions[row.column_int(0)].push_back(
            {row.column_int(1) != 0, row.column_text(2), row.column_text(3), column_instant(row, 4)});
      },
      site.text);
  if (!read) return std::move(read.error());
  read = each(
      "SELECT m.event_no, l.gateway, m.seq, m.at_ms, m.kind, m.meter, m.detail"
      " FROM meter_event m JOIN log l USING (site_no, log_no)"
      " WHERE m.site_no = (SELECT site_no FROM site WHERE site = ?1) ORDER BY m.at_ms, m.event_no",
      [&](const Statement& row) {
        const auto no = row.column_int(0);
        rows.push_back({no,
                        GatewayId{row.column_text(1)},
                        column_seq(row, 2),
                        {column_instant(row, 3), row.column_text(4), row.column_text(5), row.column_text(6)},
                        decisions[no]});
      },
      site.text);
  if (!read) return std::move(read.error());
  return rows;
}

Result<void> SqliteStore::decide(const SiteId& site, std::int64_t event_no, const MeterDecision& decision) {
  auto no = site_no(site);
  if (!no) return std::move(no.error());
  auto added = write(
      "INSERT INTO meter_event_decision SELECT e.site_no, e.event_no,"
      " 1 + (SELECT count(*) FROM meter_event_decision d WHERE d.site_no = ?1 AND d.event_no = ?2), ?3, ?4, "
      "?5, ?6"
      " FROM meter_event e WHERE e.site_no = ?1 AND e.event_no = ?2"
      "  AND (SELECT count(*) FROM meter_event_decision d WHERE d.site_no = ?1 AND d.event_no = ?2) < ?7",
      *no, event_no, decision.confirmed ? 1 : 0, decision.who, decision.why, ms_of(decision.decided_at),
      max_decisions_per_event);
  if (added && database_.changes() == 0) {
    return {Fault::refused,
            "there is no meter event " + std::to_string(event_no) + ", or it has been decided too often"};
  }
  return added;
}

Result<std::vector<FallRow>> SqliteStore::falls(const SiteId& site, Instant from, Instant to) {
  std::vector<FallRow> rows;
  auto read = each(
      // The index reading_fell holds the few rows with reason 2.
      "SELECT c.meter, n.name, r.round_at_ms, r.taken_at_ms, r.value FROM reading r"
      " JOIN catalogue c ON c.site_no = r.site_no AND c.log_no = r.log_no AND c.meter_no = r.meter_no"
      "  AND c.seq = (SELECT max(m.seq) FROM catalogue m WHERE m.site_no = r.site_no AND m.log_no = r.log_no"
      "               AND m.meter_no = r.meter_no AND m.seq < r.seq)"
      " JOIN catalogue_channel n ON n.site_no = c.site_no AND n.log_no = c.log_no"
      "  AND n.meter_no = c.meter_no AND n.seq = c.seq AND n.channel_no = r.channel_no"
      " WHERE r.site_no = (SELECT site_no FROM site WHERE site = ?1) AND r.reason = 2"
      "  AND r.round_at_ms >= ?2 AND r.round_at_ms < ?3 ORDER BY r.round_at_ms, r.log_no, r.seq",
      [&](const Statement& row) {
        rows.push_back({MeterId{row.column_text(0)}, row.column_text(1), column_instant(row, 2),
                        column_instant(row, 3), row.column_int(4)});
      },
      site.text, ms_of(from), ms_of(to));
  if (!read) return std::move(read.error());
  return rows;
}

Result<std::vector<FrozenRow>> SqliteStore::frozen_readings(const ListQuery& query) {
  std::vector<FrozenRow> rows;
  auto read = each(
      "SELECT l.gateway, f.log_no, f.seq, coalesce(c.meter, ''), coalesce(n.name, ''), coalesce(n.unit, 0),"
      " f.read_at_ms, f.frozen_at_ms, f.freeze, f.meter_no, f.channel_no, f.value, f.quality, f.reason, f.raw"
      " FROM frozen_reading f JOIN site s USING (site_no) JOIN log l USING (site_no, log_no)"
      " LEFT JOIN catalogue c ON c.site_no = f.site_no AND c.log_no = f.log_no AND c.meter_no = f.meter_no"
      "  AND c.seq = (SELECT max(m.seq) FROM catalogue m WHERE m.site_no = f.site_no AND m.log_no = f.log_no"
      "               AND m.meter_no = f.meter_no AND m.seq < f.seq)"
      " LEFT JOIN catalogue_channel n ON n.site_no = c.site_no AND n.log_no = c.log_no"
      "  AND n.meter_no = c.meter_no AND n.seq = c.seq AND n.channel_no = f.channel_no"
      " WHERE s.site = ?1 AND f.read_at_ms >= ?2 AND f.read_at_ms < ?3"
      " ORDER BY f.read_at_ms DESC, f.log_no DESC, f.seq DESC LIMIT ?4",
      [&](const Statement& row) {
        rows.push_back({.gateway = GatewayId{row.column_text(0)},
                        .log_no = row.column_int(1),
                        .seq = column_seq(row, 2),
                        .meter = MeterId{row.column_text(3)},
                        .channel = row.column_text(4),
                        .unit = column_enum<ChannelUnit>(row, 5),
                        .reading = {.read_at = column_instant(row, 6),
                                    .frozen_at_ms = row.column_int(7),
                                    .freeze = column_enum<Freeze>(row, 8),
                                    .meter_no = MeterNo{static_cast<std::uint16_t>(row.column_int(9))},
                                    .channel_no = ChannelNo{static_cast<std::uint8_t>(row.column_int(10))},
                                    .value = row.column_int(11),
                                    .quality = column_enum<Quality>(row, 12),
                                    .reason = column_enum<Reason>(row, 13),
                                    .raw = words_of(row.column_blob(14))}});
      },
      query.site.text, ms_of(query.from), ms_of(query.to), std::min(query.limit, most_rows));
  if (!read) return std::move(read.error());
  return rows;
}

}  // namespace steward
