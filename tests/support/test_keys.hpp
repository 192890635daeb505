#pragma once
#include "kit/crypto/digest.hpp"
#include "kit/crypto/signing_key.hpp"

namespace steward::test {

/// Keys anyone can look up, so that golden examples can be made again anywhere
/// and nobody takes them for secrets: the Ed25519 seeds of RFC 8032, 7.1.
inline std::array<std::uint8_t, 32> seed_from(std::string_view text) {
  std::array<std::uint8_t, 32> seed{};
  const auto bytes = from_hex(text);
  std::copy(bytes->begin(), bytes->end(), seed.begin());
  return seed;
}
/// TEST 1: signs what gateways sign.
inline SigningKey gateway_key() {
  return SigningKey::from_seed(seed_from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
}
/// TEST 2: signs what the cloud signs.
inline SigningKey cloud_key() {
  return SigningKey::from_seed(seed_from("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
}

}  // namespace steward::test
