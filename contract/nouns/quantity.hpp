#pragma once
#include <compare>
#include <cstdint>

namespace steward {

/// A whole number of one unit. Adding watt-hours to litres does not compile.
///
/// Sums and differences of what one estate meters stay far inside 63 bits
/// (9.2e18 Wh is 400 times the world's yearly use), so they are not checked;
/// products are: see `cloud/billing/price.hpp`, which multiplies in 128 bits.
template <class Unit>
struct Quantity {
  std::int64_t count = 0;

  friend constexpr auto operator<=>(Quantity, Quantity) = default;
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return {a.count + b.count}; }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return {a.count - b.count}; }
  constexpr Quantity operator-() const { return {-count}; }
  constexpr Quantity& operator+=(Quantity other) {
    count += other.count;
    return *this;
  }
};

using WattHours = Quantity<struct WattHourUnit>;  // 1 kWh  = 1000 Wh
using Litres = Quantity<struct LitreUnit>;        // 1 m³   = 1000 L
using Fen = Quantity<struct FenUnit>;             // 1 yuan = 100 fen

/// A unit price in micro-yuan per kWh or per m³: 0.4883 yuan/kWh = 488 300.
using MicroYuan = Quantity<struct MicroYuanUnit>;

}  // namespace steward
