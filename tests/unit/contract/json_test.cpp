#include "contract/text/json.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace steward;

TEST_SUITE("contract/json") {
  TEST_CASE("a value knows the line it stands on") {
    const auto json = Json::parse("{\n  \"meter\": 17,\n  \"names\": [\n    \"a\",\n    \"b\"\n  ]\n}");
    REQUIRE(json);
    CHECK(json->find("meter")->line() == 2);
    CHECK(json->find("meter")->integer() == 17);
    CHECK(json->find("names")->line() == 3);
    CHECK(json->find("names")->items().at(1).line() == 5);
  }

  TEST_CASE("a fraction is refused, because no quantity is a float") {
    const auto json = Json::parse("{\n\"price\": 0.5}");
    REQUIRE_FALSE(json);
    CHECK(json.error().fault == Fault::malformed);
    CHECK(json.error().message ==
          "line 2: the number 0.5 is not a whole number; write quantities in whole small units");
  }

  TEST_CASE("integers keep all 63 bits, and one more is refused") {
    CHECK(Json::parse("9223372036854775807")->integer() == 9223372036854775807);
    CHECK(Json::parse("-9223372036854775808")->integer() == std::numeric_limits<std::int64_t>::min());
    CHECK_FALSE(Json::parse("9223372036854775808"));
    CHECK_FALSE(Json::parse("-9223372036854775809"));
  }

  TEST_CASE("a key that stands twice is refused") {
    const auto json = Json::parse("{\"a\": 1,\n \"a\": 2}");
    REQUIRE_FALSE(json);
    CHECK(json.error().message == "line 2: the key \"a\" stands twice in one object");
  }

  TEST_CASE("limits hold: bytes, depth, values") {
    CHECK(Json::parse("[[1]]", {.depth = 2}));
    CHECK_FALSE(Json::parse("[[[1]]]", {.depth = 2}));
    CHECK(Json::parse("[1,2]", {.nodes = 3}));
    CHECK_FALSE(Json::parse("[1,2,3]", {.nodes = 3}));
    CHECK(Json::parse("[1]", {.bytes = 3}));
    CHECK_FALSE(Json::parse("[1] ", {.bytes = 3}));
    CHECK_FALSE(Json::parse(std::string(100'000, '['), {.bytes = 200'000}));
  }

  TEST_CASE("comments only where a person edits") {
    CHECK(Json::parse("// bus\n{\"a\": 1 /* one */}", {.comments = true}));
    CHECK_FALSE(Json::parse("// bus\n{\"a\": 1}"));
  }

  TEST_CASE("an error names the line") {
    const auto json = Json::parse("{\n\"a\": 1,\n\"b\" 2\n}");
    REQUIRE_FALSE(json);
    CHECK(json.error().message == "line 3: not JSON here");
    for (const auto* empty : {"", " \n"}) {
      const auto nothing = Json::parse(empty);
      REQUIRE_FALSE(nothing);
      CHECK(nothing.error().message == "line 1: the text is empty");
    }
    const auto torn = Json::parse("{\n\"a\": 1,\n\"b\": 2");  // a closing bracket was forgotten
    REQUIRE_FALSE(torn);
    CHECK(torn.error().message == "line 3: the text ends before it is complete");
    CHECK_FALSE(Json::parse("{} {}"));
    CHECK_FALSE(Json::parse("\"\xff\""));
  }

  TEST_CASE("what is printed reads back equal, in the same order") {
    const auto value = Json::object()
                           .set("z", Json::array().push(1).push("text \"quoted\" 表").push(Json()))
                           .set("a", true)
                           .set("n", std::int64_t{-5});
    CHECK(value.dump() == "{\"z\":[1,\"text \\\"quoted\\\" 表\",null],\"a\":true,\"n\":-5}");
    const auto again = Json::parse(value.dump(2));
    REQUIRE(again);
    CHECK(*again == value);
  }
}
