#include "cloud/billing/text_table.hpp"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <numeric>

namespace steward {
namespace {

bool is_wide(std::uint32_t c) {
  return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) || (c >= 0xAC00 && c <= 0xD7A3) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
         (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x20000 && c <= 0x3FFFD);
}

std::string blanks(std::string_view text, std::size_t width) {
  const auto taken = display_width(text);
  return std::string(taken < width ? width - taken : 0, ' ');
}

constexpr std::size_t gap = 2;

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    std::uint32_t c = bytes == 1 ? lead : lead & (0x7FU >> bytes);
    for (std::size_t i = 1; i < bytes && at + i < text.size(); ++i) {
      c = c << 6U | (static_cast<unsigned char>(text[at + i]) & 0x3FU);
    }
    width += is_wide(c) ? 2U : 1U;
    at += bytes;
  }
  return width;
}

std::string padded_right(std::string_view text, std::size_t width) {
  return std::string(text) + blanks(text, width);
}
std::string padded_left(std::string_view text, std::size_t width) {
  return blanks(text, width) + std::string(text);
}

void TextTable::row(std::vector<std::string> cells) {
  assert(cells.size() == columns_.size());
  rows_.push_back(std::move(cells));
}

void TextTable::rule() { rows_.emplace_back(); }

std::string TextTable::text(std::string_view indent) const {
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const auto& cells : rows_) {
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], display_width(cells[i]));
  }
  const auto whole = std::accumulate(widths.begin(), widths.end(), gap * (widths.size() - 1));
  std::string text;
  for (const auto& cells : rows_) {
    std::string line;
    if (cells.empty()) line = std::string(whole, '-');
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) line += std::string(gap, ' ');
      line +=
          columns_[i] == Align::right ? padded_left(cells[i], widths[i]) : padded_right(cells[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += std::string(indent) + line + "\n";
  }
  return text;
}

}  // namespace steward
