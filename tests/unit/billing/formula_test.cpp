#include "cloud/metering/formula.hpp"

#include <doctest/doctest.h>

using namespace steward;

namespace {

constexpr Formula::Inputs flat{900'000, 1, 3, 5, 1'250'000, 310'500, 12, 9'000'000};

/// The weight, or "column: words".
std::string worked(std::string_view text, const Formula::Inputs& inputs = flat) {
  const auto parsed = Formula::parse(text);
  const auto said = [](const FormulaError& error) {
    CHECK_FALSE(error.zh.empty());
    return std::to_string(error.column) + ": " + error.en;
  };
  if (const auto* error = std::get_if<FormulaError>(&parsed)) return said(*error);
  const auto weight = std::get<Formula>(parsed).weight(inputs);
  if (const auto* error = std::get_if<FormulaError>(&weight)) return said(*error);
  return std::to_string(std::get<std::int64_t>(weight));
}

}  // namespace

TEST_SUITE("billing/formula") {
  TEST_CASE("a lift's weight is area by storeys above the first") {
    CHECK(worked("area * max(floor - 1, 0)") == "3600000");
    CHECK(worked("area * max(floor - 1, 0)", {900'000, 1, 3, 0}) == "0");
    CHECK(worked("if(floor <= 1, 0, area)") == "900000");
  }

  TEST_CASE("every name is what its column holds") {
    CHECK(worked("area") == "900000");
    CHECK(worked("household") == "1");
    CHECK(worked("persons") == "3");
    CHECK(worked("floor") == "5");
    CHECK(worked("coefficient") == "1250000");
    CHECK(worked("usage") == "310500");
    CHECK(worked("units") == "12");
    CHECK(worked("total_area") == "9000000");
  }

  TEST_CASE("multiplication binds before addition, addition before comparison, brackets before all") {
    CHECK(worked("2 + 3 * 4") == "14");
    CHECK(worked("(2 + 3) * 4") == "20");
    CHECK(worked("10 - 4 - 3") == "3");
    CHECK(worked("100 / 7 * 7 + 100 % 7") == "100");
    CHECK(worked("1 + 1 = 2") == "1");
    CHECK(worked("2 != 2") == "0");
    CHECK(worked("3 >= 3") == "1");
    CHECK(worked("4 < 3") == "0");
    CHECK(worked("min(7, 3) + max(7, 3)") == "10");
    CHECK(worked("- - 5") == "5");
  }

  TEST_CASE("division rounds down, also below zero, and the remainder is what is left") {
    CHECK(worked("0 - (0 - 7) / 2") == "4");
    CHECK(worked("(0 - 7) % 2") == "1");
    CHECK(worked("7 / 2") == "3");
    CHECK(worked("0 - 7 / (0 - 2)") == "4");
  }

  TEST_CASE("a division by zero names its column, and `if` avoids it") {
    CHECK(worked("area / (floor - 5)") == "6: divides by zero");
    CHECK(worked("area % 0") == "6: divides by zero");
    CHECK(worked("if(floor = 5, 7, area / (floor - 5))") == "7");
  }

  TEST_CASE("a value beyond 10^18 at any step is an error, not a wrong weight") {
    CHECK(worked("area * area * area * 2 / 2") == "20: passes 10^18");
    CHECK(worked("1000000000000 * 1000000 / 1000000") == "1000000000000");
    CHECK(worked("1000000000000 * 1000000 + 1") == "25: passes 10^18");
  }

  TEST_CASE("a weight is 0 to 10^12: anything else is said, never clamped") {
    CHECK(worked("area * area") == "810000000000");
    CHECK(worked("area * area * 2") == "1: gives 1620000000000; a weight is 10^12 or less");
    CHECK(worked("floor - 6") == "1: gives -1; a weight is 0 or more");
  }

  TEST_CASE("what is not understood is named with its column") {
    CHECK(worked("") == "1: is empty");
    CHECK(
        worked("area *") ==
        "7: needs a number, a bracket or one of area, household, persons, floor, coefficient, usage, units, "
        "total_area, min, max, if");
    CHECK(worked("area * flor").starts_with("8: needs a number, a bracket or one of area"));
    CHECK(worked("area area") == "6: does not end here: \"area\" is not understood");
    CHECK(worked("(area") == "6: needs \")\" here");
    CHECK(worked("min(area)") == "9: needs \",\" here");
    CHECK(worked("1.5 * area") == "2: does not end here: \".5 * area\" is not understood");
    CHECK(worked("2000000000000") == "1: has a number beyond 10^12");
    CHECK(worked("system(1)").starts_with("1: needs a number"));
  }

  TEST_CASE("length and depth are bounded") {
    CHECK(worked(std::string(200, '1').replace(1, 199, 199, ' ')) == "1");
    CHECK(worked(std::string(201, ' ')) == "201: is longer than 200 bytes");
    CHECK(worked(std::string(23, '(') + "1" + std::string(23, ')')) == "1");
    CHECK(worked(std::string(90, '(') + "1" + std::string(90, ')')) == "25: is nested more than 24 deep");
    CHECK(worked(std::string(150, '-') + "1") == "25: is nested more than 24 deep");
  }
}
