#include <doctest/doctest.h>
#include <sys/stat.h>

#include <array>
#include <fstream>

#include "kit/sqlite/database.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace steward;

namespace {
Database open(const TemporaryFolder& folder) {
  auto database = Database::open(folder.path() / "test.db");
  REQUIRE(database);
  return std::move(*database);
}
}  // namespace

TEST_SUITE("kit/sqlite") {
  TEST_CASE("what is bound comes back: integers, text, bytes, null, and empty is not null") {
    const TemporaryFolder folder;
    auto database = open(folder);
    REQUIRE(database.execute("CREATE TABLE t(a, b, c, d, e)"));
    auto insert = database.prepare("INSERT INTO t VALUES(?,?,?,?,?)");
    REQUIRE(insert);
    const std::array<std::uint8_t, 3> bytes{0, 255, 7};
    REQUIRE(insert->run(std::int64_t{-9'000'000'000}, "电表", bytes, nullptr, std::string_view()));
    auto select = database.prepare("SELECT a, b, c, d, e FROM t");
    REQUIRE(select);
    REQUIRE(*select->step());
    CHECK(select->column_int(0) == -9'000'000'000);
    CHECK(select->column_text(1) == "电表");
    CHECK(select->column_blob(2) == std::vector<std::uint8_t>{0, 255, 7});
    CHECK(select->column_is_null(3));
    CHECK_FALSE(select->column_is_null(4));
    CHECK_FALSE(*select->step());
  }

  TEST_CASE("a transaction that is not committed leaves nothing") {
    const TemporaryFolder folder;
    auto database = open(folder);
    REQUIRE(database.execute("CREATE TABLE t(a)"));
    {
      auto transaction = Transaction::begin(database);
      REQUIRE(transaction);
      REQUIRE(database.execute("INSERT INTO t VALUES(1)"));
    }
    CHECK(*database.query_int("SELECT count(*) FROM t") == 0);
    auto transaction = Transaction::begin(database);
    REQUIRE(database.execute("INSERT INTO t VALUES(1)"));
    REQUIRE(transaction->commit());
    CHECK(*database.query_int("SELECT count(*) FROM t") == 1);
  }

  TEST_CASE("the file is safe against a power cut and closed to others") {
    const TemporaryFolder folder;
    auto database = open(folder);
    CHECK(*database.query_int("PRAGMA synchronous") == 2);  // FULL
    auto mode = database.prepare("PRAGMA journal_mode");
    REQUIRE(*mode->step());
    CHECK(mode->column_text(0) == "wal");
    struct stat about = {};
    REQUIRE(::stat((folder.path() / "test.db").c_str(), &about) == 0);
    CHECK((about.st_mode & 0777) == 0600);
  }

  TEST_CASE("faults say what the caller can do") {
    const TemporaryFolder folder;
    auto database = open(folder);
    REQUIRE(database.execute("CREATE TABLE t(a PRIMARY KEY); INSERT INTO t VALUES(1)"));
    auto insert = database.prepare("INSERT INTO t VALUES(?)");
    CHECK(insert->run(1).error().fault == Fault::refused);
    CHECK(insert->run(2));
    CHECK(database.prepare("SELECT nonsense").error().fault == Fault::broken);
    REQUIRE(database.execute("PRAGMA max_page_count=2"));
    CHECK(database.execute("CREATE TABLE u AS SELECT zeroblob(100000)").error().fault == Fault::full);
    std::ofstream(folder.path() / "not.db") << std::string(5000, 'x');
    CHECK(Database::open(folder.path() / "not.db").error().fault == Fault::broken);
    CHECK(Database::open(folder.path() / "absent" / "x.db").error().fault == Fault::broken);
  }

  TEST_CASE("a second writer is told to retry") {
    const TemporaryFolder folder;
    auto first = open(folder);
    auto second = Database::open(folder.path() / "test.db", {.busy_timeout_ms = 0});
    REQUIRE(second);
    auto held = Transaction::begin(first);
    REQUIRE(held);
    CHECK(Transaction::begin(*second).error().fault == Fault::retry);
  }

  TEST_CASE("migrations run once, in order, and a newer file is refused") {
    const TemporaryFolder folder;
    auto database = open(folder);
    const std::array<Migration, 2> steps{Migration{1, "CREATE TABLE a(x)"},
                                         Migration{2, "ALTER TABLE a ADD y"}};
    REQUIRE(migrate(database, std::span(steps).first(1)));
    REQUIRE(migrate(database, steps));
    REQUIRE(migrate(database, steps));
    CHECK(*database.query_int("PRAGMA user_version") == 2);
    CHECK(migrate(database, std::span(steps).first(1)).error().fault == Fault::refused);
  }

  TEST_CASE("a migration that fails leaves the schema as it was") {
    const TemporaryFolder folder;
    auto database = open(folder);
    const std::array<Migration, 1> bad{Migration{1, "CREATE TABLE a(x); CREATE NONSENSE"}};
    CHECK_FALSE(migrate(database, bad));
    CHECK(*database.query_int("SELECT count(*) FROM sqlite_master") == 0);
    CHECK(*database.query_int("PRAGMA user_version") == 0);
  }
}
