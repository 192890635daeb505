#include "drivers/sim/estate_csv.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "contract/text/csv.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace steward;
using namespace steward::sim;

namespace {

constexpr LedgerRange june{std::chrono::year{2026} / 6 / 1, std::chrono::year{2026} / 7 / 1};

std::map<std::string, std::string> by_name(const std::vector<NamedText>& files) {
  std::map<std::string, std::string> texts;
  for (const NamedText& file : files) texts[file.name] = file.text;
  return texts;
}

CsvTable table(const std::map<std::string, std::string>& files, const std::string& name,
               std::vector<std::string_view> columns) {
  Problems problems;
  CsvTable read = read_csv(name, files.at(name), columns, {}, problems);
  CHECK_MESSAGE(problems.empty(), name, ": ", problems.empty() ? "" : problems.front().en);
  return read;
}

}  // namespace

TEST_SUITE("sim/estate_csv") {
  TEST_CASE("each file of the estate has the columns the import asks for") {
    const EstateModel model({.seed = 1});
    const auto files = by_name(estate_files(model, june));
    CHECK(files.size() == 9);
    CHECK(
        table(files, "estate.csv", {"estate", "name", "utc_offset_minutes", "vacant_account"}).rows.size() ==
        1);
    CHECK(table(files, "nodes.csv", {"node", "parent", "kind", "name"}).rows.size() == 9);
    CHECK(table(files, "units.csv", {"unit", "node", "kind", "area_m2"}).rows.size() == 26);
    CHECK(table(files, "points.csv", {"point", "parent", "medium", "use", "unit", "tariff", "name"})
              .rows.size() == 73);
    CHECK(table(files, "installs.csv",
                {"point", "meter", "channel", "from", "to", "multiplier", "opening", "closing"})
              .rows.size() == 73);
    CHECK(table(files, "tariffs.csv", {"tariff", "medium", "valid_from", "period", "tier", "upto", "price"})
              .rows.size() == 10);
    CHECK(table(files, "pools.csv", {"pool", "point", "node", "basis", "share", "tariff", "name"})
              .rows.size() == 21);
    CHECK(table(files, "occupancies.csv", {"unit", "account", "name", "from", "to"}).rows.size() == 25);
    CHECK(table(files, "carried.csv", {"point", "year", "used"}).rows.size() == 52);
  }

  TEST_CASE("every name a file points at stands in the file it points to") {
    const auto files = by_name(estate_files(EstateModel({.seed = 2, .flats = 30}), june));
    std::map<std::string, std::set<std::string>> names;
    const auto collect = [&](const std::string& file, std::string_view column) {
      Problems problems;
      const CsvTable read = read_csv(file, files.at(file), {}, std::vector<std::string_view>{}, problems);
      for (const CsvRow& row : read.rows) names[file].insert(std::string(read.field(row, column)));
    };
    const auto pointed = [&](const std::string& file, std::string_view column, const std::string& at,
                             bool may_be_empty) {
      Problems problems;
      const CsvTable read = read_csv(file, files.at(file), {}, std::vector<std::string_view>{}, problems);
      std::size_t dangling = 0;
      for (const CsvRow& row : read.rows) {
        const std::string name(read.field(row, column));
        if (name.empty() ? !may_be_empty : !names[at].contains(name)) ++dangling;
      }
      CHECK_MESSAGE(dangling == 0, file, " ", column);
      CHECK_FALSE(read.rows.empty());
    };
    collect("nodes.csv", "node");
    collect("units.csv", "unit");
    collect("points.csv", "point");
    collect("tariffs.csv", "tariff");
    pointed("nodes.csv", "parent", "nodes.csv", true);
    pointed("units.csv", "node", "nodes.csv", false);
    pointed("points.csv", "parent", "points.csv", true);
    pointed("points.csv", "unit", "units.csv", true);
    pointed("points.csv", "tariff", "tariffs.csv", true);
    pointed("installs.csv", "point", "points.csv", false);
    pointed("pools.csv", "point", "points.csv", false);
    pointed("pools.csv", "node", "nodes.csv", false);
    pointed("pools.csv", "tariff", "tariffs.csv", false);
    pointed("occupancies.csv", "unit", "units.csv", false);
    pointed("carried.csv", "point", "points.csv", false);
  }

  TEST_CASE("the ledger holds every dial at every midnight, in the model's own numbers") {
    const EstateModel model({.seed = 3});
    const auto files = by_name(ledger_files(model, june));
    const CsvTable ledger = table(files, "ledger.csv", {"meter", "channel", "at_ms", "count"});
    CHECK(ledger.rows.size() == 73U * 31U);
    std::size_t wrong = 0;
    for (const CsvRow& row : ledger.rows) {
      const auto meter = model.find(ledger.field(row, "meter"));
      REQUIRE(meter >= 0);
      const Instant at = instant_from_ms(std::stoll(std::string(ledger.field(row, "at_ms"))));
      if (model.dial_at(static_cast<std::size_t>(meter), at) !=
          std::stoll(std::string(ledger.field(row, "count")))) {
        ++wrong;
      }
    }
    CHECK(wrong == 0);
  }

  TEST_CASE("what the registers say is what flowed, to within one step of the register") {
    const EstateModel model({.seed = 4});
    const auto files = by_name(ledger_files(model, june));
    const CsvTable usage = table(files, "ledger_usage.csv", {"month", "point", "used", "flowed"});
    REQUIRE(usage.rows.size() == 73);
    for (std::size_t i = 0; i < usage.rows.size(); ++i) {
      const MeterPlan& meter = model.plan().meters[i];
      const std::int64_t used = std::stoll(std::string(usage.field(usage.rows[i], "used")));
      const std::int64_t flowed = std::stoll(std::string(usage.field(usage.rows[i], "flowed")));
      REQUIRE(std::abs(used - flowed) < register_step(meter.model) * meter.multiplier);
    }
  }

  TEST_CASE("closing readings are written for the first of each month, both ends included") {
    const EstateModel model({.seed = 5});
    const std::map<std::string, std::string> files{{"readings.csv", readings_file(model, june).text}};
    const CsvTable readings = table(files, "readings.csv", {"meter", "channel", "at", "value", "source"});
    REQUIRE(readings.rows.size() == 73U * 2U);
    CHECK(readings.field(readings.rows.front(), "at") == "2026-06-01");
    CHECK(readings.field(readings.rows.back(), "at") == "2026-07-01");
  }

  TEST_CASE("one seed gives the same bytes, another seed others") {
    const auto once = by_name(estate_files(EstateModel({.seed = 6}), june));
    const auto again = by_name(estate_files(EstateModel({.seed = 6}), june));
    const auto other = by_name(estate_files(EstateModel({.seed = 7}), june));
    CHECK(once == again);
    CHECK(once.at("carried.csv") != other.at("carried.csv"));
    CHECK(once.at("tariffs.csv") == other.at("tariffs.csv"));
  }

  TEST_CASE("files are written whole and no scratch is left behind") {
    const TemporaryFolder folder;
    const std::string path = (folder.path() / "deep" / "estate").string();
    REQUIRE(write_files(path, {{"a.csv", "x,y\n1,2\n"}}));
    REQUIRE(write_files(path, {{"a.csv", "x,y\n3,4\n"}}));
    std::ifstream in(path + "/a.csv", std::ios::binary);
    CHECK(std::string(std::istreambuf_iterator<char>(in), {}) == "x,y\n3,4\n");
    CHECK(std::distance(std::filesystem::directory_iterator(path), std::filesystem::directory_iterator{}) ==
          1);
  }

  TEST_CASE("a folder that cannot be made is a fault that names it") {
    const TemporaryFolder folder;
    std::ofstream((folder.path() / "file").string()) << "in the way";
    const auto written = write_files((folder.path() / "file" / "estate").string(), {{"a.csv", ""}});
    REQUIRE_FALSE(written);
    CHECK(written.error().fault == Fault::broken);
    CHECK(written.error().message.find("file/estate") != std::string::npos);
  }
}
