#pragma once
#include "cloud/store/sqlite_store.hpp"

/// The two ways SqliteStore's four .cpp files speak to the database. Internal.
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

}  // namespace steward
