#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contract/nouns/problem.hpp"

namespace steward {

/// Bounds on a CSV text.
struct CsvLimits {
  std::size_t bytes = 64 * 1024 * 1024;
  std::size_t columns = 64;
  std::size_t field_bytes = 1024;
  std::size_t rows = 2'000'000;
};

struct CsvRow {
  std::uint32_t line = 0;  // where the row begins, from 1
  std::vector<std::string> fields;
};

/// A table read from CSV (RFC 4180: quotes, CRLF or LF; a UTF-8 byte order mark
/// and lines that begin with '#' are passed over). The first row is the header.
struct CsvTable {
  std::vector<std::string> header;
  std::vector<CsvRow> rows;

  /// The field of `row` in the column called `name`; empty if there is no such column.
  std::string_view field(const CsvRow& row, std::string_view name) const;
  bool has(std::string_view name) const;
};

/// Reads `text`, adding to `problems` (all of them) what is not CSV: a ragged
/// row, an open quote, a limit passed, bytes that are not UTF-8. Rows with
/// problems are left out. `required` columns must all be there; columns in
/// neither `required` nor `optional` are a problem too (a misspelt column must
/// not be silently ignored).
CsvTable read_csv(std::string_view file, std::string_view text, std::span<const std::string_view> required,
                  std::span<const std::string_view> optional, Problems& problems,
                  const CsvLimits& limits = {});

/// One field, quoted when it must be.
std::string csv_field(std::string_view text);

}  // namespace steward
