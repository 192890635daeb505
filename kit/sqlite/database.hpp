#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "contract/nouns/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace steward {

/// How a database file is opened.
struct DatabaseOptions {
  bool read_only = false;
  int page_size = 4096;           // applies when the file is made; the outbox uses 1024
  int cache_kib = 0;              // pages kept in memory; 0: SQLite's own 2 MiB
  int busy_timeout_ms = 5000;     // how long a statement waits for another process's lock
  Fault damaged = Fault::broken;  // what a file that is no sound database is to the caller
};

/// One prepared statement. `run` binds, executes to the end and resets.
///
/// Values are bound in order: integers (int64), text, bytes, nullptr.
/// Thread: the one of its Database. Lifetime: must not outlive its Database.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  /// Binds `values` and executes; rows, if any, are thrown away.
  /// Faults: full (disk full), retry (locked), refused (a constraint), broken, and the options' `damaged`.
  template <class... Values>
  Result<void> run(const Values&... values) {
    return bind(values...).and_then([&] { return finish(); });
  }

  /// Binds `values` and stands before the first row: then `step`, `column_*`.
  template <class... Values>
  Result<void> bind(const Values&... values) {
    reset();
    int place = 0;
    Result<void> bound;
    (void)((bound = bind_one(++place, values), static_cast<bool>(bound)) && ...);
    return bound;
  }

  /// True when a row is there to be read; false after the last, and resets then.
  Result<bool> step();

  std::int64_t column_int(int column) const;
  std::string column_text(int column) const;
  std::vector<std::uint8_t> column_blob(int column) const;
  bool column_is_null(int column) const;

  /// Lets go of the rows and of the read lock they hold.
  void reset();

 private:
  friend class Database;
  Statement(sqlite3_stmt* statement, Fault damaged) : statement_(statement), damaged_(damaged) {}

  template <class Int>
    requires std::is_integral_v<Int>
  Result<void> bind_one(int place, Int value) {
    return bind_integer(place, static_cast<std::int64_t>(value));
  }
  Result<void> bind_one(int place, std::nullptr_t) { return bind_null(place); }
  Result<void> bind_one(int place, const char* text) { return bind_text(place, text); }
  Result<void> bind_one(int place, const std::string& text) { return bind_text(place, text); }
  Result<void> bind_one(int place, std::string_view text) { return bind_text(place, text); }
  template <class Bytes>
    requires std::is_convertible_v<const Bytes&, std::span<const std::uint8_t>>
  Result<void> bind_one(int place, const Bytes& bytes) {
    return bind_bytes(place, std::span<const std::uint8_t>(bytes));
  }
  Result<void> bind_integer(int place, std::int64_t value);
  Result<void> bind_null(int place);
  Result<void> bind_text(int place, std::string_view text);
  Result<void> bind_bytes(int place, std::span<const std::uint8_t> bytes);
  Result<void> finish();

  sqlite3_stmt* statement_ = nullptr;
  Fault damaged_ = Fault::broken;
};

/// One connection to one SQLite file: WAL, synchronous=FULL, foreign keys on.
///
/// A commit that returned survives a power cut (sqlite.org/pragma.html#pragma_synchronous).
/// Thread: one at a time, the one that owns it.
class Database {
 public:
  /// Opens or makes `file` (mode 0600). Faults: broken (detail quotes SQLite), full, retry.
  static Result<Database> open(const std::filesystem::path& file, const DatabaseOptions& options = {});
  Database(Database&&) noexcept = default;
  Database& operator=(Database&&) noexcept = default;

  /// Runs one or more statements without values.
  Result<void> execute(const std::string& sql);
  Result<Statement> prepare(std::string_view sql);
  /// The first column of the first row of a query that always has one.
  Result<std::int64_t> query_int(std::string_view sql);

  /// Rows changed by the last statement.
  std::int64_t changes() const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  Database(sqlite3* handle, Fault damaged) : handle_(handle), damaged_(damaged) {}

  std::unique_ptr<sqlite3, Close> handle_;
  Fault damaged_ = Fault::broken;
};

/// All or nothing: what is not committed when this goes is rolled back.
class Transaction {
 public:
  /// Takes the write lock at once (BEGIN IMMEDIATE), so it cannot fail half way on it.
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  /// On disk when this returns without a fault. Faults: full, retry, broken.
  Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

/// One numbered step of a schema, applied once and in order.
struct Migration {
  int number = 0;        // from 1, without gaps
  std::string_view sql;  // one or more statements
};

/// Brings the file's schema (PRAGMA user_version) up to the last migration, each
/// in a transaction of its own. Faults: refused (the file is newer than this program).
Result<void> migrate(Database& database, std::span<const Migration> migrations);

}  // namespace steward
