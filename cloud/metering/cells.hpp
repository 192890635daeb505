#pragma once
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cloud/metering/calendar.hpp"
#include "cloud/metering/decimal.hpp"
#include "cloud/metering/suggest.hpp"
#include "contract/nouns/problem.hpp"
#include "contract/text/csv.hpp"

// Internal to read_estate: typed access to the cells of one CSV row.

namespace steward::rows {

inline std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

inline std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// 1..64 bytes of UTF-8 that survive as a file name, a URL part and a CSV field.
inline bool is_id(std::string_view text) {
  if (text.empty() || text.size() > 64 || text.starts_with('.')) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7F && std::string_view(",;\"'/\\|<>*?").find(c) == std::string_view::npos;
  });
}

/// The cells of one row; reports what is wrong with each, and remembers that it did.
class Cells {
 public:
  Cells(std::string_view file, const CsvTable& table, const CsvRow& row, Problems& problems)
      : file_(file), table_(table), row_(row), problems_(problems) {}

  bool sound() const { return sound_; }
  std::uint32_t line() const { return row_.line; }
  std::string_view text(std::string_view column) const { return trimmed(table_.field(row_, column)); }
  bool empty(std::string_view column) const { return text(column).empty(); }

  void refuse(std::string en, std::string zh) {
    sound_ = false;
    problems_.push_back({std::string(file_), row_.line, std::move(en), std::move(zh)});
  }
  void refuse_cell(std::string_view column, std::string_view right_en, std::string_view right_zh) {
    const auto what = std::string(column) + " " + quoted(text(column));
    refuse(what + " is not " + std::string(right_en), what + " 不正确；应为" + std::string(right_zh));
  }

  template <class Name>
  Name id(std::string_view column, bool may_be_empty = false) {
    const auto value = text(column);
    if (!(may_be_empty && value.empty()) && !is_id(value)) {
      refuse_cell(column, "an id: 1 to 64 bytes without blanks and without , ; \" ' / \\ | < > * ?",
                  "编号：1 至 64 字节，不含空格和 , ; \" ' / \\ | < > * ?");
    }
    return Name(std::string(value));
  }

  std::string name(std::string_view column) { return std::string(text(column)); }

  template <class Choice, std::size_t n>
  Choice choice(std::string_view column, const std::array<Choice, n>& choices) {
    const auto value = text(column);
    Nearest nearest(value);
    std::string all;
    for (const auto candidate : choices) {
      if (word(candidate) == value) return candidate;
      nearest.offer(word(candidate));
      all += (all.empty() ? "" : ", ") + std::string(word(candidate));
    }
    const auto what = std::string(column) + " " + quoted(value);
    const auto& near = nearest.name();
    refuse(what + " is not one of " + all + (near.empty() ? "" : "; did you mean " + quoted(near) + "?"),
           what + " 应为以下之一：" + all + (near.empty() ? "" : "；是否应为 " + quoted(near) + "？"));
    return choices.front();
  }

  /// The first choice when the cell is empty.
  template <class Choice, std::size_t n>
  Choice choice_or_empty(std::string_view column, const std::array<Choice, n>& choices) {
    return empty(column) ? choices.front() : choice(column, choices);
  }

  Day day(std::string_view column) {
    const auto value = read_day(text(column));
    if (!value) refuse_cell(column, "a date like 2026-06-01", "日期，例如 2026-06-01");
    return value.value_or(Day{});
  }
  std::optional<Day> day_or_empty(std::string_view column) {
    return empty(column) ? std::nullopt : std::optional(day(column));
  }

  /// A decimal that is 0 or more.
  std::int64_t amount(std::string_view column, int decimals) {
    const auto value = read_decimal(text(column), decimals);
    if (value && *value >= 0) return *value;
    const auto most = std::to_string(decimals);
    refuse_cell(column, "a decimal of 0 or more with at most " + most + " decimals, like 12.5",
                "不小于 0、最多 " + most + " 位小数的数，例如 12.5");
    return 0;
  }
  std::optional<std::int64_t> amount_or_empty(std::string_view column, int decimals) {
    return empty(column) ? std::nullopt : std::optional(amount(column, decimals));
  }

  std::int64_t whole(std::string_view column, std::int64_t least, std::int64_t most) {
    const auto value = read_decimal(text(column), 0);
    if (value && *value >= least && *value <= most) return *value;
    const auto range = std::to_string(least) + ".." + std::to_string(most);
    refuse_cell(column, "a whole number in " + range, "整数 " + range);
    return least;
  }

  /// From before to: a stay of no day is a slip.
  void check_days(Day from, const std::optional<Day>& to) {
    if (sound_ && to && *to <= from) {
      refuse("to " + text_of(*to) + " is not after from " + text_of(from),
             "to " + text_of(*to) + " 应晚于 from " + text_of(from));
    }
  }

 private:
  std::string_view file_;
  const CsvTable& table_;
  const CsvRow& row_;
  Problems& problems_;
  bool sound_ = true;
};

}  // namespace steward::rows
