#pragma once
#include "contract/nouns/log.hpp"
#include "contract/wire/block_codec.hpp"
#include "contract/wire/cbor.hpp"

namespace steward {

/// The records of a block in their kind's form: readings as columns, everything
/// else as an array of rows, a hole as one row (docs/formats/blocks.md).
void write_records(CborWriter& out, const Records& records);

/// Reads the records for the places first..last, which the caller has checked
/// to be a range. Nothing is allocated beyond what the bytes left can hold.
Records read_records(CborReader& in, RecordKind kind, Seq first, Seq last);

}  // namespace steward
