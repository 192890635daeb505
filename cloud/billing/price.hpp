#pragma once
#include "cloud/metering/decimal.hpp"
#include "cloud/metering/price_plan.hpp"
#include "contract/nouns/quantity.hpp"

namespace steward {

/// What `quantity` costs at `price`, in fen: the one function that rounds a quantity.
///
/// Exact product in 128 bits, then half away from zero to a whole fen. Called
/// once per bill line, never on a sum of rounded amounts.
///
/// quantity: thousandths of the priced unit (Wh for kWh, litre for m³), any sign
/// price:    micro-yuan per priced unit
/// (Wh · micro-yuan/kWh is 10^-9 yuan; a fen is 10^-2 yuan; hence 10^7.)
/// Asserts that the result fits 63 bits: 9.2e16 yuan.
Fen round_to_fen(Milli quantity, MicroYuan price);

/// `ppm` millionths of `amount`, half away from zero to a whole fen: what a reduction takes off.
/// ppm: 0 to 1,000,000
Fen round_part(Fen amount, std::int64_t ppm);

/// What `count` of a fee's basis cost at `price` a period: cm² at a price per m², else heads, vehicles or
/// units.
Fen round_fee(FeeBasis basis, std::int64_t count, MicroYuan price);

inline Fen round_to_fen(WattHours quantity, MicroYuan per_kwh) {
  return round_to_fen(Milli{quantity.count}, per_kwh);
}
inline Fen round_to_fen(Litres quantity, MicroYuan per_m3) {
  return round_to_fen(Milli{quantity.count}, per_m3);
}

}  // namespace steward
