#include "cloud/billing/price.hpp"

#include <cassert>
#include <limits>

namespace steward {

namespace {

__extension__ using Wide = __int128;

/// numerator / denominator to a whole, half away from zero; denominator even and above zero.
Fen rounded(Wide numerator, Wide denominator) {
  const Wide half = numerator < 0 ? -denominator / 2 : denominator / 2;
  const Wide fen = (numerator + half) / denominator;  // division cuts toward zero, so half goes away from it
  assert(fen <= std::numeric_limits<std::int64_t>::max() && fen >= std::numeric_limits<std::int64_t>::min());
  return Fen{static_cast<std::int64_t>(fen)};
}

}  // namespace

Fen round_to_fen(Milli quantity, MicroYuan price) {
  constexpr Wide per_fen = 10'000'000;  // 10^3 counts per unit · 10^6 micro-yuan per yuan / 10^2 fen per yuan
  return rounded(static_cast<Wide>(quantity.count) * price.count, per_fen);
}

Fen round_fee(FeeBasis basis, std::int64_t count, MicroYuan price) {
  constexpr Wide micro_per_fen = 10'000;
  constexpr Wide cm2_per_m2 = 10'000;
  return rounded(static_cast<Wide>(count) * price.count,
                 basis == FeeBasis::area ? micro_per_fen * cm2_per_m2 : micro_per_fen);
}

Fen round_part(Fen amount, std::int64_t ppm) {
  return rounded(static_cast<Wide>(amount.count) * ppm, 1'000'000);
}

}  // namespace steward
