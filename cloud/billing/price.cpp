#include "cloud/billing/price.hpp"

#include <cassert>
#include <limits>

namespace steward {

Fen round_to_fen(Milli quantity, MicroYuan price) {
  __extension__ using Wide = __int128;
  constexpr Wide per_fen = 10'000'000;  // 10^3 counts per unit · 10^6 micro-yuan per yuan / 10^2 fen per yuan
  const Wide product = static_cast<Wide>(quantity.count) * price.count;
  const Wide half = product < 0 ? -per_fen / 2 : per_fen / 2;
  const Wide fen = (product + half) / per_fen;  // division cuts toward zero, so half goes away from it
  assert(fen <= std::numeric_limits<std::int64_t>::max() && fen >= std::numeric_limits<std::int64_t>::min());
  return Fen{static_cast<std::int64_t>(fen)};
}

}  // namespace steward
