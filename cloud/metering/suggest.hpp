#pragma once
#include <string>
#include <string_view>

namespace steward {

/// How many single bytes must be inserted, removed, replaced or swapped with
/// their neighbour to make `a` of `b` (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// Keeps the nearest of the names offered to it: "did you mean ...?".
/// A name further away than a third of its length is no suggestion; of equally
/// near ones the first offered is kept. Comparisons are bounded to 64-byte names.
class Nearest {
 public:
  explicit Nearest(std::string_view wanted);
  void offer(std::string_view name);
  const std::string& name() const { return name_; }  // empty: none is near

 private:
  std::string_view wanted_;
  std::size_t best_;
  std::string name_;
};

}  // namespace steward
