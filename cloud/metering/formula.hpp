#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace steward {

/// What a formula may name. Whole numbers, each in the unit its column is held in.
enum class FormulaName : std::uint8_t {
  area,         // cm² of the unit
  household,    // 1, or 0 for a parking place
  persons,      // units.csv
  floor,        // units.csv
  coefficient,  // units.csv, millionths
  usage,        // Wh or litres of the unit's own points in the month
  units,        // how many units are under the pool's node
  total_area,   // cm², their sum
};
inline constexpr std::size_t formula_name_count = 8;
std::string_view word(FormulaName name);

/// What is wrong with a formula, and where.
struct FormulaError {
  std::size_t column = 1;  // of the formula's text, from 1, in bytes
  std::string en;
  std::string zh;

  friend bool operator==(const FormulaError&, const FormulaError&) = default;
};

/// The weight of a unit written as whole-number arithmetic (公摊公式): no
/// scripting, no names but FormulaName, nothing that can fail silently.
///
///     comparison := sum [ ("<" | "<=" | ">" | ">=" | "=" | "!=") sum ]     1 or 0
///     sum        := product { ("+" | "-") product }
///     product    := sign { ("*" | "/" | "%") sign }
///     sign       := { "-" } atom
///     atom       := number | name | "(" comparison ")"
///                 | ("min" | "max") "(" comparison "," comparison ")"
///                 | "if" "(" comparison "," comparison "," comparison ")"
///
/// `/` rounds down (toward minus infinity) and a = b * (a / b) + a % b. `if`
/// takes its second part when the first is not 0, else its third, and works out
/// that one alone. Dividing by zero, and any value beyond `most_value` at any
/// step, is an error at its column. Products are formed in 128 bits.
/// Thread: any; a value.
class Formula {
 public:
  static constexpr std::size_t most_bytes = 200;  // a line that a person can check
  static constexpr std::size_t most_depth = 24;   // brackets, signs and calls within one another
  static constexpr std::int64_t most_value = 1'000'000'000'000'000'000;  // 10^18; its square fits 128 bits
  static constexpr std::int64_t most_weight = 1'000'000'000'000;  // 10^12; a million of them fit 63 bits

  using Inputs = std::array<std::int64_t, formula_name_count>;  // by FormulaName

  static std::variant<Formula, FormulaError> parse(std::string_view text);

  /// The weight, 0 to `most_weight`; a result below or beyond is an error at column 1.
  std::variant<std::int64_t, FormulaError> weight(const Inputs& inputs) const;

  const std::string& text() const { return text_; }
  bool names(FormulaName name) const;

 private:
  friend class FormulaParser;
  friend class FormulaRun;

  enum class Op : std::uint8_t {
    number,
    name,
    negate,
    add,
    subtract,
    multiply,
    divide,
    remainder,
    less,
    less_equal,
    greater,
    greater_equal,
    equal,
    not_equal,
    least,
    most,
    choose,
  };
  struct Node {
    Op op = Op::number;
    std::uint32_t column = 1;
    std::int64_t value = 0;                // number, or the place of the name
    std::array<std::uint32_t, 3> parts{};  // places in nodes_, each below this node's own
  };

  std::string text_;
  std::vector<Node> nodes_;  // at most one per byte; the last is the whole
};

}  // namespace steward
