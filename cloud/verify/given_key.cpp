#include "cloud/verify/given_key.hpp"

#include <algorithm>

#include "contract/text/hex_text.hpp"

namespace steward {

Result<VerifyingKey> read_given_key(const std::string& given) {
  PublicKey key{};  // 32 bytes: Ed25519, RFC 8032, 5.1.5
  if (const auto bytes = from_hex(given); bytes && bytes->size() == key.size()) {
    std::copy(bytes->begin(), bytes->end(), key.begin());
    return VerifyingKey(key);
  }
  return VerifyingKey::load(given);
}

}  // namespace steward
