#include "cloud/metering/suggest.hpp"

#include <algorithm>
#include <array>

namespace steward {
namespace {

constexpr std::size_t longest = 64;  // ids are no longer

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  if (a.size() > longest || b.size() > longest) return longest;
  using Row = std::array<std::size_t, longest + 1>;
  Row two_up{};
  Row up{};
  Row row{};
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    two_up = up;
    up = row;
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t other = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({up[j] + 1, row[j - 1] + 1, up[j - 1] + other});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], two_up[j - 2] + 1);
    }
  }
  return row[b.size()];
}

Nearest::Nearest(std::string_view wanted)
    : wanted_(wanted), best_(std::max<std::size_t>(1, wanted.size() / 3) + 1) {}

void Nearest::offer(std::string_view name) {
  const auto difference =
      name.size() > wanted_.size() ? name.size() - wanted_.size() : wanted_.size() - name.size();
  if (difference >= best_) return;
  const auto distance = edit_distance(wanted_, name);
  if (distance >= best_) return;
  best_ = distance;
  name_ = name;
}

}  // namespace steward
