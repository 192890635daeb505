// Any bytes at all, read as a request, as each reply and as a pushed event: never
// a crash, and what is accepted is written and read again to the same value.
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "drivers/doors/ut0311_codec.hpp"

using namespace steward;
using namespace steward::ut0311;

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

bool is_unreadable(const EventLookup& event) { return std::holds_alternative<UnreadableEvent>(event); }

/// The packet's own bytes may hold junk that is not written again.
void forget_raw(EventLookup& event) {
  if (auto* found = std::get_if<ControllerEvent>(&event)) found->raw.clear();
}
void forget_raw(Reply& reply) {
  if (auto* event = std::get_if<EventReply>(&reply)) forget_raw(event->event);
  if (auto* status = std::get_if<StatusReply>(&reply)) forget_raw(status->newest);
}
bool can_be_sent(const Reply& reply) {
  if (const auto* event = std::get_if<EventReply>(&reply)) return !is_unreadable(event->event);
  if (const auto* status = std::get_if<StatusReply>(&reply)) return !is_unreadable(status->newest);
  return true;
}

void as_request(ByteView bytes) {
  const auto first = decode_request(bytes);
  if (!first) return;
  const auto packet = encode_request(first->serial, first->xid, first->request);
  must(static_cast<bool>(packet));
  const auto second = decode_request(*packet);
  must(second && *second == *first);
}

void as_reply(ByteView bytes, const Request& request) {
  Packet packet{};
  std::copy(bytes.begin(), bytes.end(), packet.begin());
  const FieldReader fields(packet);
  const Question question{fields.u32(4), fields.u32(40), XidRule::echoed, request};
  auto first = decode_reply(bytes, question);
  if (!first || !can_be_sent(*first)) return;
  auto second =
      decode_reply(encode_reply(question.serial, question.xid, function_of(request), *first), question);
  must(static_cast<bool>(second));
  forget_raw(*first);
  forget_raw(*second);
  must(*first == *second);
}

void as_push(ByteView bytes) {
  auto first = decode_push(bytes);
  if (!first || is_unreadable(first->status.newest)) return;
  auto second = decode_push(encode_push(first->serial, 9, first->status, true));
  must(static_cast<bool>(second));
  forget_raw(first->status.newest);
  forget_raw(second->status.newest);
  must(*first == *second);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  as_request(bytes);
  as_push(bytes);
  if (size != packet_bytes) return 0;
  Packet packet{};
  std::copy(bytes.begin(), bytes.end(), packet.begin());
  const std::uint32_t named = FieldReader(packet).u32(8);
  for (const Request& request :
       {Request(FindRequest{}), Request(StatusRequest{}), Request(EventRequest{named}),
        Request(EventRequest{newest_event}), Request(CardRequest{named}), Request(TimeRequest{}),
        Request(ListenerRequest{}), Request(OpenDoorRequest{1})}) {
    as_reply(bytes, request);
  }
  return 0;
}
