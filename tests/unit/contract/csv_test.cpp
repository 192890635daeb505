#include "contract/text/csv.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace steward;

namespace {
constexpr std::array<std::string_view, 2> columns{"meter", "unit"};
constexpr std::array<std::string_view, 1> maybe{"name"};

CsvTable read(std::string_view text, Problems& problems, const CsvLimits& limits = {}) {
  return read_csv("meters.csv", text, columns, maybe, problems, limits);
}
}  // namespace

TEST_SUITE("contract/csv") {
  TEST_CASE("quotes, commas, CRLF, a byte order mark, comments and blank lines") {
    Problems problems;
    const auto table =
        read("\xEF\xBB\xBF# list\r\nmeter,unit,name\r\n\r\nE1,1,\"hall, \"\"west\"\"\"\r\n# gone\nE2,2,\n",
             problems);
    CHECK(problems.empty());
    REQUIRE(table.rows.size() == 2);
    CHECK(table.field(table.rows[0], "name") == "hall, \"west\"");
    CHECK(table.rows[0].line == 4);
    CHECK(table.rows[1].line == 6);
    CHECK(table.field(table.rows[1], "name").empty());
    CHECK(table.field(table.rows[1], "colour").empty());
  }

  TEST_CASE("every ragged row is reported, the others are kept") {
    Problems problems;
    const auto table = read("meter,unit\nE1\nE2,2\nE3,3,4\n", problems);
    REQUIRE(problems.size() == 2);
    CHECK(problems[0] ==
          Problem{"meters.csv", 2, "has 1 fields; the header has 2", "有 1 个字段；表头有 2 个"});
    CHECK(problems[1].line == 4);
    CHECK(table.rows.size() == 1);
  }

  TEST_CASE("a missing column and a misspelt one are both named") {
    Problems problems;
    read("meter,uint\nE1,1\n", problems);
    REQUIRE(problems.size() == 2);
    CHECK(problems[0].en == "the column \"unit\" is missing; the header needs meter, unit");
    CHECK(problems[1].en == "the column \"uint\" is not known here; known are meter, unit, name");
  }

  TEST_CASE("an open quote, text after a quote, bytes that are not UTF-8") {
    Problems problems;
    read("meter,unit\nE1,\"2\n", problems);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].en == "a quote is opened and never closed; add the closing \"");
    problems.clear();
    CHECK(read("meter,unit\n\"E1\"x,2\nE2,2\n", problems).rows.size() == 1);
    CHECK(problems.size() == 1);
    problems.clear();
    read("meter,unit\n\xff,2\n", problems);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].en == "not UTF-8; save it as \"CSV UTF-8\"");
  }

  TEST_CASE("limits hold: bytes, columns, field, rows") {
    Problems problems;
    read("meter,unit\nE1,1\nE2,2\n", problems, {.rows = 1});
    CHECK(problems.size() == 1);
    read("meter,unit\nE1,1\n", problems, {.bytes = 5});
    CHECK(problems.size() == 2);
    read("meter,unit\nE1,1234567\n", problems, {.field_bytes = 6});
    CHECK(problems.size() == 3);
    read("meter,unit,name\nE1,1,x\n", problems, {.columns = 2});
    CHECK(problems.size() == 4);
  }

  TEST_CASE("an empty file says which columns it needs") {
    Problems problems;
    read("", problems);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].en == "empty; the first row must name the columns meter, unit");
  }

  TEST_CASE("a written field reads back") {
    for (const std::string_view text : {"plain", "a,b", "say \"no\"", "two\nlines", "#hash", ""}) {
      Problems problems;
      const auto table = read("meter,unit\n" + csv_field(text) + ",x\n", problems);
      CHECK(problems.empty());
      REQUIRE(table.rows.size() == 1);
      CHECK(table.rows[0].fields[0] == text);
    }
  }
}
