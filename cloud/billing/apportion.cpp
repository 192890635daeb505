#include "cloud/billing/apportion.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace steward {
namespace {

__extension__ using Wide = __int128;

}  // namespace

Result<SharedOut> share_out(std::int64_t total, std::span<const std::int64_t> weights) {
  Wide sum = 0;
  for (const auto weight : weights) {
    if (weight < 0) return {Fault::implausible, "a weight is below zero"};
    sum += weight;
  }
  if (sum == 0) return {Fault::implausible, "no weight is above zero"};

  const bool mirrored = total < 0;
  const Wide magnitude = mirrored ? -static_cast<Wide>(total) : static_cast<Wide>(total);
  SharedOut out;
  out.shares.reserve(weights.size());
  std::vector<Wide> remainders;
  remainders.reserve(weights.size());
  Wide shared = 0;
  for (const auto weight : weights) {
    const Wide product = magnitude * weight;  // < 2^126
    shared += product / sum;
    out.shares.push_back(static_cast<std::int64_t>(mirrored ? -(product / sum) : product / sum));
    remainders.push_back(product % sum);
  }

  // Remainders are each below `sum` and add up to a multiple of it, so more places
  // have one than there are counts left over: a weight of 0 never gets a count.
  const auto left = static_cast<std::size_t>(magnitude - shared);
  assert(left < weights.size());
  std::vector<std::size_t> order(weights.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto larger_first = [&](std::size_t a, std::size_t b) {
    return remainders[a] != remainders[b] ? remainders[a] > remainders[b] : a < b;
  };
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(left), order.end(),
                    larger_first);
  out.left_over.assign(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(left));
  std::sort(out.left_over.begin(), out.left_over.end());
  for (const auto place : out.left_over) out.shares[place] += mirrored ? -1 : 1;
  assert(std::accumulate(out.shares.begin(), out.shares.end(), Wide{0}) == Wide{total});
  return out;
}

}  // namespace steward
