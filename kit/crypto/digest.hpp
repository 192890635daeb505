#pragma once
#include "contract/nouns/bytes.hpp"
#include "contract/nouns/ids.hpp"
#include "contract/text/hex_text.hpp"  // hex(), from_hex()

namespace steward {

/// SHA-256 (FIPS 180-4) of all of `bytes`. Thread: any.
Digest sha256(ByteView bytes);

/// What two people read to each other to know that they mean the same key: the first 128 bits of its
/// SHA-256 as "3f2a 91bc ...", eight groups of four hex digits.
std::string fingerprint(const PublicKey& key);

}  // namespace steward
