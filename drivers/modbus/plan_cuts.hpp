#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <queue>
#include <vector>

#include "drivers/modbus/plan_bundles.hpp"

namespace steward {

/// One read before byte counts are made distinct: bundles [from, to) of list `list`.
struct Cut {
  std::size_t list = 0;
  std::size_t from = 0;
  std::size_t to = 0;
  RegisterSpan span;  // what it needs; not yet a multiple of count_step
};

/// The ways to cut several lists of bundles into reads, cheapest first.
///
/// The lists are laid end to end; a way to cut them is a path from the first bundle to
/// behind the last, a read is an edge, and what a path still costs at least is known
/// exactly, so that paths come out in order (A* over an exact remainder).
class CutSearch {
 public:
  /// lists: address order; each bundle alone is readable (read_profile, asserted)
  CutSearch(const Profile& profile, const std::vector<std::vector<Bundle>>& lists, const ReadCost& cost);

  /// The cheapest way of all, in wire time: a lower bound for any plan.
  std::int64_t least_us() const { return remaining_.front(); }

  /// The next way, whose wire time is now cost_us(). nothing: none is left below
  /// `limit_us`, or the search has grown to its limit of 200,000 open paths.
  std::optional<std::vector<Cut>> next(std::int64_t limit_us);
  std::int64_t cost_us() const { return cost_us_; }
  /// Whether next() ended because nothing cheaper can exist.
  bool exhausted() const { return exhausted_; }

 private:
  struct Edge {
    std::size_t to = 0;
    std::int64_t cost_us = 0;
    RegisterSpan span;
  };
  /// A path's last read; the one before stands at `before`.
  struct Step {
    std::size_t before = 0;
    std::size_t at = 0;
    std::size_t edge = 0;
  };
  struct Open {
    std::int64_t total_us = 0;  // if it goes on as cheaply as it can
    std::size_t reads = 0;
    std::size_t step = 0;  // index in steps_; older first on a tie
  };
  struct Dearer {
    bool operator()(const Open& a, const Open& b) const;
  };

  void find_edges(const Profile& profile, const std::vector<std::vector<Bundle>>& lists,
                  const ReadCost& cost);
  std::vector<Cut> path_of(std::size_t step) const;

  std::vector<std::size_t> list_of_;    // per bundle laid end to end
  std::vector<std::size_t> list_from_;  // where each list begins
  std::vector<std::vector<Edge>> edges_;
  std::vector<std::int64_t> remaining_;
  std::vector<Step> steps_;
  std::vector<std::int64_t> spent_us_;
  std::priority_queue<Open, std::vector<Open>, Dearer> open_;
  std::int64_t cost_us_ = 0;
  bool exhausted_ = false;
};

}  // namespace steward
