#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace steward::fault {

/// Chances from a seed: the same seed gives the same run on every machine.
/// SplitMix64 (Steele, Lea, Flood 2014): one addition and three mixing steps.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBU;
    return mixed ^ (mixed >> 31);
  }
  /// 0 .. below - 1; below: at least 1.
  std::uint64_t below(std::uint64_t below) { return next() % below; }
  /// A place among `count`, at least one: the same on 32 bits as on 64.
  std::size_t place(std::size_t count) { return static_cast<std::size_t>(below(count)); }
  /// True `per_mille` times in a thousand. 0 draws nothing, so that a fault left out changes no other.
  bool rolls(int per_mille) { return per_mille > 0 && below(1000) < static_cast<std::uint64_t>(per_mille); }
  std::chrono::nanoseconds between(std::chrono::nanoseconds least, std::chrono::nanoseconds most) {
    if (most <= least) return least;
    return least + std::chrono::nanoseconds(below(static_cast<std::uint64_t>((most - least).count())));
  }

 private:
  std::uint64_t state_;
};

}  // namespace steward::fault
