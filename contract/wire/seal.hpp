#pragma once
#include "contract/nouns/bytes.hpp"
#include "contract/nouns/ids.hpp"

namespace steward {

/// Who signs. The contract knows no cryptography library; `kit/crypto` has the
/// key (SigningKey), tests may have a cheaper one.
/// Thread: any; signing changes nothing in the signer.
class Signer {
 public:
  virtual ~Signer() = default;
  /// Ed25519 (RFC 8032, 5.1) over `message` as it stands, not over a digest of it.
  virtual Signature sign(ByteView message) const = 0;
  virtual PublicKey public_key() const = 0;
};

/// Whose signatures are believed.
/// Thread: any.
class Verifier {
 public:
  virtual ~Verifier() = default;
  virtual bool verify(ByteView message, const Signature& signature) const = 0;
};

}  // namespace steward
