#pragma once
#include <cstdint>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/result.hpp"
#include "drivers/doors/ut0311_fields.hpp"
#include "drivers/doors/ut0311_limits.hpp"
#include "drivers/doors/ut0311_messages.hpp"

/// The 64-byte packets of UT0311-L0x door controllers (微耕 "短报文"), both ways:
/// the driver writes requests and reads replies, the simulator the other way
/// round. Pure. Field table with worked bytes: docs/formats/doors.md. Source of
/// the facts: the uhppoted projects' models and tests, and a public vendor sample.
///
///     0  type   0x17 (0x19: events of firmware 6.62)
///     1  function
///     4  serial of the controller, u32 little-endian; 0 = all, find only
///     8  fields of the function
///    40  transaction number ("xid"), u32 little-endian; boards repeat it
namespace steward::ut0311 {

inline constexpr std::uint16_t controller_port = 60000;

/// The packet that asks `request` of the board `serial` (0 only for find).
/// Fault refused when the board could never do it as meant: a door it has not, a
/// card number or PIN out of range, dates reversed, a year outside 2002..2099.
Result<Packet> encode_request(std::uint32_t serial, std::uint32_t xid, const Request& request);

struct AddressedRequest {
  std::uint32_t serial = 0;
  std::uint32_t xid = 0;
  Request request;
  friend bool operator==(const AddressedRequest&, const AddressedRequest&) = default;
};
/// What a packet sent to a board asks. Fault malformed: not 64 bytes, not type
/// 0x17, unknown function, or a field encode_request would have refused.
Result<AddressedRequest> decode_request(ByteView bytes);

/// The packet by which the board `serial` answers. Event and card fields must be
/// in range (asserted): this side is ours.
Packet encode_reply(std::uint32_t serial, std::uint32_t xid, Function function, const Reply& reply);

/// Which transaction number a reply must carry.
enum class XidRule : std::uint8_t {
  echoed,  // the request's own: what the vendor's client insists on
  any,     // boards and simulators that do not repeat it. Safe only when every
           // request is sent from a socket of its own, which ut0311.hpp does.
};

struct Question {
  std::uint32_t serial = 0;
  std::uint32_t xid = 0;
  XidRule rule = XidRule::echoed;
  Request request;
};

/// What `bytes` answers to `question`. Fault refused: not an answer to this
/// question (length, type, function, serial, xid, event index or card number
/// differ): pass it over and keep waiting. Fault malformed: it is the answer and
/// a field in it cannot be true. An event whose own fields cannot be true is no
/// fault but an UnreadableEvent, since asking again would not help.
Result<Reply> decode_reply(ByteView bytes, const Question& question);

struct PushedEvent {
  std::uint32_t serial = 0;
  StatusReply status;
  friend bool operator==(const PushedEvent&, const PushedEvent&) = default;
};
/// A packet a board sent on its own: function 0x20, type 0x17 or 0x19. It is a
/// hint that there is something to fetch, never the event itself: it is neither
/// acknowledged nor repeated, and anyone on the network can forge it.
/// Fault malformed.
Result<PushedEvent> decode_push(ByteView bytes);
/// `old_type`: with first byte 0x19, as firmware 6.62 does.
Packet encode_push(std::uint32_t serial, std::uint32_t sequence, const StatusReply& status, bool old_type);

}  // namespace steward::ut0311
