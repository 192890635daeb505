#pragma once
#include "cloud/store/sqlite_store.hpp"

/// The ways SqliteStore's .cpp files speak to the database. Internal.
namespace steward {

template <class... Values>
Result<void> SqliteStore::write(std::string_view sql, const Values&... values) {
  if (!in_transaction_) return {Fault::refused, "a write outside a transaction"};
  auto statement = prepared(sql);
  if (!statement) return std::move(statement.error());
  return (*statement)->run(values...);
}

template <class Row, class... Values>
Result<void> SqliteStore::each(std::string_view sql, Row&& row, const Values&... values) {
  auto statement = prepared(sql);
  if (!statement) return std::move(statement.error());
  auto bound = (*statement)->bind(values...);
  if (!bound) return bound;
  for (;;) {
    auto more = (*statement)->step();
    if (!more) return std::move(more.error());
    if (!*more) return {};
    row(**statement);
  }
}

/// A BLOB column of fixed length; zeros where it is shorter.
template <class Array>
Array fixed_bytes(const Statement& statement, int column) {
  const auto bytes = statement.column_blob(column);
  Array out{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), out.size()), out.begin());
  return out;
}

inline Instant column_instant(const Statement& statement, int column) {
  return instant_from_ms(statement.column_int(column));
}

template <class Enum>
Enum column_enum(const Statement& statement, int column) {
  return static_cast<Enum>(statement.column_int(column));
}

/// A closing record; columns in the order of the view `closing_record`.
ClosingRow read_closing(const Statement& row);

/// The rows of a query over `closing_record` with ?1 site, ?2 from, ?3 to and what else it asks for.
template <class... More>
Result<std::vector<ClosingRow>> SqliteStore::closing_rows(std::string_view sql, const SiteId& site,
                                                          Instant from, Instant to, const More&... more) {
  std::vector<ClosingRow> rows;
  auto read = each(
      sql, [&](const Statement& row) { rows.push_back(read_closing(row)); }, site.text, ms_of(from),
      ms_of(to), more...);
  if (!read) return std::move(read.error());
  return rows;
}

}  // namespace steward
