#include "contract/text/csv.hpp"

#include <algorithm>
#include <optional>

#include "contract/text/utf8.hpp"

namespace steward {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Takes one row after another off the text.
class RowReader {
 public:
  RowReader(std::string_view file, std::string_view text, const CsvLimits& limits, Problems& problems)
      : file_(file), text_(text), limits_(limits), problems_(problems) {}

  /// The next row, or nothing at the end. A row with a problem comes back empty.
  std::optional<CsvRow> next() {
    while (at_ < text_.size() && (text_[at_] == '#' || is_line_end())) skip_line();
    if (at_ >= text_.size()) return std::nullopt;
    CsvRow row{line_, {}};
    bool sound = true;
    for (bool more = true; more;) {
      auto field = read_field();
      more = field && at_ < text_.size() && text_[at_] == ',';
      if (more) ++at_;
      sound = sound && field && keep(row, std::move(*field));
      if (!sound && !more) break;
    }
    skip_line();
    if (!sound) row.fields.clear();
    return row;
  }

 private:
  bool is_line_end() const { return text_[at_] == '\n' || text_[at_] == '\r'; }

  void skip_line() {
    while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    if (at_ < text_.size()) {
      ++at_;
      ++line_;
    }
  }

  bool keep(CsvRow& row, std::string field) {
    if (field.size() > limits_.field_bytes) {
      const auto limit = std::to_string(limits_.field_bytes);
      return report("a field is longer than " + limit + " bytes; shorten it",
                    "有一个字段超过 " + limit + " 字节；请缩短");
    }
    if (row.fields.size() >= limits_.columns) {
      const auto limit = std::to_string(limits_.columns);
      return report("more than " + limit + " columns", "超过 " + limit + " 列");
    }
    row.fields.push_back(std::move(field));
    return true;
  }

  std::optional<std::string> read_field() {
    if (at_ < text_.size() && text_[at_] == '"') return read_quoted();
    const auto begin = at_;
    while (at_ < text_.size() && text_[at_] != ',' && !is_line_end()) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::optional<std::string> read_quoted() {
    std::string field;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        if (at_ + 1 >= text_.size() || text_[at_ + 1] != '"') break;
        ++at_;  // a doubled quote is one quote
      }
      if (text_[at_] == '\n') ++line_;
      field.push_back(text_[at_]);
    }
    if (at_ >= text_.size()) {
      report("a quote is opened and never closed; add the closing \"", "引号没有闭合；请补上 \"");
      return std::nullopt;
    }
    ++at_;
    if (at_ < text_.size() && text_[at_] != ',' && !is_line_end()) {
      report("text follows a closing quote; put a comma between", "引号之后还有文字；请用逗号隔开");
      return std::nullopt;
    }
    return field;
  }

  bool report(std::string en, std::string zh) {
    problems_.push_back({std::string(file_), line_, std::move(en), std::move(zh)});
    return false;
  }

  std::string_view file_;
  std::string_view text_;
  const CsvLimits& limits_;
  Problems& problems_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
};

std::string joined(std::span<const std::string_view> names) {
  std::string text;
  for (const auto name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Checks the header's columns against what the table may and must have.
void check_header(std::string_view file, const CsvRow& header, std::span<const std::string_view> required,
                  std::span<const std::string_view> optional, Problems& problems) {
  const auto report = [&](std::string en, std::string zh) {
    problems.push_back({std::string(file), header.line, std::move(en), std::move(zh)});
  };
  for (const auto name : required) {
    if (std::find(header.fields.begin(), header.fields.end(), name) == header.fields.end()) {
      report("the column \"" + std::string(name) + "\" is missing; the header needs " + joined(required),
             "缺少列 \"" + std::string(name) + "\"；表头需要 " + joined(required));
    }
  }
  for (std::size_t at = 0; at < header.fields.size(); ++at) {
    const auto& name = header.fields[at];
    if (!contains(required, name) && !contains(optional, name)) {
      report("the column \"" + name + "\" is not known here; known are " + joined(required) +
                 (optional.empty() ? "" : ", " + joined(optional)),
             "不认识列 \"" + name + "\"；可用的列有 " + joined(required) +
                 (optional.empty() ? "" : ", " + joined(optional)));
    }
    if (std::find(header.fields.begin(), header.fields.begin() + static_cast<std::ptrdiff_t>(at), name) !=
        header.fields.begin() + static_cast<std::ptrdiff_t>(at)) {
      report("the column \"" + name + "\" stands twice", "列 \"" + name + "\" 出现了两次");
    }
  }
}

}  // namespace

std::string_view CsvTable::field(const CsvRow& row, std::string_view name) const {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found == header.end()) return {};
  const auto at = static_cast<std::size_t>(found - header.begin());
  return at < row.fields.size() ? std::string_view(row.fields[at]) : std::string_view();
}

bool CsvTable::has(std::string_view name) const {
  return std::find(header.begin(), header.end(), name) != header.end();
}

CsvTable read_csv(std::string_view file, std::string_view text, std::span<const std::string_view> required,
                  std::span<const std::string_view> optional, Problems& problems, const CsvLimits& limits) {
  CsvTable table;
  const auto report = [&](std::uint32_t line, std::string en, std::string zh) {
    problems.push_back({std::string(file), line, std::move(en), std::move(zh)});
  };
  if (text.size() > limits.bytes) {
    const auto limit = std::to_string(limits.bytes);
    report(0, "larger than " + limit + " bytes; split it", "文件超过 " + limit + " 字节；请拆分");
    return table;
  }
  if (!is_utf8(text)) {
    report(0, "not UTF-8; save it as \"CSV UTF-8\"", "不是 UTF-8 编码；请另存为 “CSV UTF-8”");
    return table;
  }
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());

  RowReader rows(file, text, limits, problems);
  auto header = rows.next();
  if (header && header->fields.empty()) return table;  // already reported
  if (!header) {
    report(1, "empty; the first row must name the columns " + joined(required),
           "文件是空的；第一行必须是列名 " + joined(required));
    return table;
  }
  check_header(file, *header, required, optional, problems);
  table.header = std::move(header->fields);
  while (auto row = rows.next()) {
    if (row->fields.empty()) continue;  // already reported
    if (row->fields.size() != table.header.size()) {
      const auto have = std::to_string(row->fields.size());
      const auto want = std::to_string(table.header.size());
      report(row->line, "has " + have + " fields; the header has " + want,
             "有 " + have + " 个字段；表头有 " + want + " 个");
      continue;
    }
    if (table.rows.size() >= limits.rows) {
      const auto limit = std::to_string(limits.rows);
      report(row->line, "more than " + limit + " rows; split the file", "超过 " + limit + " 行；请拆分文件");
      break;
    }
    table.rows.push_back(std::move(*row));
  }
  return table;
}

std::string csv_field(std::string_view text) {
  const bool plain = text.find_first_of(",\"\r\n") == std::string_view::npos && !text.starts_with('#');
  if (plain) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted.push_back('"');
    quoted.push_back(c);
  }
  return quoted + '"';
}

}  // namespace steward
