#pragma once
#include <cstddef>

#include "contract/nouns/bytes.hpp"
#include "drivers/bus/heard.hpp"

namespace steward {

/// Takes everything received since our request's last byte apart.
///
///   [echo of our request 8][01 04 04 .. .. .. .. CRC][02 84 02 CRC]
///
/// Frames are taken from the first byte on, each where the one before ended; a frame is
/// never searched for at an offset, so noise that looks like a frame inside is none.
/// An RTU reply does not tell its length apart from a request's: a reply (5 + its
/// byte count) is tried first, then an 8-byte request of a foreign master.
/// An echo cannot be a reply: 8 bytes, and replies have an odd number.
/// request: our bytes, or empty where nothing is open. Pure. Thread: any.
Burst read_burst(ByteView request, ByteView bytes);

/// How many bytes a burst must have before it can be judged: up to the end of the
/// frame that answers `asked`, or of the next frame begun. Grows as foreign frames come.
/// request: `asked` as sent. Of a frame that seems to answer, the length is taken from
/// what was ASKED, never from a byte count on the wire.
std::size_t burst_length(const Asked& asked, ByteView request, ByteView so_far);

/// Takes the frame that begins at the first byte; nothing, and `bytes` stays, where none does.
std::optional<HeardFrame> take_rtu(ByteView& bytes);
/// How many bytes the frame that begins here has, as its own bytes say; 0: none can begin so.
std::size_t rtu_length(ByteView bytes);

/// A refusal as it is heard, RTU or TCP.
HeardFrame exception_frame(UnitAddress unit, std::uint8_t function, std::uint8_t code);

}  // namespace steward
