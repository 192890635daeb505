#include "kit/crypto/random.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace steward {

Bytes random_bytes(std::size_t count) {
  Bytes out(count);
  if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) {
    std::fputs("no randomness from the system: keys cannot be made / 系统无法提供随机数，不能生成密钥\n",
               stderr);
    std::abort();
  }
  return out;
}

Uuid random_uuid() {
  Uuid uuid{};
  const Bytes bytes = random_bytes(uuid.size());
  std::ranges::copy(bytes, uuid.begin());
  uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0fU) | 0x40U);  // version 4 (RFC 4122, 4.4)
  uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3fU) | 0x80U);  // variant 1
  return uuid;
}

}  // namespace steward
