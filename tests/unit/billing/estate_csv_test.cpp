#include "cloud/metering/estate_csv.hpp"

#include <algorithm>

#include "contract/text/instant_text.hpp"
#include "tests/unit/billing/estate_kit.hpp"

using namespace steward;
using namespace steward::test;

namespace {

/// One slip of the hand: in which file, what it replaces (nothing: a row added), and what is said.
struct Slip {
  const char* name;
  const char* file;
  const char* old;
  const char* now;
  const char* said;
};

const Slip slips[] = {
    {"a second estate row", "estate.csv", "", "hill,x,480,landlord",
     "estate.csv:0: has 2 rows; it must have one\n"},
    {"an estate code with capitals", "estate.csv", "lakeside,", "Lakeside,",
     "estate.csv:2: estate \"Lakeside\" is not a code of 1 to 32 of a-z, 0-9 and -\n"},
    {"an offset in hours", "estate.csv", ",480,", ",+8,",
     "estate.csv:2: utc_offset_minutes \"+8\" is not a whole number in -720..840\n"},
    {"a misspelt kind", "units.csv", "101,lakeside,flat", "101,lakeside,flatt",
     "units.csv:2: kind \"flatt\" is not one of flat, shop, office, parking; did you mean \"flat\"?\n"},
    {"a unit under an unknown node", "units.csv", "101,lakeside", "101,lakesdie",
     "units.csv:2: node \"lakesdie\" is not in nodes.csv; did you mean \"lakeside\"?\n"},
    {"an area with a comma", "units.csv", "flat,60", "flat,\"60,5\"",
     "units.csv:2: area_m2 \"60,5\" is not a decimal of 0 or more with at most 4 decimals, like 12.5\n"},
    {"an area below zero", "units.csv", "flat,60", "flat,-60",
     "units.csv:2: area_m2 \"-60\" is not a decimal of 0 or more with at most 4 decimals, like 12.5\n"},
    {"an area of a country", "units.csv", "flat,60", "flat,1000000.0001",
     "units.csv:2: area_m2 \"1000000.0001\" is not 1000000 m² or less\n"},
    {"a unit twice", "units.csv", "", "101,lakeside,shop,20",
     "units.csv:4: unit \"101\" is already in line 2; remove or rename one of them\n"},
    {"an id with a blank", "units.csv", "", "1 03,lakeside,shop,20",
     "units.csv:4: unit \"1 03\" is not an id: 1 to 64 bytes without blanks and without , ; \" ' / \\ | < > "
     "* ?\n"},
    {"two roots", "nodes.csv", "", "b2,,building,",
     "nodes.csv:3: a second root: the parent is empty here and in line 2\n"},
    {"buildings in a circle", "nodes.csv", "", "b2,b3,building,\nb3,b2,building,",
     "nodes.csv:3: the parents of nodes go round in a circle: b2 -> b3 -> b2\n"},
    {"a node above itself", "nodes.csv", "", "b2,b2,building,",
     "nodes.csv:3: the parents of nodes go round in a circle: b2 -> b2\n"},
    {"points in a circle", "points.csv", "", "x,y,electricity,common,,,\ny,x,electricity,common,,,",
     "points.csv:5: the parents of points go round in a circle: x -> y -> x\n"
     "points.csv:5: point \"x\" has no meter; add a row to installs.csv\n"
     "points.csv:6: point \"y\" has no meter; add a row to installs.csv\n"},
    {"a unit's point without tariff", "points.csv", "e-101,e-all,electricity,unit,101,home",
     "e-101,e-all,electricity,unit,101,", "points.csv:3: use is unit, so unit and tariff must be given\n"},
    {"a master with a tariff", "points.csv", "e-all,,electricity,master,,", "e-all,,electricity,master,,home",
     "points.csv:2: use is master, so unit and tariff must be empty (a pool bills it)\n"},
    {"a point of an unknown unit", "points.csv", "unit,101,", "unit,1O1,",
     "points.csv:3: unit \"1O1\" is not in units.csv; did you mean \"101\"?\n"},
    {"water below electricity", "points.csv", "e-101,e-all,electricity", "e-101,e-all,water",
     "points.csv:3: counts water, but its parent \"e-all\" counts electricity; a tree has one medium\n"
     "points.csv:3: tariff \"home\" prices electricity, the point counts water\n"},
    {"a child below a unit's point", "points.csv", "e-102,e-all", "e-102,e-101",
     "points.csv:4: the parent \"e-101\" has use unit: what passes it is billed to its unit already; hang "
     "this point beside it\n"},
    {"a meter at an unknown point", "installs.csv", "e-102,M2", "e-1O2,M2",
     "points.csv:4: point \"e-102\" has no meter; add a row to installs.csv\n"
     "installs.csv:4: point \"e-1O2\" is not in points.csv; did you mean \"e-102\"?\n"},
    {"a date that is none", "installs.csv", "M2,energy_import,2026-01-01", "M2,energy_import,2026-02-30",
     "installs.csv:4: from \"2026-02-30\" is not a date like 2026-06-01\n"},
    {"a stay of no day", "installs.csv", "M2,energy_import,2026-01-01,,",
     "M2,energy_import,2026-01-01,2026-01-01,",
     "installs.csv:4: to 2026-01-01 is not after from 2026-01-01\n"},
    {"a multiplier of zero", "installs.csv", ",,10,0,", ",,0,0,",
     "installs.csv:2: multiplier \"0\" is not a whole number or a fraction of 1 to 100000, like 40 or 3/2\n"},
    {"a multiplier with a decimal point", "installs.csv", ",,10,0,", ",,1.5,0,",
     "installs.csv:2: multiplier \"1.5\" is not a whole number or a fraction of 1 to 100000, like 40 or "
     "3/2\n"},
    {"a fraction over zero", "installs.csv", ",,10,0,", ",,3/0,0,",
     "installs.csv:2: multiplier \"3/0\" is not a whole number or a fraction of 1 to 100000, like 40 or "
     "3/2\n"},
    {"two meters at one point", "installs.csv", "", "e-102,M9,energy_import,2026-03-01,,1,0,",
     "installs.csv:5: point \"e-102\" has two meters from 2026-03-01: line 4 lasts without end; end that one "
     "first\n"},
    {"one meter at two points", "installs.csv", "e-102,M2", "e-102,M1",
     "installs.csv:4: meter \"M1\" energy_import is at two points from 2026-01-01: line 3 lasts without end; "
     "end that one first\n"
     "readings.csv:6: meter \"M2\" is not in installs.csv; did you mean \"M0\"?\n"
     "readings.csv:7: meter \"M2\" is not in installs.csv; did you mean \"M0\"?\n"},
    {"a removal register without removal", "installs.csv", "M2,energy_import,2026-01-01,,1,0,",
     "M2,energy_import,2026-01-01,,1,0,99",
     "installs.csv:4: closing is given but to is empty; give the day of removal\n"},
    {"a register that fell while installed", "installs.csv", "M2,energy_import,2026-01-01,,1,0,",
     "M2,energy_import,2026-01-01,2026-12-01,1,9,8",
     "installs.csv:4: closing is below opening; when the register wrapped, split the stay in two "
     "(docs/formats/estate.md)\n"},
    {"a tier left out", "tariffs.csv", "year,3,,0.838", "year,4,,0.838",
     "tariffs.csv:4: tariff \"home\" of 2026-01-01 has a tier 4 but no tier 3; tiers count 1, 2, 3\n"},
    {"a tier twice", "tariffs.csv", "year,3,,0.838", "year,2,,0.838",
     "tariffs.csv:4: tariff \"home\" of 2026-01-01, tier 2 is already in line 3; remove or rename one of "
     "them\n"},
    {"a last tier that ends", "tariffs.csv", "year,3,,0.838", "year,3,9000,0.838",
     "tariffs.csv:4: tariff \"home\" of 2026-01-01 ends at 9,000.000; leave upto of the last tier empty, so "
     "that every quantity has a price\n"},
    {"a middle tier without end", "tariffs.csv", "year,2,4800", "year,2,",
     "tariffs.csv:3: tariff \"home\" of 2026-01-01, tier 2 has no upto; only the last tier may be without "
     "end\n"},
    {"bounds that fall", "tariffs.csv", "year,2,4800", "year,2,2760",
     "tariffs.csv:3: tariff \"home\" of 2026-01-01, tier 2: upto is not above that of the tier before\n"},
    {"two periods in one version", "tariffs.csv", "year,3,,0.838", "month,3,,0.838",
     "tariffs.csv:4: tariff \"home\" of 2026-01-01 has the periods year and month; all its tiers need the "
     "same\n"},
    {"two media in one tariff", "tariffs.csv", "home,electricity,2026-01-01,year,3",
     "home,water,2026-01-01,year,3",
     "tariffs.csv:4: tariff \"home\" prices electricity in line 2; one tariff has one medium\n"},
    {"a price with seven decimals", "tariffs.csv", "0.838", "0.8380001",
     "tariffs.csv:4: price \"0.8380001\" is not a decimal of 0 or more with at most 6 decimals, like 12.5\n"},
    {"a price in fen", "tariffs.csv", "0.838", "1001",
     "tariffs.csv:4: price \"1001\" is not below 1000 yuan\n"},
    {"a pool at a point of another medium", "tariffs.csv", "shared,electricity", "shared,water",
     "pools.csv:2: tariff \"shared\" prices water, the point counts electricity\n"},
    {"a pool with tiers", "pools.csv", "money,shared", "money,home",
     "pools.csv:2: tariff \"home\" has tiers (tariffs.csv line 3); a pool needs one price\n"},
    {"a pool of a unit's point", "pools.csv", "light,e-all", "light,e-101",
     "pools.csv:2: point \"e-101\" has use unit and is billed to unit \"101\"; only common and master points "
     "can be shared\n"},
    {"a point shared twice", "pools.csv", "", "again,e-all,lakeside,usage,quantity,shared,",
     "pools.csv:3: point \"e-all\" is already shared by line 2; it would be billed twice\n"},
    {"an occupant of an unknown unit", "occupancies.csv", "101,wang", "110,wang",
     "occupancies.csv:2: unit \"110\" is not in units.csv; did you mean \"101\"?\n"},
    {"two occupants at once", "occupancies.csv", "", "101,li,李强,2026-06-01,",
     "occupancies.csv:3: unit \"101\" has two occupancies from 2026-06-01: line 2 lasts without end; end "
     "that one first\n"},
    {"an account with two names", "occupancies.csv", "", "102,wang,王方,2026-06-01,",
     "occupancies.csv:3: account \"wang\" is named \"王方\" here and \"王芳\" in line 2; one account has one "
     "name\n"},
    {"a reading of an unknown meter", "readings.csv", "M2,energy_import,2026-07-01",
     "M22,energy_import,2026-07-01",
     "readings.csv:7: meter \"M22\" is not in installs.csv; did you mean \"M2\"?\n"},
    {"a reading of an unknown channel", "readings.csv", "M2,energy_import,2026-07-01", "M2,volume,2026-07-01",
     "readings.csv:7: meter \"M2\" has no channel \"volume\" in installs.csv; its channel is "
     "\"energy_import\"\n"},
    {"a reading in scientific notation", "readings.csv", "2910.5", "2.9E3",
     "readings.csv:5: value \"2.9E3\" is not a decimal of 0 or more with at most 3 decimals, like 12.5\n"},
    {"a reading at an hour without offset", "readings.csv", "M2,energy_import,2026-07-01",
     "M2,energy_import,2026-07-01T00:00:00",
     "readings.csv:7: at \"2026-07-01T00:00:00\" is not a date like 2026-06-01 (its first midnight) or an "
     "instant like 2026-06-01T00:00:00+08:00\n"},
    {"a reading twice, as day and as instant", "readings.csv", "",
     "M2,energy_import,2026-06-30T16:00:00Z,241,manual",
     "readings.csv:8: meter \"M2\" energy_import at 2026-06-30T16:00:00Z is already in line 7; remove or "
     "rename one of them\n"},
    {"a row too short", "units.csv", "", "103,lakeside,flat",
     "units.csv:4: has 3 fields; the header has 4\n"},
    {"a column misspelt", "units.csv", "area_m2", "area",
     "units.csv:1: the column \"area_m2\" is missing; the header needs unit, node, kind, area_m2\n"
     "units.csv:1: the column \"area\" is not known here; known are unit, node, kind, area_m2, name, "
     "persons, floor, coefficient, vehicles, group, owner\n"},
};

}  // namespace

