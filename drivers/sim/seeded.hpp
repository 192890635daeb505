#pragma once
#include <cstdint>

namespace steward::sim {

/// Scrambles 64 bits: the finaliser of splitmix64 (Steele, Lea, Flood, "Fast
/// splittable pseudorandom number generators", OOPSLA 2014). Own code because
/// the standard's distributions give other numbers with other libraries, and
/// one seed must give the same estate everywhere.
constexpr std::uint64_t scramble(std::uint64_t bits) {
  bits += 0x9E3779B97F4A7C15U;
  bits = (bits ^ (bits >> 30U)) * 0xBF58476D1CE4E5B9U;
  bits = (bits ^ (bits >> 27U)) * 0x94D049BB133111EBU;
  return bits ^ (bits >> 31U);
}

/// A number that depends on `key` and `place` alone, so that any process may ask
/// for any place in any order.
constexpr std::uint64_t drawn_at(std::uint64_t key, std::uint64_t place) {
  return scramble(key ^ scramble(place));
}

/// The same, one after the other, for laying out the estate.
class Draws {
 public:
  explicit constexpr Draws(std::uint64_t key) : key_(key) {}

  /// 0 .. below-1. The bias of the remainder is under 2^-32 here (below < 2^32).
  constexpr std::int64_t below(std::int64_t below) {
    return static_cast<std::int64_t>(drawn_at(key_, place_++) % static_cast<std::uint64_t>(below));
  }
  /// low .. high, both included.
  constexpr std::int64_t between(std::int64_t low, std::int64_t high) { return low + below(high - low + 1); }

 private:
  std::uint64_t key_;
  std::uint64_t place_ = 0;
};

}  // namespace steward::sim
