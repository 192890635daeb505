#pragma once
#include <cstdint>
#include <string>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/ids.hpp"
#include "contract/nouns/reading.hpp"
#include "contract/nouns/result.hpp"
#include "drivers/decode/register_span.hpp"

namespace steward {

/// How a request and its reply are wrapped.
enum class Framing : std::uint8_t {
  rtu,   // unit, PDU, CRC-16: MODBUS over Serial Line V1.02, 2.5.1
  mbap,  // 7-byte header with a transaction id, PDU: MODBUS Messaging on TCP/IP V1.0b, 3.1.3
};

/// The one request that is open on a bus: all that a reply can be checked against.
struct OpenRequest {
  Framing framing = Framing::rtu;
  std::uint16_t transaction = 0;  // mbap only
  UnitAddress unit;               // 1..247
  RegisterSpan span;

  friend bool operator==(const OpenRequest&, const OpenRequest&) = default;
};

/// CRC-16 of serial lines: polynomial 0xA001 (reflected 0x8005), start 0xFFFF
/// (MODBUS over Serial Line V1.02, 6.2.2). Sent low byte first.
std::uint16_t crc16(ByteView bytes);

/// The request as it goes over the wire.
///
///   RTU   01 | 04 | 00 00 | 00 02 | 71 CB
///         unit fc   first   count   CRC, low byte first
///   MBAP  00 07 | 00 00 | 00 06 | 01 | 04 | 00 00 | 00 02
///         trans.  proto   length  unit fc   first   count
/// A request outside 1..247 or 1..125 is our bug (asserted).
Bytes encode_request(const OpenRequest& open);

/// How many bytes a right reply has: RTU 5 + 2n, MBAP 9 + 2n.
std::size_t reply_bytes(const OpenRequest& open);

/// What an exception means (MODBUS Application Protocol V1.1b3, 7) and so what the caller does next:
/// unsupported (0x01 to 0x03: it will never serve this), else retry.
Error exception_error(std::uint8_t code);

/// Decides whether a burst answers the open request. The only door through which
/// registers enter the edge.
///
///   01 | 04 | 04 | 43 66 33 34 | 1B 38     reply to the request above: 230.2 V as f32
///   01 | 84 | 02 | C2 C1                   exception 0x02: no such register
///
/// burst: everything received since the request's last byte left, nothing removed.
/// Accepted only if it is exactly one frame: unit, function, byte count, CRC (or
/// protocol, length and transaction id) and total length as asked. Never searches
/// for a frame at an offset.
/// Faults: unsupported (exceptions 0x01, 0x02, 0x03), retry (other exceptions:
/// busy, gateway; and an empty burst: silence), malformed (everything else; the
/// message says which byte).
/// Pure. Thread: any.
Result<Words> accept_reply(const OpenRequest& open, ByteView burst);

}  // namespace steward