TEST_SUITE("metering/estate_csv") {
  TEST_CASE("every slip of the hand is named where it stands, with what would be right, and only it") {
    for (const auto& slip : slips) {
      CAPTURE(slip.name);
      const bool added = std::string_view(slip.old).empty();
      const auto files =
          added ? plus(lakeside(), slip.file, slip.now) : with(lakeside(), slip.file, slip.old, slip.now);
      CHECK(problems_of(files) == slip.said);
    }
  }

  TEST_CASE("all problems of all files are listed at once, in the order of files and lines") {
    auto files = with(lakeside(), "units.csv", "102,lakeside,flat,90", "102,lakeside,flat,x");
    files = with(files, "readings.csv", "2910.5", "?");
    files = with(files, "nodes.csv", "estate,", "state,");
    CHECK(problems_of(files) ==
          "nodes.csv:2: kind \"state\" is not one of estate, building, entrance, floor; did you mean "
          "\"estate\"?\n"
          "units.csv:3: area_m2 \"x\" is not a decimal of 0 or more with at most 4 decimals, like 12.5\n"
          "readings.csv:5: value \"?\" is not a decimal of 0 or more with at most 3 decimals, like 12.5\n");
  }

  TEST_CASE("the Chinese words of a problem name the same cell") {
    Problems problems;
    CHECK_FALSE(read_estate(with(lakeside(), "units.csv", "101,lakeside", "101,lakesdie"), problems));
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].zh == "nodes.csv 中没有 node \"lakesdie\"；是否应为 \"lakeside\"？");
  }

  TEST_CASE("a missing file is one problem, not one for every row that refers to it") {
    auto files = lakeside();
    files.erase("units.csv");
    files.erase("readings.csv");  // may be missing
    CHECK(problems_of(files) ==
          "units.csv:0: the file is missing; see docs/formats/estate.md for its columns\n");
  }

  TEST_CASE("a misspelt file is named with the one that was meant; other files are passed over") {
    auto files = lakeside();
    files["reading.csv"] = files["readings.csv"];
    files["ledger.txt"] = "anything";
    CHECK(problems_of(files) == "reading.csv:0: not a file of an estate; did you mean \"readings.csv\"?\n");
  }

  TEST_CASE("a pool whose node has no units is refused") {
    auto files = plus(lakeside(), "nodes.csv", "b2,lakeside,building,");
    files = with(files, "pools.csv", "light,e-all,lakeside", "light,e-all,b2");
    CHECK(problems_of(files) == "pools.csv:2: no unit is under node \"b2\"; name a node that has units\n");
  }

  TEST_CASE("a carried quantity of a master, or given twice, is refused") {
    auto files = lakeside();
    files["carried.csv"] = "point,year,used\ne-all,2026,1\ne-101,2026,1\ne-101,2026,2\ne-102,26,1\n";
    CHECK(problems_of(files) ==
          "carried.csv:2: point \"e-all\" has no tiers: its use is master\n"
          "carried.csv:4: point \"e-101\" in 2026 is already in line 3; remove or rename one of them\n"
          "carried.csv:5: year \"26\" is not a whole number in 2000..2199\n");
  }

  TEST_CASE("nothing half applied: one bad cell and there is no estate") {
    Problems problems;
    CHECK_FALSE(read_estate(with(lakeside(), "readings.csv", "240", "2.4.0"), problems));
    CHECK(problems.size() == 1);
  }

  TEST_CASE("after 200 problems the rest is counted, not listed") {
    auto files = lakeside();
    for (int i = 0; i < 300; ++i) files["readings.csv"] += "M1,energy_import,never,1,manual\n";
    Problems problems;
    CHECK_FALSE(read_estate(files, problems));
    REQUIRE(problems.size() == 201);
    CHECK(problems.back().en == "and 100 problems more; mend these first");
    CHECK(problems.back().zh == "另有 100 个问题；请先处理以上各项");
  }

  TEST_CASE("what spreadsheets add is passed over: byte order mark, CRLF, blanks, empty rows, column order") {
    auto files = lakeside();
    files["units.csv"] =
        "\xEF\xBB\xBF"
        "area_m2,kind,unit,node\r\n 60 ,flat,101,lakeside\r\n,,,\r\n90,flat,102, lakeside\r\n";
    const auto estate = estate_of(files);
    REQUIRE(estate.units.size() == 2);
    CHECK(estate.units.at(UnitId("101")).area_cm2 == 600'000);
  }

  TEST_CASE("the typed estate holds what the files say") {
    auto files = with(lakeside(), "installs.csv", "M0,energy_import,2026-01-01,,10,0,",
                      "M0,energy_import,2026-01-01,,3/2,0.25,");
    files["carried.csv"] = "point,year,used\ne-101,2025,12.5\n";
    const auto estate = estate_of(files);
    CHECK(estate.id == SiteId("lakeside"));
    CHECK(estate.root == NodeId("lakeside"));
    const auto& install = estate.installs.at(PointId("e-all")).front();
    CHECK(install.multiplier_n == 3);
    CHECK(install.multiplier_d == 2);
    CHECK(install.opening == 250);
    CHECK_FALSE(install.closing);
    CHECK(estate.carried.at({PointId("e-101"), 2025}) == Milli{12'500});
    CHECK(estate.tariffs.at(TariffId("home")).versions.front().tiers[1].upto == Milli{4'800'000});
    CHECK(estate.tariffs.at(TariffId("home")).versions.front().tiers[1].price == MicroYuan{588'000});
    REQUIRE(estate.readings.size() == 6);
    CHECK(estate.readings[0].value == 300'000);
    CHECK(estate.readings[0].at == *read_instant("2026-05-31T16:00:00Z"));
    CHECK(estate.children(PointId("e-all")) == std::vector{PointId("e-101"), PointId("e-102")});
    CHECK(estate.units_under(estate.root) == std::vector{UnitId("101"), UnitId("102")});
  }
}
