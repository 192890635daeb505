// SqliteStore: who may send, by which keys and certificates.
#include "cloud/store/sqlite_store_calls.hpp"

namespace steward {
namespace {

GatewayRow read_gateway(const Statement& row) {
  GatewayRow gateway{.site = SiteId{row.column_text(0)},
                     .gateway = GatewayId{row.column_text(1)},
                     .block_key = fixed_bytes<PublicKey>(row, 2),
                     .enrolled_at = column_instant(row, 3)};
  if (!row.column_is_null(4)) gateway.next_key = fixed_bytes<PublicKey>(row, 4);
  if (!row.column_is_null(5)) gateway.revoked_at = column_instant(row, 5);
  gateway.revoked_why = row.column_text(6);
  return gateway;
}

}  // namespace

Result<void> SqliteStore::put_gateway(const GatewayRow& row) {
  auto no = site_no(row.site);
  if (!no) return std::move(no.error());
  const Bytes next = row.next_key ? Bytes(row.next_key->begin(), row.next_key->end()) : Bytes();
  return write(
      "INSERT INTO gateway (site_no, gateway, block_key, enrolled_ms, next_key, revoked_ms, revoked_why)"
      " VALUES (?1, ?2, ?3, ?4, nullif(?5, x''), nullif(?6, 0), ?7)"
      " ON CONFLICT DO UPDATE SET block_key = excluded.block_key, enrolled_ms = excluded.enrolled_ms,"
      " next_key = excluded.next_key, revoked_ms = excluded.revoked_ms, revoked_why = excluded.revoked_why",
      *no, row.gateway.text, row.block_key, ms_of(row.enrolled_at), next,
      row.revoked_at ? ms_of(*row.revoked_at) : 0, row.revoked_why);
}

Result<std::optional<GatewayRow>> SqliteStore::gateway(const SiteId& site, const GatewayId& gateway) {
  std::optional<GatewayRow> found;
  auto read = each(
      "SELECT s.site, g.gateway, g.block_key, g.enrolled_ms, g.next_key, g.revoked_ms, g.revoked_why"
      " FROM gateway g JOIN site s USING (site_no) WHERE s.site = ?1 AND g.gateway = ?2",
      [&](const Statement& row) { found = read_gateway(row); }, site.text, gateway.text);
  if (!read) return std::move(read.error());
  return found;
}

Result<std::vector<GatewayRow>> SqliteStore::gateways() {
  std::vector<GatewayRow> rows;
  auto read = each(
      "SELECT s.site, g.gateway, g.block_key, g.enrolled_ms, g.next_key, g.revoked_ms, g.revoked_why"
      " FROM gateway g JOIN site s USING (site_no) ORDER BY s.site, g.gateway",
      [&](const Statement& row) { rows.push_back(read_gateway(row)); });
  if (!read) return std::move(read.error());
  return rows;
}

Result<void> SqliteStore::add_former_key(const SiteId& site, const GatewayId& gateway, const FormerKey& key) {
  auto no = site_no(site);
  if (!no) return std::move(no.error());
  return write("INSERT INTO former_key VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING", *no,
               gateway.text, key.epoch, static_cast<int>(key.stream), key.last.value, key.block_key);
}

Result<std::vector<FormerKey>> SqliteStore::former_keys(const SiteId& site, const GatewayId& gateway) {
  std::vector<FormerKey> rows;
  auto read = each(
      "SELECT f.epoch, f.stream, f.last, f.block_key FROM former_key f JOIN site s USING (site_no)"
      " WHERE s.site = ?1 AND f.gateway = ?2 ORDER BY f.epoch, f.stream, f.last",
      [&](const Statement& row) {
        rows.push_back({fixed_bytes<Uuid>(row, 0), column_enum<Stream>(row, 1),
                        Seq{static_cast<std::uint64_t>(row.column_int(2))}, fixed_bytes<PublicKey>(row, 3)});
      },
      site.text, gateway.text);
  if (!read) return std::move(read.error());
  return rows;
}

Result<void> SqliteStore::put_certificate(const CertificateRow& row) {
  auto no = site_no(row.site);
  if (!no) return std::move(no.error());
  return write(
      "INSERT INTO gateway_certificate VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
      " ON CONFLICT DO UPDATE SET revoked = excluded.revoked",
      *no, row.gateway.text, row.serial, ms_of(row.issued_at), ms_of(row.ends_at), row.revoked ? 1 : 0);
}

Result<std::vector<CertificateRow>> SqliteStore::certificates() {
  std::vector<CertificateRow> rows;
  auto read = each(
      "SELECT s.site, c.gateway, c.serial, c.issued_ms, c.ends_ms, c.revoked FROM gateway_certificate c"
      " JOIN site s USING (site_no) ORDER BY s.site, c.gateway, c.issued_ms, c.serial",
      [&](const Statement& row) {
        rows.push_back({SiteId{row.column_text(0)}, GatewayId{row.column_text(1)}, row.column_text(2),
                        column_instant(row, 3), column_instant(row, 4), row.column_int(5) != 0});
      });
  if (!read) return std::move(read.error());
  return rows;
}

}  // namespace steward
