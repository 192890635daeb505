#include "edge/store/own_seals.hpp"

#include <algorithm>

#include "contract/nouns/log.hpp"
#include "contract/wire/envelope.hpp"
#include "kit/crypto/signing_key.hpp"

namespace steward {

bool OwnSeals::hold(ByteView block) const {
  const auto envelope = unwrap(content_type::block, block, max_block_bytes);
  if (!envelope) return false;
  if (std::ranges::equal(seal(content_type::block, envelope->payload, signer_), block)) return true;
  return std::ranges::any_of(earlier_, [&](const PublicKey& key) {
    return static_cast<bool>(unseal(content_type::block, block, max_block_bytes, VerifyingKey(key)));
  });
}

}  // namespace steward
