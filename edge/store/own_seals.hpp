#pragma once
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "contract/wire/seal.hpp"

namespace steward {

/// Says whether a block was sealed by this gateway, with the key it has or one it had.
///
/// Ed25519 signs the same message to the same bytes (RFC 8032, 5.1.6), so the present key signs again and
/// compares: half the cost of verifying. Thread: any; the signer must outlive it.
class OwnSeals {
 public:
  OwnSeals(const Signer& signer, std::vector<PublicKey> earlier)
      : signer_(signer), earlier_(std::move(earlier)) {}

  bool hold(ByteView block) const;

 private:
  const Signer& signer_;
  std::vector<PublicKey> earlier_;
};

}  // namespace steward
