#include "drivers/doors/ut0311_codec.hpp"

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

#include "drivers/doors/match.hpp"

namespace steward::ut0311 {
namespace {

constexpr std::uint8_t type_now = 0x17;
constexpr std::uint8_t type_old = 0x19;
constexpr std::size_t function_at = 1;
constexpr std::size_t serial_at = 4;
constexpr std::size_t xid_at = 40;

constexpr std::uint8_t event_overwritten = 0xFF;

Error refused(std::string message) { return {Fault::refused, std::move(message)}; }
Error malformed(std::string message) { return {Fault::malformed, std::move(message)}; }

std::string hex_byte(std::uint8_t byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  return {'0', 'x', digits[byte >> 4], digits[byte & 0x0FU]};
}

std::optional<Function> known_function(std::uint8_t code) {
  constexpr Function all[] = {Function::status,    Function::set_time,       Function::time,
                              Function::open_door, Function::put_card,       Function::delete_card,
                              Function::card,      Function::special_events, Function::set_listener,
                              Function::listener,  Function::find,           Function::event};
  const auto* found = std::find(std::begin(all), std::end(all), static_cast<Function>(code));
  return found == std::end(all) ? std::nullopt : std::optional(*found);
}

Packet blank(std::uint8_t type, Function function, std::uint32_t serial, std::uint32_t xid) {
  Packet packet{};
  packet[0] = type;
  packet[function_at] = static_cast<std::uint8_t>(function);
  FieldWriter fields(packet);
  fields.u32(serial_at, serial);
  fields.u32(xid_at, xid);
  return packet;
}

Result<Packet> whole(ByteView bytes) {
  if (bytes.size() != packet_bytes) {
    return malformed("packet of " + std::to_string(bytes.size()) + " bytes, not 64");
  }
  Packet packet{};
  std::copy(bytes.begin(), bytes.end(), packet.begin());
  return packet;
}

void put_card_fields(FieldWriter& fields, const DoorCard& card) {
  fields.u32(8, card.number);
  fields.date(12, card.from);
  fields.date(16, card.to);
  for (std::size_t door = 0; door < card.permission.size(); ++door)
    fields.u8(20 + door, card.permission[door]);
  fields.u24(24, card.pin);
}

DoorCard card_fields(FieldReader& fields) {
  DoorCard card;
  card.number = fields.u32(8);
  card.from = fields.date(12, "from").value_or(CardDate{});
  card.to = fields.date(16, "to").value_or(CardDate{});
  for (std::size_t door = 0; door < card.permission.size(); ++door)
    card.permission[door] = fields.u8(20 + door);
  card.pin = fields.u24(24);
  return card;
}

void put_listener_fields(FieldWriter& fields, const EventListener& listener) {
  fields.ipv4(8, listener.address);
  fields.u16(12, listener.port);
  fields.u8(14, listener.every_s);
}

EventListener listener_fields(const FieldReader& fields) {
  return {.address = fields.ipv4(8), .port = fields.u16(12), .every_s = fields.u8(14)};
}

/// Offsets 8..27, the same in event replies, status replies and pushed events.
void put_event_fields(FieldWriter& fields, const EventLookup& lookup) {
  std::visit(Match{[](const NoEvent&) {}, [&](const OverwrittenEvent&) { fields.u8(12, event_overwritten); },
                   [](const UnreadableEvent&) { assert(false && "an unreadable event is never sent by us"); },
                   [&](const ControllerEvent& event) {
                     fields.u32(8, event.index);
                     fields.u8(12, event.type);
                     fields.boolean(13, event.granted);
                     fields.u8(14, event.door);
                     fields.u8(15, event.direction);
                     fields.u32(16, event.card);
                     fields.date_time(20, event.time);
                     fields.u8(27, event.reason);
                   }},
             lookup);
}

EventLookup event_fields(const Packet& packet) {
  FieldReader fields(packet);
  ControllerEvent event;
  event.index = fields.u32(8);
  event.type = fields.u8(12);
  if (event.type == event_overwritten) return OverwrittenEvent{};
  event.time = fields.date_time(20, "event time");
  // Boards answer "none" with index 0, or with the index asked for and nothing else.
  if (event.index == 0 || (event.type == 0 && !event.time && fields.ok())) return NoEvent{};
  event.granted = fields.boolean(13, "granted");
  event.door = fields.u8(14);
  if (event.door > 4) fields.fail("door", "is " + std::to_string(event.door) + ", above 4");
  event.direction = fields.u8(15);
  event.card = fields.u32(16);
  event.reason = fields.u8(27);
  event.raw.assign(packet.begin(), packet.end());
  if (!fields.ok()) return UnreadableEvent{event.index, std::move(event.raw), fields.why()};
  return event;
}

void put_status_fields(FieldWriter& fields, const StatusReply& reply) {
  put_event_fields(fields, reply.newest);
  fields.u32(8, reply.status.newest_index);
  for (std::size_t door = 0; door < 4; ++door) {
    fields.boolean(28 + door, reply.status.door_open[door]);
    fields.boolean(32 + door, reply.status.button_pressed[door]);
  }
  fields.u8(36, reply.status.system_error);
  fields.split_time(37, 51, reply.status.clock);
  fields.u8(48, reply.special);
  fields.u8(49, reply.status.relays);
  fields.u8(50, reply.status.inputs);
}

StatusReply status_fields(const Packet& packet, FieldReader& fields) {
  StatusReply reply;
  reply.status.newest_index = fields.u32(8);
  reply.newest = event_fields(packet);
  for (std::size_t door = 0; door < 4; ++door) {
    reply.status.door_open[door] = fields.boolean(28 + door, "door sensor");
    reply.status.button_pressed[door] = fields.boolean(32 + door, "button");
  }
  reply.status.system_error = fields.u8(36);
  reply.status.clock = fields.split_time(37, 51, "clock");
  reply.special = fields.u8(48);
  reply.status.relays = fields.u8(49);
  reply.status.inputs = fields.u8(50);
  return reply;
}

Request request_fields(Function function, FieldReader& fields) {
  switch (function) {
    case Function::find: return FindRequest{};
    case Function::status: return StatusRequest{};
    case Function::event: return EventRequest{fields.u32(8)};
    case Function::put_card: return PutCardRequest{card_fields(fields)};
    case Function::delete_card: return DeleteCardRequest{fields.u32(8)};
    case Function::card: return CardRequest{fields.u32(8)};
    case Function::open_door: return OpenDoorRequest{fields.u8(8)};
    case Function::set_time: {
      const auto time = fields.date_time(8, "time");
      if (!time) fields.fail("time", "is missing");
      return SetTimeRequest{time.value_or(ControllerTime{})};
    }
    case Function::time: return TimeRequest{};
    case Function::set_listener: return SetListenerRequest{listener_fields(fields)};
    case Function::listener: return ListenerRequest{};
    case Function::special_events: return SpecialEventsRequest{fields.boolean(8, "on")};
  }
  return FindRequest{};  // not reached: the function is known
}

void put_request_fields(FieldWriter& fields, const Request& request) {
  std::visit(Match{[](const auto&) {}, [&](const EventRequest& event) { fields.u32(8, event.index); },
                   [&](const PutCardRequest& put) { put_card_fields(fields, put.card); },
                   [&](const DeleteCardRequest& gone) { fields.u32(8, gone.card); },
                   [&](const CardRequest& asked) { fields.u32(8, asked.card); },
                   [&](const OpenDoorRequest& open) { fields.u8(8, open.door); },
                   [&](const SetTimeRequest& set) { fields.date_time(8, set.time); },
                   [&](const SetListenerRequest& set) { put_listener_fields(fields, set.listener); },
                   [&](const SpecialEventsRequest& special) { fields.boolean(8, special.on); }},
             request);
}

FoundController found_fields(FieldReader& fields) {
  FoundController found{.address = fields.ipv4(8), .mask = fields.ipv4(12), .gateway = fields.ipv4(16)};
  for (std::size_t i = 0; i < found.mac.size(); ++i) found.mac[i] = fields.u8(20 + i);
  found.version = static_cast<std::uint16_t>(fields.u8(26) << 8 | fields.u8(27));
  found.released = fields.date(28, "release date");
  return found;
}

Result<Reply> card_reply(FieldReader& fields, std::uint32_t asked, std::uint8_t doors) {
  const std::uint32_t number = fields.u32(8);
  if (number == 0) return CardReply{};
  if (number != asked) return refused("it is about card " + std::to_string(number));
  const DoorCard card = card_fields(fields);
  if (!fields.ok()) return malformed(fields.why());
  if (auto checked = check_card(card, doors); !checked) return malformed(checked.error().message);
  return CardReply{card};
}

/// An index names the event asked for, or 0 when there is none; the special
/// indices 0 and 0xFFFFFFFF are answered with the event's own.
Result<Reply> event_reply(const Packet& packet, const FieldReader& fields, std::uint32_t asked) {
  const std::uint32_t index = fields.u32(8);
  const bool special = asked == oldest_event || asked == newest_event;
  if (!special && index != asked && index != 0) {
    return refused("it is about event " + std::to_string(index));
  }
  return EventReply{index, event_fields(packet)};
}

Result<Reply> reply_fields(const Packet& packet, const Question& question) {
  FieldReader fields(packet);
  const std::uint8_t doors = doors_of(fields.u32(serial_at)).value_or(4);
  auto reply = std::visit(
      Match{[&](const FindRequest&) -> Result<Reply> { return found_fields(fields); },
            [&](const StatusRequest&) -> Result<Reply> { return status_fields(packet, fields); },
            [&](const EventRequest& asked) { return event_reply(packet, fields, asked.index); },
            [&](const CardRequest& asked) { return card_reply(fields, asked.card, doors); },
            [&](const SetTimeRequest&) -> Result<Reply> { return TimeReply{fields.date_time(8, "time")}; },
            [&](const TimeRequest&) -> Result<Reply> { return TimeReply{fields.date_time(8, "time")}; },
            [&](const ListenerRequest&) -> Result<Reply> { return ListenerReply{listener_fields(fields)}; },
            [&](const auto&) -> Result<Reply> { return DoneReply{fields.boolean(8, "ok")}; }},
      question.request);
  if (reply && !fields.ok()) return malformed(fields.why());
  return reply;
}

}  // namespace

Function function_of(const Request& request) {
  return std::visit(Match{[](const FindRequest&) { return Function::find; },
                          [](const StatusRequest&) { return Function::status; },
                          [](const EventRequest&) { return Function::event; },
                          [](const PutCardRequest&) { return Function::put_card; },
                          [](const DeleteCardRequest&) { return Function::delete_card; },
                          [](const CardRequest&) { return Function::card; },
                          [](const OpenDoorRequest&) { return Function::open_door; },
                          [](const SetTimeRequest&) { return Function::set_time; },
                          [](const TimeRequest&) { return Function::time; },
                          [](const SetListenerRequest&) { return Function::set_listener; },
                          [](const ListenerRequest&) { return Function::listener; },
                          [](const SpecialEventsRequest&) { return Function::special_events; }},
                    request);
}

Result<Packet> encode_request(std::uint32_t serial, std::uint32_t xid, const Request& request) {
  const auto doors = doors_of(serial);
  const bool to_all = serial == 0 && std::holds_alternative<FindRequest>(request);
  if (!doors && !to_all) return refused("no controller has the serial " + std::to_string(serial));
  if (auto checked = check_request(request, doors.value_or(4)); !checked) return checked.error();
  Packet packet = blank(type_now, function_of(request), serial, xid);
  FieldWriter fields(packet);
  put_request_fields(fields, request);
  return packet;
}

Result<AddressedRequest> decode_request(ByteView bytes) {
  const auto packet = whole(bytes);
  if (!packet) return packet.error();
  if ((*packet)[0] != type_now) return malformed("first byte " + hex_byte((*packet)[0]) + ", not 0x17");
  const auto function = known_function((*packet)[function_at]);
  if (!function) return malformed("unknown function " + hex_byte((*packet)[function_at]));
  FieldReader fields(*packet);
  AddressedRequest addressed{fields.u32(serial_at), fields.u32(xid_at), request_fields(*function, fields)};
  if (!fields.ok()) return malformed(fields.why());
  const auto doors = doors_of(addressed.serial);
  if (!doors && !(addressed.serial == 0 && *function == Function::find)) {
    return malformed("no controller has the serial " + std::to_string(addressed.serial));
  }
  if (auto checked = check_request(addressed.request, doors.value_or(4)); !checked) {
    return malformed(checked.error().message);
  }
  return addressed;
}

Packet encode_reply(std::uint32_t serial, std::uint32_t xid, Function function, const Reply& reply) {
  Packet packet = blank(type_now, function, serial, xid);
  FieldWriter fields(packet);
  std::visit(Match{[&](const FoundController& found) {
                     fields.ipv4(8, found.address);
                     fields.ipv4(12, found.mask);
                     fields.ipv4(16, found.gateway);
                     for (std::size_t i = 0; i < found.mac.size(); ++i) fields.u8(20 + i, found.mac[i]);
                     fields.u8(26, static_cast<std::uint8_t>(found.version >> 8));
                     fields.u8(27, static_cast<std::uint8_t>(found.version));
                     fields.date(28, found.released);
                   },
                   [&](const StatusReply& status) { put_status_fields(fields, status); },
                   [&](const EventReply& event) {
                     put_event_fields(fields, event.event);
                     fields.u32(8, event.index);
                   },
                   [&](const CardReply& card) {
                     if (card.card) put_card_fields(fields, *card.card);
                   },
                   [&](const TimeReply& time) { fields.date_time(8, time.time); },
                   [&](const ListenerReply& listener) { put_listener_fields(fields, listener.listener); },
                   [&](const DoneReply& done) { fields.boolean(8, done.ok); }},
             reply);
  return packet;
}

Result<Reply> decode_reply(ByteView bytes, const Question& question) {
  const auto packet = whole(bytes);
  if (!packet) return refused(packet.error().message);
  const Function function = function_of(question.request);
  const std::uint8_t type = (*packet)[0];
  if (type != type_now && !(type == type_old && function == Function::status)) {
    return refused("first byte " + hex_byte(type) + ", not 0x17");
  }
  if ((*packet)[function_at] != static_cast<std::uint8_t>(function)) {
    return refused("it answers function " + hex_byte((*packet)[function_at]));
  }
  const FieldReader fields(*packet);
  const bool from_anyone = question.serial == 0 && doors_of(fields.u32(serial_at));
  if (fields.u32(serial_at) != question.serial && !from_anyone) {
    return refused("it is from controller " + std::to_string(fields.u32(serial_at)));
  }
  if (question.rule == XidRule::echoed && fields.u32(xid_at) != question.xid) {
    return refused("it answers transaction " + std::to_string(fields.u32(xid_at)));
  }
  return reply_fields(*packet, question);
}

Result<PushedEvent> decode_push(ByteView bytes) {
  const auto packet = whole(bytes);
  if (!packet) return packet.error();
  if ((*packet)[0] != type_now && (*packet)[0] != type_old) {
    return malformed("first byte " + hex_byte((*packet)[0]) + ", not 0x17 or 0x19");
  }
  if ((*packet)[function_at] != static_cast<std::uint8_t>(Function::status)) {
    return malformed("function " + hex_byte((*packet)[function_at]) + ", not 0x20");
  }
  FieldReader fields(*packet);
  PushedEvent push{fields.u32(serial_at), status_fields(*packet, fields)};
  if (!doors_of(push.serial)) return malformed("no controller has the serial " + std::to_string(push.serial));
  if (!fields.ok()) return malformed(fields.why());
  return push;
}

Packet encode_push(std::uint32_t serial, std::uint32_t sequence, const StatusReply& status, bool old_type) {
  Packet packet = encode_reply(serial, sequence, Function::status, status);
  if (old_type) packet[0] = type_old;
  return packet;
}

}  // namespace steward::ut0311
