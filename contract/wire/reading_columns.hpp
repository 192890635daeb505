#pragma once
#include <vector>

#include "contract/nouns/reading.hpp"
#include "contract/wire/cbor.hpp"

namespace steward {

/// Readings as columns (docs/formats/blocks.md, Readings): what neighbours share
/// is said once per run, what grows slowly is said as a difference.
void write_readings(CborWriter& out, const std::vector<Reading>& readings);

/// Exactly `count` readings (at most max_block_records, checked by the caller).
/// A run that is not as long as it can be stops the reader: one block, one encoding.
std::vector<Reading> read_readings(CborReader& in, std::size_t count);

/// 16-bit registers as octets, high first, as they came over the wire.
void write_words(CborWriter& out, const Words& words);
Words read_words(CborReader& in);

}  // namespace steward
