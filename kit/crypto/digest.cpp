#include "kit/crypto/digest.hpp"

#include <openssl/evp.h>

#include <cassert>

namespace steward {

Digest sha256(ByteView bytes) {
  Digest digest{};
  unsigned int length = 0;
  const int done = EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr);
  assert(done == 1 && length == digest.size());  // fails only without memory
  static_cast<void>(done);
  return digest;
}

std::string fingerprint(const PublicKey& key) {
  const std::string digits = hex(sha256(key));
  std::string out;
  for (std::size_t at = 0; at < 32; at += 4) out += (at == 0 ? "" : " ") + digits.substr(at, 4);
  return out;
}

}  // namespace steward
