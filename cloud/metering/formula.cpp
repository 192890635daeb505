#include "cloud/metering/formula.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace steward {
namespace {

constexpr std::string_view name_words[formula_name_count] = {
    "area", "household", "persons", "floor", "coefficient", "usage", "units", "total_area"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string_view word(FormulaName name) { return name_words[static_cast<std::size_t>(name)]; }

bool Formula::names(FormulaName name) const {
  return std::any_of(nodes_.begin(), nodes_.end(), [&](const Node& node) {
    return node.op == Op::name && node.value == static_cast<std::int64_t>(name);
  });
}

/// Recursive descent; the first error ends it. Every level of recursion passes `deeper`.
class FormulaParser {
 public:
  explicit FormulaParser(std::string_view text) { formula_.text_ = std::string(text); }

  std::variant<Formula, FormulaError> parse() {
    if (formula_.text_.empty()) fail(0, "is empty", "为空");
    if (formula_.text_.size() > Formula::most_bytes) {
      fail(Formula::most_bytes, "is longer than " + std::to_string(Formula::most_bytes) + " bytes",
           "超过 " + std::to_string(Formula::most_bytes) + " 字节");
    }
    if (!error_) comparison();
    skip_blanks();
    if (!error_ && at_ < text().size())
      fail(at_, "does not end here: " + rest() + " is not understood", "此处应结束：无法理解 " + rest());
    if (error_) return std::move(*error_);
    return std::move(formula_);
  }

 private:
  using Op = Formula::Op;
  using Place = std::uint32_t;

  const std::string& text() const { return formula_.text_; }
  std::string rest() const { return "\"" + text().substr(at_, 12) + "\""; }

  void fail(std::size_t at, std::string en, std::string zh) {
    if (!error_) error_ = FormulaError{at + 1, std::move(en), std::move(zh)};
  }
  void skip_blanks() {
    while (at_ < text().size() && text()[at_] == ' ') ++at_;
  }
  bool take(std::string_view token) {
    skip_blanks();
    if (error_ || !std::string_view(text()).substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  void need(char c) {
    if (take(std::string_view(&c, 1))) return;
    const std::string sign(1, c);
    fail(at_, "needs \"" + sign + "\" here", "此处缺少 “" + sign + "”");
  }
  Place node(Op op, std::size_t at, std::int64_t value = 0, std::array<Place, 3> parts = {}) {
    formula_.nodes_.push_back({op, static_cast<std::uint32_t>(at + 1), value, parts});
    return static_cast<Place>(formula_.nodes_.size() - 1);
  }
  /// The first operator of `table` that stands here, and its column.
  template <std::size_t n>
  std::optional<std::pair<Op, std::size_t>> operator_of(
      const std::array<std::pair<std::string_view, Op>, n>& table) {
    for (const auto& [token, op] : table) {
      if (take(token)) return std::pair(op, at_ - token.size());
    }
    return std::nullopt;
  }

  Place comparison() {
    // Two letters before one, or "<=" would be read as "<".
    constexpr std::array<std::pair<std::string_view, Op>, 6> table{{{"<=", Op::less_equal},
                                                                    {">=", Op::greater_equal},
                                                                    {"!=", Op::not_equal},
                                                                    {"<", Op::less},
                                                                    {">", Op::greater},
                                                                    {"=", Op::equal}}};
    const auto left = sum();
    const auto found = operator_of(table);
    return found ? node(found->first, found->second, 0, {left, sum()}) : left;
  }
  Place sum() {
    constexpr std::array<std::pair<std::string_view, Op>, 2> table{{{"+", Op::add}, {"-", Op::subtract}}};
    auto left = product();
    while (const auto found = operator_of(table))
      left = node(found->first, found->second, 0, {left, product()});
    return left;
  }
  Place product() {
    constexpr std::array<std::pair<std::string_view, Op>, 3> table{
        {{"*", Op::multiply}, {"/", Op::divide}, {"%", Op::remainder}}};
    auto left = sign();
    while (const auto found = operator_of(table)) left = node(found->first, found->second, 0, {left, sign()});
    return left;
  }
  Place sign() {
    skip_blanks();
    const auto at = at_;
    if (++depth_ > Formula::most_depth) {
      const auto most = std::to_string(Formula::most_depth);
      fail(at, "is nested more than " + most + " deep", "嵌套超过 " + most + " 层");
    }
    const auto place = take("-") ? node(Op::negate, at, 0, {sign()}) : atom();
    --depth_;
    return place;
  }
  Place atom() {
    skip_blanks();
    if (error_) return 0;
    const auto at = at_;
    if (take("(")) {
      const auto inner = comparison();
      need(')');
      return inner;
    }
    if (at < text().size() && is_digit(text()[at])) return number();
    const auto end =
        std::find_if_not(text().begin() + static_cast<std::ptrdiff_t>(at), text().end(), is_letter);
    const auto name = text().substr(at, static_cast<std::size_t>(end - text().begin()) - at);
    at_ += name.size();
    if (name == "min" || name == "max") return call(name == "min" ? Op::least : Op::most, at, 2);
    if (name == "if") return call(Op::choose, at, 3);
    const auto* known = std::find(std::begin(name_words), std::end(name_words), name);
    if (known != std::end(name_words)) return node(Op::name, at, known - std::begin(name_words));
    at_ = at;
    std::string all;
    for (const auto one : name_words) all += (all.empty() ? "" : ", ") + std::string(one);
    fail(at,
         "needs a number, a bracket or one of " + all + ", min, max, if" +
             (at < text().size() ? ", not " + rest() : ""),
         "此处应为数字、括号或以下之一：" + all + "、min、max、if");
    return 0;
  }
  Place number() {
    const auto at = at_;
    std::int64_t value = 0;
    for (; at_ < text().size() && is_digit(text()[at_]); ++at_) {
      value = value * 10 + (text()[at_] - '0');
      if (value <= Formula::most_weight) continue;
      fail(at, "has a number beyond 10^12", "数字超过 10^12");
      return 0;
    }
    return node(Op::number, at, value);
  }
  Place call(Op op, std::size_t at, std::size_t count) {
    std::array<Place, 3> parts{};
    need('(');
    for (std::size_t i = 0; i < count && !error_; ++i) {
      if (i > 0) need(',');
      parts[i] = comparison();
    }
    need(')');
    return node(op, at, 0, parts);
  }

  Formula formula_;
  std::optional<FormulaError> error_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

std::variant<Formula, FormulaError> Formula::parse(std::string_view text) {
  return FormulaParser(text).parse();
}

/// Works a formula out for one unit; after an error every value is 0 and the error stands.
class FormulaRun {
 public:
  FormulaRun(const Formula& formula, const Formula::Inputs& inputs)
      : nodes_(formula.nodes_), inputs_(inputs) {}

  std::variant<std::int64_t, FormulaError> weight() {
    const auto value = of(static_cast<std::uint32_t>(nodes_.size() - 1));
    if (!error_ && value < 0)
      fail(1, "gives " + std::to_string(value) + "; a weight is 0 or more", "结果为负；权重不能小于 0");
    if (!error_ && value > Formula::most_weight)
      fail(1, "gives " + std::to_string(value) + "; a weight is 10^12 or less",
           "结果超过 10^12；权重应不大于 10^12");
    if (error_) return std::move(*error_);
    return value;
  }

 private:
  using Op = Formula::Op;
  __extension__ using Wide = __int128;

  void fail(std::size_t column, std::string en, std::string zh) {
    if (!error_) error_ = FormulaError{column, std::move(en), std::move(zh)};
  }

  std::int64_t of(std::uint32_t place) {
    const auto& node = nodes_[place];
    if (error_) return 0;
    if (node.op == Op::number) return node.value;
    if (node.op == Op::name) return inputs_[static_cast<std::size_t>(node.value)];
    const auto a = of(node.parts[0]);
    if (node.op == Op::negate) return -a;
    if (node.op == Op::choose) return of(node.parts[a != 0 ? 1 : 2]);
    const auto b = of(node.parts[1]);
    if (error_) return 0;
    if (b == 0 && (node.op == Op::divide || node.op == Op::remainder)) {
      fail(node.column, "divides by zero", "除数为零");
      return 0;
    }
    const auto value = result(node.op, a, b);
    if (value <= Formula::most_value && value >= -Formula::most_value)
      return static_cast<std::int64_t>(value);
    fail(node.column, "passes 10^18", "中间结果超过 10^18");
    return 0;
  }

  static Wide result(Op op, Wide a, Wide b) {
    switch (op) {
      case Op::add: return a + b;
      case Op::subtract: return a - b;
      case Op::multiply: return a * b;
      case Op::divide: return floored(a, b);
      case Op::remainder: return a - b * floored(a, b);
      case Op::less: return a < b ? 1 : 0;
      case Op::less_equal: return a <= b ? 1 : 0;
      case Op::greater: return a > b ? 1 : 0;
      case Op::greater_equal: return a >= b ? 1 : 0;
      case Op::equal: return a == b ? 1 : 0;
      case Op::not_equal: return a != b ? 1 : 0;
      case Op::least: return std::min(a, b);
      case Op::most: return std::max(a, b);
      case Op::number:
      case Op::name:
      case Op::negate:
      case Op::choose: break;  // worked out before
    }
    return 0;
  }
  static Wide floored(Wide a, Wide b) {
    const auto cut = a / b;
    return a % b != 0 && (a < 0) != (b < 0) ? cut - 1 : cut;
  }

  const std::vector<Formula::Node>& nodes_;
  const Formula::Inputs& inputs_;
  std::optional<FormulaError> error_;
};

std::variant<std::int64_t, FormulaError> Formula::weight(const Inputs& inputs) const {
  return FormulaRun(*this, inputs).weight();
}

}  // namespace steward
