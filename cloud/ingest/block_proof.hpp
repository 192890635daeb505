#pragma once
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "contract/wire/block_codec.hpp"
#include "kit/crypto/signing_key.hpp"

namespace steward {

/// What a block is worth by itself, under one key: all that needs no database and takes
/// the time (a signature 170 us, decoding 40 ns a reading), so that it can be done beside
/// the thread that books.
struct BlockProof {
  PublicKey key{};      // under which it was looked at
  Digest hash{};        // SHA-256 of all bytes
  bool proven = false;  // the key's owner signed these bytes
  /// The block, read whole. Faults: malformed (proven, but not to be read), refused (not proven).
  Result<Block> block = Error{};
  /// Its closings when it holds any, each signed and in its place; else none. Faults: as open_closings.
  Result<std::vector<Closing>> closings = std::vector<Closing>{};
};

/// Pure. Thread: any.
BlockProof prove_block(ByteView bytes, const VerifyingKey& key);

}  // namespace steward
