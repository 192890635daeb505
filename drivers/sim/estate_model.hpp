#pragma once
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "contract/nouns/clock.hpp"
#include "drivers/sim/estate_plan.hpp"

namespace steward::sim {

/// The estate and what has flowed through it: every register of every meter at
/// every instant, from the setup alone. Two processes with one setup agree to the
/// last count, so the ledger written by one is the truth about the other.
///
/// A master carries what its children carry and its loss; registers are rounded
/// down to their step, as a counting wheel is. Integers only.
/// Thread: any; nothing changes after construction.
class EstateModel {
 public:
  explicit EstateModel(const EstateSetup& setup);

  const EstatePlan& plan() const { return plan_; }

  /// The place in plan().meters of the meter with this plate; -1 if there is none.
  std::ptrdiff_t find(std::string_view plate) const;

  /// What has flowed through the point, Wh or litres, before any register. O(1) for
  /// a leaf, O(meters below) for a master.
  std::int64_t flowed_through(std::size_t meter, Instant at) const;

  /// What the dial shows, in Wh or litres before the multiplier (倍率): what a
  /// gateway stores when it reads this meter at `at`. Never falls.
  std::int64_t dial_at(std::size_t meter, Instant at) const;

  /// The usage a bill stands on: floor(later * multiplier) - floor(earlier * multiplier);
  /// the multipliers are whole here.
  std::int64_t usage_between(std::size_t meter, Instant from, Instant to) const;

  /// Mean power or flow over the hour before `at`: W or litres per hour. For the
  /// instantaneous channels, which nobody bills.
  std::int64_t rate_at(std::size_t meter, Instant at) const;

 private:
  EstatePlan plan_;
  std::vector<std::vector<std::size_t>> children_;
  std::unordered_map<std::string_view, std::size_t> by_plate_;  // views into plan_
};

}  // namespace steward::sim
