#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace steward {

/// Columns `text` takes in a fixed-width font: Chinese characters and full-width
/// forms take two (Unicode Standard Annex 11, W and F), everything else one.
std::size_t display_width(std::string_view text);

std::string padded_right(std::string_view text, std::size_t width);
std::string padded_left(std::string_view text, std::size_t width);

enum class Align : char { left, right };

/// A plain text table, its columns as wide as their widest cell.
class TextTable {
 public:
  explicit TextTable(std::vector<Align> columns) : columns_(std::move(columns)) {}
  void row(std::vector<std::string> cells);  // as many as there are columns
  void rule();                               // a line of dashes
  std::string text(std::string_view indent = "") const;

 private:
  std::vector<Align> columns_;
  std::vector<std::vector<std::string>> rows_;  // an empty one is a rule
};

}  // namespace steward
