#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <variant>

#include "drivers/doors/door_records.hpp"

/// What is asked of a UT0311-L0x board and what it answers, as values.
namespace steward::ut0311 {

enum class Function : std::uint8_t {
  status = 0x20,  // also the code of a pushed event
  set_time = 0x30,
  time = 0x32,
  open_door = 0x40,
  put_card = 0x50,
  delete_card = 0x52,
  card = 0x5A,
  special_events = 0x8E,
  set_listener = 0x90,
  listener = 0x92,
  find = 0x94,
  event = 0xB0,
};

struct FindRequest {
  friend bool operator==(const FindRequest&, const FindRequest&) = default;
};
struct StatusRequest {
  friend bool operator==(const StatusRequest&, const StatusRequest&) = default;
};
struct EventRequest {
  std::uint32_t index = 0;  // 0 oldest, 0xFFFFFFFF newest
  friend bool operator==(const EventRequest&, const EventRequest&) = default;
};
struct PutCardRequest {
  DoorCard card;
  friend bool operator==(const PutCardRequest&, const PutCardRequest&) = default;
};
struct DeleteCardRequest {
  std::uint32_t card = 0;
  friend bool operator==(const DeleteCardRequest&, const DeleteCardRequest&) = default;
};
struct CardRequest {
  std::uint32_t card = 0;
  friend bool operator==(const CardRequest&, const CardRequest&) = default;
};
struct OpenDoorRequest {
  std::uint8_t door = 0;  // from 1
  friend bool operator==(const OpenDoorRequest&, const OpenDoorRequest&) = default;
};
struct SetTimeRequest {
  ControllerTime time{};
  friend bool operator==(const SetTimeRequest&, const SetTimeRequest&) = default;
};
struct TimeRequest {
  friend bool operator==(const TimeRequest&, const TimeRequest&) = default;
};
struct SetListenerRequest {
  EventListener listener;
  friend bool operator==(const SetListenerRequest&, const SetListenerRequest&) = default;
};
struct ListenerRequest {
  friend bool operator==(const ListenerRequest&, const ListenerRequest&) = default;
};
struct SpecialEventsRequest {
  bool on = false;
  friend bool operator==(const SpecialEventsRequest&, const SpecialEventsRequest&) = default;
};
using Request = std::variant<FindRequest, StatusRequest, EventRequest, PutCardRequest, DeleteCardRequest,
                             CardRequest, OpenDoorRequest, SetTimeRequest, TimeRequest, SetListenerRequest,
                             ListenerRequest, SpecialEventsRequest>;

Function function_of(const Request& request);

struct FoundController {
  std::array<std::uint8_t, 4> address{};
  std::array<std::uint8_t, 4> mask{};
  std::array<std::uint8_t, 4> gateway{};
  std::array<std::uint8_t, 6> mac{};
  std::uint16_t version = 0;  // BCD: 0x0892 = v8.92
  std::optional<CardDate> released;
  friend bool operator==(const FoundController&, const FoundController&) = default;
};
struct StatusReply {
  ControllerStatus status;
  EventLookup newest = NoEvent{};
  std::uint8_t special = 0;  // last key of a keypad
  friend bool operator==(const StatusReply&, const StatusReply&) = default;
};
struct EventReply {
  std::uint32_t index = 0;  // as on the wire
  EventLookup event = NoEvent{};
  friend bool operator==(const EventReply&, const EventReply&) = default;
};
struct CardReply {
  std::optional<DoorCard> card;  // none: unknown to the board
  friend bool operator==(const CardReply&, const CardReply&) = default;
};
struct TimeReply {
  std::optional<ControllerTime> time;  // none: never set
  friend bool operator==(const TimeReply&, const TimeReply&) = default;
};
struct ListenerReply {
  EventListener listener;
  friend bool operator==(const ListenerReply&, const ListenerReply&) = default;
};
struct DoneReply {  // to put, delete, open, set listener, special events
  bool ok = false;
  friend bool operator==(const DoneReply&, const DoneReply&) = default;
};
using Reply =
    std::variant<FoundController, StatusReply, EventReply, CardReply, TimeReply, ListenerReply, DoneReply>;

}  // namespace steward::ut0311
