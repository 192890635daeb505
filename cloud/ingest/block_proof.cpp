#include "cloud/ingest/block_proof.hpp"

#include "contract/wire/closing_codec.hpp"
#include "contract/wire/envelope.hpp"
#include "kit/crypto/digest.hpp"

namespace steward {

BlockProof prove_block(ByteView bytes, const VerifyingKey& key) {
  BlockProof proof{.key = key.public_key(), .hash = sha256(bytes)};
  proof.block = decode_block(bytes, key);
  if (!proof.block) {
    // Signed by its gateway, yet not to be read: ours or its own mistake, but no forgery.
    proof.proven = static_cast<bool>(unseal(content_type::block, bytes, max_block_bytes, key));
    return proof;
  }
  proof.proven = true;
  if (kind_of(proof.block->records) == RecordKind::closings)
    proof.closings = open_closings(*proof.block, key);
  return proof;
}

}  // namespace steward
