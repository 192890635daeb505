// Any text as a formula, worked out over any inputs: a weight within its limits, or words and a column.
#include "cloud/metering/formula.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace steward;

namespace {

void judge(const FormulaError& error, std::string_view text) {
  test::must(error.column >= 1 && error.column <= text.size() + 1, "the column is in the text");
  test::must(!error.en.empty() && !error.zh.empty(), "an error has words");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::FuzzInput input(data, size);
  Formula::Inputs inputs{};
  for (auto& one : inputs) {
    for (int i = 0; i < 5; ++i) one = one * 100 + input.octet() % 100;  // 0 to 10^10
  }
  const auto bytes = test::raw_or_edited(input, "if(floor <= 1, 0, area * max(floor - 1, 0) / persons % 7)");
  const std::string text(bytes.begin(), bytes.end());
  const auto parsed = Formula::parse(text);
  if (const auto* error = std::get_if<FormulaError>(&parsed)) {
    judge(*error, text);
    return 0;
  }
  const auto& formula = std::get<Formula>(parsed);
  const auto weight = formula.weight(inputs);
  if (const auto* error = std::get_if<FormulaError>(&weight)) {
    judge(*error, text);
    return 0;
  }
  const auto value = std::get<std::int64_t>(weight);
  test::must(value >= 0 && value <= Formula::most_weight, "a weight is within its limits");
  test::must(formula.weight(inputs) == weight, "the same inputs give the same weight");
  return 0;
}
