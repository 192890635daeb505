#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "contract/nouns/quantity.hpp"
#include "contract/nouns/result.hpp"

namespace steward {

/// Shares of a whole number and who holds the counts left over.
struct SharedOut {
  std::vector<std::int64_t> shares;    // one per weight, same order
  std::vector<std::size_t> left_over;  // places that got one count more than rounded down, ascending
};

/// The arithmetic of `apportion` on bare counts; use `apportion` where the unit is known.
Result<SharedOut> share_out(std::int64_t total, std::span<const std::int64_t> weights);

/// Shares `total` in proportion to `weights` (公摊): watt-hours, litres or fen.
///
/// Largest-remainder method: every share is the exact proportion rounded down,
/// and the counts left over go one each to the largest remainders, lowest place
/// first on a tie (callers pass weights in UnitId order). The shares therefore
/// add up to `total`, always, and each is less than one count from its exact
/// proportion. Products are formed in 128 bits.
///
/// total:   any sign (a credit is shared as its mirror image)
/// weights: floor area in cm², usage, days, any one unit; each 0 or more
/// returns: one share per weight, same order; a weight of 0 gets 0
/// Faults:  implausible, when no weight is above zero or one is below
template <class Unit>
Result<std::vector<Quantity<Unit>>> apportion(Quantity<Unit> total, std::span<const std::int64_t> weights) {
  auto shared = share_out(total.count, weights);
  if (!shared) return shared.error();
  std::vector<Quantity<Unit>> shares;
  shares.reserve(shared->shares.size());
  for (const auto count : shared->shares) shares.push_back({count});
  return shares;
}

}  // namespace steward
