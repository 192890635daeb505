#include "edge/store/first_schema.hpp"

#include <map>
#include <string>

#include "edge/store/outbox_file.hpp"

namespace steward {

using namespace outbox_file;

namespace {

using Pairs = std::map<std::string, std::string>;

/// Two columns of text.
Result<Pairs> pairs_of(Database& database, std::string_view sql) {
  auto rows = database.prepare(sql);
  if (!rows) return std::move(rows.error());
  if (auto bound = rows->bind(); !bound) return std::move(bound.error());
  Pairs pairs;
  for (;;) {
    const auto there = rows->step();
    if (!there) return there.error();
    if (!*there) return pairs;
    pairs.emplace(rows->column_text(0), rows->column_text(1));
  }
}

std::string text_of(const Pairs& pairs, const std::string& name) {
  const auto found = pairs.find(name);
  return found == pairs.end() ? "" : found->second;
}

/// The rows of today that say the same.
Result<Pairs> rows_of(Database& database) {
  const auto meta = pairs_of(database, "SELECT name, value FROM meta");
  if (!meta) return meta.error();
  const auto marks = pairs_of(database, "SELECT name, text FROM mark");
  if (!marks) return marks.error();
  const auto acks = pairs_of(database, "SELECT CAST(stream AS TEXT), CAST(upto AS TEXT) FROM ack");
  if (!acks) return acks.error();
  Pairs rows;
  if (meta->empty()) return rows;  // a new file
  rows[std::string(owner_row)] = text_of(*meta, "owner");
  rows[epoch_row(0)] = text_of(*meta, "epoch");
  if (meta->contains("store"))
    rows[std::string(cloud_row)] = text_of(*meta, "store") + " " + text_of(*meta, "store_at_ms");
  for (const auto& [name, text] : *marks) rows[std::string(mark_prefix) + name] = text;
  if (const auto key = text_of(*marks, "block_key"); !key.empty()) rows[std::string(keys_row)] = key;
  for (const auto stream : all_streams) {
    const auto first = database.query_int("SELECT coalesce(min(place), 1) FROM " + table(stream));
    if (!first) return first.error();
    const auto acked = text_of(*acks, std::to_string(at(stream)));
    rows[log_row(0, stream)] = (acked.empty() ? "0" : acked) + " " + std::to_string(*first - 1);
  }
  return rows;
}

}  // namespace

Result<void> convert_first_schema(Database& database, KeptRows& kept) {
  const auto old = database.query_int("SELECT count(*) FROM sqlite_schema WHERE name = 'meta'");
  if (!old) return old.error();
  if (*old == 0) return {};
  auto transaction = Transaction::begin(database);
  if (!transaction) return std::move(transaction.error());
  const auto rows = rows_of(database);
  if (!rows) return rows.error();
  for (const auto& [name, text] : *rows) {
    if (auto put = kept.put(name, text); !put) return put;
  }
  return database.execute("DROP TABLE meta; DROP TABLE mark; DROP TABLE ack;").and_then([&] {
    return transaction->commit();
  });
}

}  // namespace steward
