#pragma once
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/log.hpp"
#include "contract/nouns/reading.hpp"
#include "contract/nouns/result.hpp"
#include "contract/wire/seal.hpp"

namespace steward {

/// Seals one closing record by itself, so that a proof can show it without its
/// neighbours: COSE_Sign1 over a CBOR map (docs/formats/blocks.md, Closing).
/// Faults: malformed (a field outside its limit).
Result<Bytes> seal_closing(const Closing& closing, const Signer& signer);

/// Faults: malformed (not a closing, or longer than 1 KiB), refused (wrong key
/// or changed on the way).
Result<Closing> open_closing(ByteView bytes, const Verifier& verifier);

/// The closings of a block of SealedClosings, each verified, and each naming
/// the block's own log and its own place in it (first, first + 1, ...): a
/// closing of another log or place was copied there.
/// Faults: malformed, refused; the message names the seq.
Result<std::vector<Closing>> open_closings(const Block& block, const Verifier& verifier);

}  // namespace steward
