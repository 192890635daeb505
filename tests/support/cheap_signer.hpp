#pragma once
#include <algorithm>

#include "contract/wire/seal.hpp"

namespace steward::test {

/// A checksum where a signature goes: for the many messages of a property test,
/// whose subject is the codec and not the curve. Proves nothing to anyone.
class CheapSigner : public Signer, public Verifier {
 public:
  Signature sign(ByteView message) const override {
    Signature signature{};
    std::uint64_t hash = 14695981039346656037U;  // FNV-1a
    for (const std::uint8_t byte : message) hash = (hash ^ byte) * 1099511628211U;
    for (std::size_t i = 0; i < 8; ++i) signature[i] = static_cast<std::uint8_t>(hash >> (8 * i));
    return signature;
  }
  PublicKey public_key() const override { return {}; }
  bool verify(ByteView message, const Signature& signature) const override {
    return sign(message) == signature;
  }
};

/// Puts a given signature back: what was opened can be sealed again byte for byte.
class ReplayedSignature : public Signer {
 public:
  explicit ReplayedSignature(ByteView sealed) {
    if (sealed.size() >= signature_.size()) {
      std::copy(sealed.end() - static_cast<std::ptrdiff_t>(signature_.size()), sealed.end(),
                signature_.begin());
    }
  }
  Signature sign(ByteView) const override { return signature_; }
  PublicKey public_key() const override { return {}; }

 private:
  Signature signature_{};
};

/// Believes everyone: lets a fuzzer past the signature, to the parser behind it.
class Credulous : public Verifier {
 public:
  bool verify(ByteView, const Signature&) const override { return true; }
};

}  // namespace steward::test
