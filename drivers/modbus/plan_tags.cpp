#include "drivers/modbus/plan_tags.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

namespace steward {
namespace {

// One scale for what is compared. A need's wire time stays below 125 words x 100 ms x
// 8 uses = 2^27 us, 2^37 here; 64 of them (a dictionary's worth) below 2^43. So a need
// left out outweighs any wire time, which outweighs registers read beyond the map.
constexpr std::int64_t per_us = 1024;
constexpr std::int64_t left_out = std::int64_t{1} << 43;
constexpr std::int64_t left_out_important = std::int64_t{1} << 49;
constexpr std::int64_t impossible = std::int64_t{1} << 60;

constexpr std::size_t columns_per_kind = max_span_words;
constexpr std::size_t tag_columns = 2 * columns_per_kind;

using Choice = TagMatcher::Choice;
using Row = TagMatcher::Row;

/// What each row costs in each column that any row can have; behind these each row has
/// one of its own, being left out.
struct Table {
  std::vector<std::size_t> tags;  // per column that stands for a tag, which
  std::size_t columns = 0;
  std::vector<std::int64_t> cost;  // row by row

  Table(const std::vector<const Row*>& rows, const std::vector<Need>& needs) {
    for (std::size_t tag = 0; tag < tag_columns; ++tag)
      if (std::any_of(rows.begin(), rows.end(), [&](const Row* row) { return (*row)[tag].cost >= 0; }))
        tags.push_back(tag);
    columns = tags.size() + rows.size();
    cost.assign(rows.size() * columns, impossible);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      for (std::size_t at = 0; at < tags.size(); ++at) {
        const auto one = (*rows[row])[tags[at]].cost;
        if (one >= 0) cost[row * columns + at] = one * needs[row].uses;
      }
      cost[row * columns + tags.size() + row] = needs[row].important ? left_out_important : left_out;
    }
  }
};

/// Kuhn-Munkres with potentials: per row its tag's column in `Row`, or tag_columns, so that the sum is least.
std::vector<std::size_t> cheapest(const std::vector<const Row*>& rows, const std::vector<Need>& needs) {
  const Table table(rows, needs);
  const std::size_t n = rows.size();
  const std::size_t m = table.columns;
  constexpr std::int64_t far = std::numeric_limits<std::int64_t>::max() / 2;
  std::vector<std::int64_t> u(n + 1, 0);
  std::vector<std::int64_t> v(m + 1, 0);
  std::vector<std::size_t> row_of_column(m + 1, 0);  // from 1; 0 = free
  std::vector<std::size_t> way(m + 1, 0);
  for (std::size_t row = 1; row <= n; ++row) {
    row_of_column[0] = row;
    std::size_t at = 0;
    std::vector<std::int64_t> least(m + 1, far);
    std::vector<bool> used(m + 1, false);
    do {
      used[at] = true;
      const auto from = row_of_column[at];
      const std::int64_t* costs = &table.cost[(from - 1) * m];
      std::int64_t delta = far;
      std::size_t next = 0;
      for (std::size_t column = 1; column <= m; ++column) {
        if (used[column]) continue;
        const auto reduced = costs[column - 1] - u[from] - v[column];
        if (reduced < least[column]) {
          least[column] = reduced;
          way[column] = at;
        }
        if (least[column] < delta) {
          delta = least[column];
          next = column;
        }
      }
      for (std::size_t column = 0; column <= m; ++column) {
        if (used[column]) {
          u[row_of_column[column]] += delta;
          v[column] -= delta;
        } else {
          least[column] -= delta;
        }
      }
      at = next;
    } while (row_of_column[at] != 0);
    for (; at != 0; at = way[at]) row_of_column[at] = row_of_column[way[at]];
  }
  std::vector<std::size_t> column_of_row(n, tag_columns);
  for (std::size_t column = 1; column <= table.tags.size(); ++column)
    if (row_of_column[column] != 0) column_of_row[row_of_column[column] - 1] = table.tags[column - 1];
  return column_of_row;
}

}  // namespace

TagMatcher::TagMatcher(const Profile& profile, std::set<ReplyTag> reserved, const ReadCost& cost)
    : profile_(profile), reserved_(std::move(reserved)), cost_(cost) {}

const Row& TagMatcher::row_of(const RegisterSpan& span) {
  const auto [at, fresh] = rows_.try_emplace(span);
  if (!fresh) return at->second;
  Row& row = at->second;
  row.resize(tag_columns);
  const auto step = stepped(profile_, 1);
  for (std::uint32_t count = stepped(profile_, span.count); count <= profile_.bus.max_span; count += step) {
    const auto request = padded(profile_, span, static_cast<std::uint16_t>(count));
    if (!request) continue;
    const auto price = (cost_.per_request_us + cost_.per_word_us * count) * per_us + request->unnamed;
    for (const auto kind : {RegisterKind::holding, RegisterKind::input}) {
      if (kind != span.kind && !profile_.bus.double_fc) continue;
      auto asked = request->span;
      asked.kind = kind;
      if (reserved_.contains(reply_tag_of(asked)) || !readable(profile_, asked)) continue;
      const auto column = (kind == RegisterKind::input ? columns_per_kind : 0) + count - 1;
      // The twin function is the second choice of two that cost the same.
      row[column] = {price + (kind == span.kind ? 0 : 1), asked};
    }
  }
  return row;
}

TagMatch TagMatcher::match(const std::vector<Need>& needs) {
  assert(needs.size() <= 512);
  std::vector<const Row*> rows;
  for (const Need& need : needs) rows.push_back(&row_of(need.span));
  const auto columns = cheapest(rows, needs);
  TagMatch match;
  match.requests.resize(needs.size());
  for (std::size_t at = 0; at < needs.size(); ++at) {
    const Need& need = needs[at];
    if (columns[at] == tag_columns || (*rows[at])[columns[at]].cost < 0) {
      match.penalty += need.important ? left_out_important : left_out;
      continue;
    }
    const Choice& choice = (*rows[at])[columns[at]];
    match.requests[at] = choice.request;
    match.wire_us += need.uses * (cost_.per_request_us + cost_.per_word_us * choice.request.count);
    match.penalty += choice.cost * need.uses;
  }
  return match;
}

}  // namespace steward
