#pragma once
#include "kit/crypto/signing_key.hpp"
#include "tests/simulation/world.hpp"
#include "tests/support/test_keys.hpp"

namespace steward::simulation {

/// Ed25519 on both sides: the keys of RFC 8032, 7.1.
struct RealKeys {
  SigningKey gateway = test::gateway_key();
  SigningKey cloud = test::cloud_key();
  VerifyingKey cloud_verifier{cloud.public_key()};

  Keys keys() const { return {gateway, cloud, cloud_verifier}; }
};

}  // namespace steward::simulation
