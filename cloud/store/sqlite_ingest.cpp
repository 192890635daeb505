// SqliteStore: what admission needs.
#include <algorithm>

#include "cloud/store/sqlite_store_calls.hpp"

namespace steward {
namespace {

AdmissionMark read_mark(const Statement& row, int from) {
  return {.site_no = row.column_int(from),
          .log_no = row.column_int(from + 1),
          .upto = Seq{static_cast<std::uint64_t>(row.column_int(from + 2))},
          .last_hash = fixed_bytes<Digest>(row, from + 3),
          .link_known = row.column_int(from + 4) != 0,
          .forked = row.column_int(from + 5) != 0};
}

Seq column_seq(const Statement& row, int column) {
  return Seq{static_cast<std::uint64_t>(row.column_int(column))};
}

}  // namespace

Result<AdmissionMark> SqliteStore::lock_log(const LogId& log) {
  // The write lock of the transaction is the row's lock here; PostgreSQL takes FOR UPDATE.
  if (!in_transaction_) return Error{Fault::refused, "a write outside a transaction"};
  AdmissionMark mark;
  const auto look = [&] {
    return each(
        "SELECT l.site_no, l.log_no, l.upto, l.last_hash, l.link_known, l.forked FROM site s JOIN log l "
        "USING "
        "(site_no) WHERE s.site = ?1 AND l.gateway = ?2 AND l.epoch = ?3 AND l.stream = ?4",
        [&](const Statement& row) { mark = read_mark(row, 0); }, log.site.text, log.gateway.text, log.epoch,
        static_cast<int>(log.stream));
  };
  auto read = look();
  if (!read) return std::move(read.error());
  if (mark.log_no != 0) return mark;
  auto made = site_no(log.site);
  if (!made) return std::move(made.error());
  read = write(
             "INSERT INTO log (site_no, log_no, gateway, epoch, stream, last_hash)"
             " SELECT ?1, coalesce(max(log_no), 0) + 1, ?2, ?3, ?4, zeroblob(32) FROM log",
             *made, log.gateway.text, log.epoch, static_cast<int>(log.stream))
             .and_then(look);
  if (!read) return std::move(read.error());
  return mark;
}

Result<std::optional<BlockMark>> SqliteStore::block_at(const AdmissionMark& mark, Seq seq) {
  std::optional<BlockMark> found;
  auto read = each(
      "SELECT first, last, hash FROM block WHERE site_no = ?1 AND log_no = ?2 AND first <= ?3"
      " ORDER BY first DESC LIMIT 1",
      [&](const Statement& row) {
        const BlockMark block{column_seq(row, 0), column_seq(row, 1), fixed_bytes<Digest>(row, 2)};
        if (seq <= block.last) found = block;
      },
      mark.site_no, mark.log_no, seq.value);
  if (!read) return std::move(read.error());
  return found;
}

Result<void> SqliteStore::mark_forked(const AdmissionMark& mark) {
  return write("UPDATE log SET forked = 1 WHERE site_no = ?1 AND log_no = ?2", mark.site_no, mark.log_no);
}

Result<bool> SqliteStore::set_aside(const SetAside& evidence) {
  auto no = site_no(evidence.site);
  if (!no) return std::move(no.error());
  auto kept = write(
      "INSERT INTO set_aside SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11"
      " WHERE (SELECT count(*) FROM set_aside WHERE site_no = ?1 AND gateway = ?2) < ?12"
      " ON CONFLICT DO NOTHING",
      *no, evidence.gateway.text, evidence.hash, evidence.cause, evidence.detail, evidence.epoch,
      static_cast<int>(evidence.stream), evidence.first.value, evidence.last.value,
      ms_of(evidence.received_at), evidence.bytes, max_set_aside_per_gateway);
  if (!kept) return std::move(kept.error());
  return database_.changes() > 0;
}

Result<std::vector<SetAside>> SqliteStore::set_asides(const SiteId& site) {
  std::vector<SetAside> rows;
  auto read = each(
      "SELECT s.site, a.gateway, a.cause, a.detail, a.epoch, a.stream, a.first, a.last, a.hash, "
      "a.received_ms,"
      " a.bytes FROM set_aside a JOIN site s USING (site_no) WHERE s.site = ?1 ORDER BY a.received_ms, "
      "a.hash",
      [&](const Statement& row) {
        rows.push_back({.site = SiteId{row.column_text(0)},
                        .gateway = GatewayId{row.column_text(1)},
                        .cause = row.column_text(2),
                        .detail = row.column_text(3),
                        .epoch = fixed_bytes<Uuid>(row, 4),
                        .stream = column_enum<Stream>(row, 5),
                        .first = column_seq(row, 6),
                        .last = column_seq(row, 7),
                        .hash = fixed_bytes<Digest>(row, 8),
                        .received_at = column_instant(row, 9),
                        .bytes = row.column_blob(10)});
      },
      site.text);
  if (!read) return std::move(read.error());
  return rows;
}

Result<void> SqliteStore::raise(const AlarmRow& alarm) {
  return write(
      "INSERT INTO alarm VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
      " ON CONFLICT DO UPDATE SET detail = excluded.detail, last_ms = excluded.last_ms,"
      " count = count + excluded.count",
      alarm.site.text, alarm.subject, alarm.kind, alarm.detail, ms_of(alarm.first_at), ms_of(alarm.last_at),
      alarm.count);
}

Result<std::vector<AlarmRow>> SqliteStore::alarms() {
  std::vector<AlarmRow> rows;
  auto read = each(
      "SELECT site, subject, kind, detail, first_ms, last_ms, count FROM alarm"
      " ORDER BY last_ms DESC, site, subject, kind",
      [&](const Statement& row) {
        rows.push_back({SiteId{row.column_text(0)}, row.column_text(1), row.column_text(2),
                        row.column_text(3), column_instant(row, 4), column_instant(row, 5),
                        row.column_int(6)});
      });
  if (!read) return std::move(read.error());
  return rows;
}

Result<std::vector<std::pair<LogId, AdmissionMark>>> SqliteStore::logs(const SiteId& site,
                                                                       const GatewayId& gateway,
                                                                       std::size_t limit) {
  std::vector<std::pair<LogId, AdmissionMark>> rows;
  auto read = each(
      "SELECT l.epoch, l.stream, l.site_no, l.log_no, l.upto, l.last_hash, l.link_known, l.forked"
      " FROM log l JOIN site s USING (site_no) WHERE s.site = ?1 AND l.gateway = ?2"
      " ORDER BY l.log_no DESC LIMIT ?3",
      [&](const Statement& row) {
        rows.emplace_back(LogId{site, gateway, fixed_bytes<Uuid>(row, 0), column_enum<Stream>(row, 1)},
                          read_mark(row, 2));
      },
      site.text, gateway.text, limit);
  if (!read) return std::move(read.error());
  return rows;
}

Result<std::vector<std::uint8_t>> SqliteStore::block_bytes(const LogId& log, Seq first) {
  std::optional<std::vector<std::uint8_t>> bytes;
  auto read = each(
      "SELECT e.bytes FROM site s JOIN log l USING (site_no) JOIN block b USING (site_no, log_no)"
      " JOIN block_bytes e USING (block_no)"
      " WHERE s.site = ?1 AND l.gateway = ?2 AND l.epoch = ?3 AND l.stream = ?4 AND b.first = ?5",
      [&](const Statement& row) { bytes = row.column_blob(0); }, log.site.text, log.gateway.text, log.epoch,
      static_cast<int>(log.stream), first.value);
  if (!read) return std::move(read.error());
  if (!bytes) return Error{Fault::implausible, "no block begins at " + std::to_string(first.value)};
  return std::move(*bytes);
}

Result<void> SqliteStore::each_block(const BlockQuery& query,
                                     const std::function<Result<void>(const Bytes&)>& take) {
  auto statement = prepared(
      "SELECT e.bytes FROM site s JOIN log l USING (site_no) JOIN block b USING (site_no, log_no)"
      " JOIN block_bytes e USING (block_no)"
      " WHERE s.site = ?1 AND l.gateway = ?2 AND (?3 IS NULL OR l.stream = ?3) AND b.first BETWEEN"
      " (SELECT min(x.first) FROM block x WHERE x.site_no = l.site_no AND x.log_no = l.log_no"
      "   AND x.ends_ms >= ?4) AND"
      " (SELECT max(x.first) FROM block x WHERE x.site_no = l.site_no AND x.log_no = l.log_no"
      "   AND x.begins_ms < ?5)"
      " ORDER BY l.log_no, b.first");
  if (!statement) return std::move(statement.error());
  Statement& rows = **statement;
  auto bound = query.stream ? rows.bind(query.site.text, query.gateway.text, static_cast<int>(*query.stream),
                                        ms_of(query.from), ms_of(query.to))
                            : rows.bind(query.site.text, query.gateway.text, nullptr, ms_of(query.from),
                                        ms_of(query.to));
  if (!bound) return bound;
  for (;;) {
    auto more = rows.step();
    if (!more) return std::move(more.error());
    if (!*more) return {};
    if (auto taken = take(rows.column_blob(0)); !taken) {
      rows.reset();
      return taken;
    }
  }
}

}  // namespace steward
