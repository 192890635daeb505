#pragma once
#include "contract/nouns/bytes.hpp"
#include "contract/nouns/log.hpp"
#include "contract/nouns/result.hpp"
#include "contract/wire/seal.hpp"

namespace steward {

/// Which kind of record a block carries. Numbers are on the wire and are the
/// index of the alternative in `Records`.
enum class RecordKind : std::uint8_t {
  readings = 0,
  catalogue = 1,
  closings = 2,
  door_events = 3,
  patrol_scans = 4,
  edge_events = 5,
  hole = 6,
  frozen = 7,
};
constexpr RecordKind kind_of(const Records& records) { return static_cast<RecordKind>(records.index()); }

/// Whether a stream's log may hold this kind. Readings and telemetry hold
/// readings and their catalogue, readings also closings and frozen readings; doors, patrol and
/// events hold one kind each; a hole may stand in any.
bool fits(RecordKind kind, Stream stream);

/// How many records a block holds; a hole counts as the one record it is.
std::size_t count_of(const Records& records);

/// The place of a block in its log, read without a key.
struct BlockPlace {
  LogId log;
  Seq first;
  Seq last;
  Digest previous{};

  friend bool operator==(const BlockPlace&, const BlockPlace&) = default;
};

/// Encodes, chains (block.previous) and signs a block: docs/formats/blocks.md.
/// The same block and key give the same bytes on every machine. The next
/// block's `previous` is the SHA-256 of all bytes returned here.
///
/// Faults: full (longer than max_block_bytes: close it with fewer records, see
/// most_bytes_of), malformed (a field outside its limit, count and range
/// disagree, a kind that does not fit the stream): ours to mend, never sent.
Result<Bytes> encode_block(const Block& block, const Signer& signer);

/// The block in `bytes`, signature verified, every limit held before anything
/// is allocated. What it accepts, encode_block would write byte for byte.
///
/// Faults: malformed (not a block, or not ours in form), refused (wrong key or
/// changed on the way). Does not look at the chain: the log's owner does.
Result<Block> decode_block(ByteView bytes, const Verifier& verifier);

/// Whose block this claims to be, to find the key. Nothing here is proven yet.
/// Faults: malformed.
Result<BlockPlace> peek_block(ByteView bytes);

/// At most so many bytes does the record add to a block: add them up from
/// block_overhead_bytes to close a block before it passes max_block_bytes.
std::size_t most_bytes_of(const Reading& reading);
std::size_t most_bytes_of(const CatalogueEntry& entry);
std::size_t most_bytes_of(const DoorEvent& event);
std::size_t most_bytes_of(const PatrolScan& scan);
std::size_t most_bytes_of(const EdgeEvent& event);
std::size_t most_bytes_of(const FrozenReading& reading);
std::size_t most_bytes_of_sealed(ByteView closing);
inline constexpr std::size_t block_overhead_bytes = 512;

/// `text` as a record may carry it: UTF-8 (other bytes become '?') of at most
/// `most` bytes, cut between characters. For what a device or library said.
std::string fit_text(std::string_view text, std::size_t most);

}  // namespace steward
