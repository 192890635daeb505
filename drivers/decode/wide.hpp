#pragma once
#include <bit>
#include <compare>
#include <cstdint>

namespace steward {

/// An unsigned 128-bit number. 32-bit ARM has no `__int128`, and a gateway must
/// decode to the same integers as the machine that checks it, so there is one
/// implementation for all. Overflow is the caller's to rule out; decode.cpp says why.
struct Wide {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend constexpr auto operator<=>(const Wide&, const Wide&) = default;

  friend constexpr Wide operator+(Wide a, Wide b) {
    const std::uint64_t sum = a.low + b.low;
    return {a.high + b.high + (sum < a.low ? 1 : 0), sum};
  }
  friend constexpr Wide operator-(Wide a, Wide b) {
    return {a.high - b.high - (a.low < b.low ? 1 : 0), a.low - b.low};
  }
  friend constexpr Wide operator<<(Wide a, unsigned by) {  // by < 128
    if (by == 0) return a;
    if (by >= 64) return {a.low << (by - 64), 0};
    return {(a.high << by) | (a.low >> (64 - by)), a.low << by};
  }
  friend constexpr Wide operator>>(Wide a, unsigned by) {  // by < 128
    if (by == 0) return a;
    if (by >= 64) return {0, a.high >> (by - 64)};
    return {a.high >> by, (a.low >> by) | (a.high << (64 - by))};
  }
};

/// a x b, exact.
constexpr Wide product(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t mask = 0xFFFF'FFFF;
  const std::uint64_t low = (a & mask) * (b & mask);
  const std::uint64_t cross = (a >> 32) * (b & mask) + (low >> 32);  // < 2^64: (2^32-1)^2 + 2^32-1
  const std::uint64_t other = (a & mask) * (b >> 32) + (cross & mask);
  return {(a >> 32) * (b >> 32) + (cross >> 32) + (other >> 32), (other << 32) | (low & mask)};
}

/// How many bits the number needs; 0 for 0.
constexpr int bit_length(Wide a) {
  return a.high != 0 ? 64 + static_cast<int>(std::bit_width(a.high))
                     : static_cast<int>(std::bit_width(a.low));
}

struct Division {
  Wide quotient;
  Wide remainder;
};

/// Long division, one bit at a time; the common case of small numbers is the processor's own.
constexpr Division divide(Wide dividend, Wide divisor) {
  if (dividend < divisor) return {{}, dividend};
  if (dividend.high == 0) return {{0, dividend.low / divisor.low}, {0, dividend.low % divisor.low}};
  Division result{{}, dividend};
  for (int at = bit_length(dividend) - bit_length(divisor); at >= 0; --at) {
    const Wide part = divisor << static_cast<unsigned>(at);
    if (result.remainder < part) continue;
    result.remainder = result.remainder - part;
    result.quotient = result.quotient + (Wide{0, 1} << static_cast<unsigned>(at));
  }
  return result;
}

/// dividend / divisor to the nearest integer, half to even. divisor < 2^127.
constexpr Wide round_half_even(Wide dividend, Wide divisor) {
  auto [quotient, remainder] = divide(dividend, divisor);
  const Wide twice = remainder << 1;
  if (twice > divisor || (twice == divisor && (quotient.low & 1) != 0)) quotient = quotient + Wide{0, 1};
  return quotient;
}

}  // namespace steward
