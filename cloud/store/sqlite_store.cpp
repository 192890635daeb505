#include "cloud/store/sqlite_store.hpp"

#include <algorithm>

#include "cloud/store/migrations.hpp"
#include "cloud/store/sqlite_store_calls.hpp"

namespace steward {
namespace {

// Another program's longest transaction is an import or a month's close: seconds.
constexpr int busy_timeout_ms = 10'000;

}  // namespace

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::filesystem::path& file, const Uuid& fresh) {
  auto database = Database::open(file, {.busy_timeout_ms = busy_timeout_ms});
  if (!database) return std::move(database.error());
  if (auto migrated = migrate(*database, store_migrations()); !migrated) return std::move(migrated.error());
  auto store = std::unique_ptr<SqliteStore>(new SqliteStore(std::move(*database)));
  auto named = store->transact([&] {
    return store->write("INSERT INTO store_identity VALUES (1, ?1) ON CONFLICT DO NOTHING", fresh);
  });
  if (!named) return std::move(named.error());
  return store;
}

Result<Statement*> SqliteStore::prepared(std::string_view sql) {
  if (auto found = statements_.find(sql); found != statements_.end()) return &found->second;
  auto statement = database_.prepare(sql);
  if (!statement) return std::move(statement.error());
  return &statements_.emplace(sql, std::move(*statement)).first->second;
}

Result<void> SqliteStore::transact(const std::function<Result<void>()>& body) {
  if (in_transaction_) return {Fault::refused, "a transaction inside a transaction"};
  auto transaction = Transaction::begin(database_);
  if (!transaction) return std::move(transaction.error());
  in_transaction_ = true;
  auto done = body();
  in_transaction_ = false;
  if (!done) return done;
  return transaction->commit();
}

Result<Uuid> SqliteStore::identity() {
  Uuid identity{};
  auto read = each("SELECT identity FROM store_identity",
                   [&](const Statement& row) { identity = fixed_bytes<Uuid>(row, 0); });
  if (!read) return std::move(read.error());
  return identity;
}

Result<void> SqliteStore::renew_identity(const Uuid& fresh) {
  return write("UPDATE store_identity SET identity = ?1", fresh);
}

Result<StoreCounts> SqliteStore::counts(const SiteId& site) {
  StoreCounts counts;
  auto no = site_no(site);
  if (!no) return std::move(no.error());
  // A block's range says how many readings it holds; counting the large table would read all of it.
  auto read = each(
      "SELECT (SELECT count(*) FROM block WHERE site_no = ?1),"
      " (SELECT coalesce(sum(last - first + 1), 0) FROM block WHERE site_no = ?1 AND kind = 0),"
      " (SELECT count(*) FROM closing WHERE site_no = ?1), (SELECT count(*) FROM door_event WHERE site_no = "
      "?1),"
      " (SELECT count(*) FROM patrol_scan WHERE site_no = ?1), (SELECT count(*) FROM edge_event WHERE "
      "site_no = ?1),"
      " (SELECT count(*) FROM hole WHERE site_no = ?1), (SELECT count(*) FROM set_aside WHERE site_no = ?1)",
      [&](const Statement& row) {
        counts = {row.column_int(0), row.column_int(1), row.column_int(2), row.column_int(3),
                  row.column_int(4), row.column_int(5), row.column_int(6), row.column_int(7)};
      },
      *no);
  if (!read) return std::move(read.error());
  return counts;
}

/// The site's short name; inside a transaction an unknown site gets one, outside it is 0, which no row has.
Result<std::int64_t> SqliteStore::site_no(const SiteId& site) {
  if (in_transaction_) {
    auto made = write("INSERT INTO site (site) VALUES (?1) ON CONFLICT DO NOTHING", site.text);
    if (!made) return std::move(made.error());
  }
  std::int64_t no = 0;
  auto read = each(
      "SELECT site_no FROM site WHERE site = ?1", [&](const Statement& row) { no = row.column_int(0); },
      site.text);
  if (!read) return std::move(read.error());
  return no;
}

Result<void> SqliteStore::put_state(const GatewayStateRow& row) {
  auto no = site_no(row.site);
  if (!no) return std::move(no.error());
  return write(
      "INSERT INTO gateway_state VALUES (?1, ?2, ?3, ?4)"
      " ON CONFLICT DO UPDATE SET received_ms = excluded.received_ms, json = excluded.json",
      *no, row.gateway.text, ms_of(row.received_at), row.json);
}

Result<std::vector<GatewayStateRow>> SqliteStore::states() {
  std::vector<GatewayStateRow> rows;
  auto read = each(
      "SELECT s.site, g.gateway, g.received_ms, g.json FROM gateway_state g JOIN site s USING (site_no)"
      " ORDER BY s.site, g.gateway",
      [&](const Statement& row) {
        rows.push_back({SiteId{row.column_text(0)}, GatewayId{row.column_text(1)}, column_instant(row, 2),
                        row.column_text(3)});
      });
  if (!read) return std::move(read.error());
  return rows;
}

}  // namespace steward
