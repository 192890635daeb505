#pragma once
#include <cstdint>
#include <functional>
#include <optional>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/result.hpp"

namespace steward::sim {

/// Frames of Chinese meters as a meter writes them: the simulator's own, so that nothing of the
/// drivers' codecs is behind what they are tested with. Sources: DL/T 645-2007, 5.2 and 7;
/// CJ/T 188, frame format.
///
///   dlt645  FE.. | 68 | address x 6        | 68 | C | L | data, + 33 each | sum | 16
///   cjt188  FE.. | 68 | type, address x 7  | C  | L | data                | sum | 16
enum class ItemSpeech : std::uint8_t { dlt645, cjt188 };

/// From the first 68 to the data's end: what is left of a frame when FE, sum and end are taken off.
/// Empty: `heard` is not exactly one whole frame with a right sum.
ByteView item_body(ItemSpeech speech, ByteView heard);
/// How many bytes the frame at the front has, FE included, as far as can be told; 0: none begins so.
std::size_t item_length(ItemSpeech speech, ByteView so_far);
/// The frame around a body.
Bytes item_frame(ByteView body, std::size_t preamble);

/// Where a body has what.
std::size_t control_at(ItemSpeech speech);
std::size_t data_at(ItemSpeech speech);

/// The meter's number in a body: dlt645 its 12 digits, cjt188 type x 10^14 + 14 digits, as
/// UnitAddress has them; nothing for wildcards and bytes that are no digits.
std::optional<std::uint64_t> number_in(ItemSpeech speech, ByteView body);
/// Writes a number over the address of a body.
void put_number(ItemSpeech speech, std::uint64_t number, Bytes& body);
/// Whether a meter of this number has to answer a body's address: equal but for wildcards (AA).
bool addressed(ItemSpeech speech, ByteView body, std::uint64_t number);

/// A meter's manners on the line.
struct ItemManners {
  std::uint64_t number = 0;     // as number_in gives it
  std::size_t preamble = 4;     // FE before its replies; 0: none
  std::size_t most_data = 196;  // dlt645: bytes of an item in one frame (200 with its identifier); even
  bool low_first = false;       // cjt188: knows identifiers as 1F 90 (2018) instead of 90 1F (2004)
};

/// The bytes of an item as on the wire, identifier (0x00010000, 0x901F) taken off. A fault chooses
/// what the wire sees: retry silence, unsupported "no such data", others "other error".
using ItemSource = std::function<Result<Bytes>(std::uint32_t identifier)>;

/// What a DL/T 645 meter says: reads (0x11), what follows them (0x12), its address (0x13). It is
/// silent to other addresses, broadcasts, writes and whatever is no frame.
Bytes dlt645_answer(const ItemManners& manners, ByteView heard, const ItemSource& item);
/// What a CJ/T 188 meter says: reads (0x01), with SER given back, and its address (0x03).
Bytes cjt188_answer(const ItemManners& manners, ByteView heard, const ItemSource& item);

}  // namespace steward::sim
