#include "kit/sqlite/database.hpp"

#include <sqlite3.h>
#include <sys/stat.h>

#include <cassert>

namespace steward {
namespace {

Fault fault_of(int code, Fault damaged) {
  switch (code & 0xFF) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return damaged;
    case SQLITE_FULL: return Fault::full;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return Fault::retry;
    case SQLITE_CONSTRAINT: return Fault::refused;
    default: return Fault::broken;
  }
}

Error error_of(sqlite3* handle, int code, std::string_view doing, Fault damaged = Fault::broken) {
  const char* detail = handle == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle);
  return {fault_of(code, damaged), std::string(doing) + ": " + detail};
}

Result<void> checked(sqlite3* handle, int code, std::string_view doing) {
  if (code == SQLITE_OK) return {};
  return error_of(handle, code, doing);
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)), damaged_(other.damaged_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  damaged_ = other.damaged_;
  return *this;
}

Statement::~Statement() { sqlite3_finalize(statement_); }

void Statement::reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  auto* handle = sqlite3_db_handle(statement_);
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_);  // its values stay until the next `bind`, which clears them
    return false;
  }
  auto error = error_of(handle, sqlite3_extended_errcode(handle), sqlite3_sql(statement_), damaged_);
  reset();
  return error;
}

Result<void> Statement::finish() {
  for (;;) {
    auto more = step();
    if (!more) return std::move(more.error());
    if (!*more) return {};
  }
}

std::int64_t Statement::column_int(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Statement::column_text(int column) const {
  const auto* text = sqlite3_column_text(statement_, column);
  const auto length = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text), length);
}

std::vector<std::uint8_t> Statement::column_blob(int column) const {
  const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  const auto length = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return bytes == nullptr ? std::vector<std::uint8_t>() : std::vector<std::uint8_t>(bytes, bytes + length);
}

bool Statement::column_is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Result<void> Statement::bind_integer(int place, std::int64_t value) {
  return checked(sqlite3_db_handle(statement_), sqlite3_bind_int64(statement_, place, value), "bind");
}

Result<void> Statement::bind_null(int place) {
  return checked(sqlite3_db_handle(statement_), sqlite3_bind_null(statement_, place), "bind");
}

Result<void> Statement::bind_text(int place, std::string_view text) {
  // A view without data would bind NULL, which is not the empty text.
  const char* data = text.data() == nullptr ? "" : text.data();
  return checked(sqlite3_db_handle(statement_),
                 sqlite3_bind_text64(statement_, place, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8),
                 "bind");
}

Result<void> Statement::bind_bytes(int place, std::span<const std::uint8_t> bytes) {
  const void* data = bytes.empty() ? static_cast<const void*>("") : bytes.data();
  return checked(sqlite3_db_handle(statement_),
                 sqlite3_bind_blob64(statement_, place, data, bytes.size(), SQLITE_TRANSIENT), "bind");
}

void Database::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

Result<Database> Database::open(const std::filesystem::path& file, const DatabaseOptions& options) {
  const int flags = (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
  Database database(handle, options.damaged);
  if (code != SQLITE_OK) return error_of(handle, code, "database " + file.string(), options.damaged);
  // The file holds what a family used: nobody else on the machine reads it.
  if (!options.read_only) ::chmod(file.c_str(), S_IRUSR | S_IWUSR);

  sqlite3_busy_timeout(handle, options.busy_timeout_ms);
  std::string settings = "PRAGMA foreign_keys=ON;";
  if (options.cache_kib > 0) settings += "PRAGMA cache_size=-" + std::to_string(options.cache_kib) + ";";
  if (!options.read_only) {
    // EXTRA for the switch to WAL: the rollback journal it deletes must not come back with a power cut
    // (tests/fault/power_cut_test.cpp): it would undo the switch, and every commit since with it.
    settings = "PRAGMA page_size=" + std::to_string(options.page_size) +
               "; PRAGMA synchronous=EXTRA; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
               " PRAGMA secure_delete=OFF;" +
               settings;
  }
  auto set = database.execute(settings).with_context("database " + file.string());
  if (!set) return std::move(set.error());
  return database;
}

Result<void> Database::execute(const std::string& sql) {
  char* detail = nullptr;
  const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, &detail);
  if (code == SQLITE_OK) return {};
  Error error{fault_of(code, damaged_), detail == nullptr ? sqlite3_errstr(code) : detail};
  sqlite3_free(detail);
  return error;
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return error_of(handle_.get(), code, sql, damaged_);
  return Statement(statement, damaged_);
}

Result<std::int64_t> Database::query_int(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::move(statement.error());
  auto row = statement->step();
  if (!row) return std::move(row.error());
  if (!*row) return Error{Fault::broken, std::string(sql) + ": no row"};
  return statement->column_int(0);
}

std::int64_t Database::changes() const { return sqlite3_changes64(handle_.get()); }

Result<Transaction> Transaction::begin(Database& database) {
  auto begun = database.execute("BEGIN IMMEDIATE");
  if (!begun) return std::move(begun.error());
  return Transaction(database);
}

Transaction::~Transaction() {
  // A rollback can only fail when SQLite has already rolled back.
  if (database_ != nullptr) (void)database_->execute("ROLLBACK");
}

Result<void> Transaction::commit() {
  assert(database_ != nullptr);
  auto committed = database_->execute("COMMIT");
  if (committed) database_ = nullptr;
  return committed;
}

Result<void> migrate(Database& database, std::span<const Migration> migrations) {
  auto version = database.query_int("PRAGMA user_version");
  if (!version) return std::move(version.error());
  const auto newest = static_cast<std::int64_t>(migrations.size());
  if (*version > newest) {
    return Error{Fault::refused, "the database is of schema " + std::to_string(*version) +
                                     ", this program knows up to " + std::to_string(newest) +
                                     "; install the newer program again"};
  }
  if (*version == newest) return {};
  // All steps in one transaction: another program that opens it now waits once, and finds it done.
  auto transaction = Transaction::begin(database);
  if (!transaction) return std::move(transaction.error());
  auto current = database.query_int("PRAGMA user_version");
  if (!current) return std::move(current.error());
  for (const auto& migration : migrations) {
    if (migration.number <= *current) continue;
    auto applied = database.execute(std::string(migration.sql))
                       .and_then([&] {
                         return database.execute("PRAGMA user_version=" + std::to_string(migration.number));
                       })
                       .with_context("schema " + std::to_string(migration.number));
    if (!applied) return applied;
  }
  return transaction->commit();
}

}  // namespace steward
