#include "edge/doors/door_facts.hpp"

#include <cassert>

namespace steward::door_facts {
namespace {

constexpr std::size_t event_first_byte = 8;
constexpr std::size_t event_end = 28;

EdgeEvent remark(const Origin& origin, std::string kind, std::string detail) {
  return {.at = origin.received_at,
          .kind = std::move(kind),
          .subject = origin.controller,
          .detail = std::move(detail)};
}

DoorEvent blank(const Origin& origin, std::uint32_t index, const std::vector<std::uint8_t>& raw) {
  DoorEvent event;
  event.controller = origin.controller;
  event.serial = origin.serial;
  event.index = index;
  event.generation = origin.generation;
  event.received_at = origin.received_at;
  event.raw = raw;
  return event;
}

std::string memory(const Origin& origin) { return "memory " + std::to_string(origin.generation); }

}  // namespace

DoorEvent stored(const ControllerEvent& event, const Origin& origin) {
  DoorEvent kept = blank(origin, event.index, event.raw);
  if (event.time) kept.controller_time_ms = Milliseconds(event.time->time_since_epoch()).count();
  kept.type = event.type;
  kept.granted = event.granted;
  kept.door = event.door;
  kept.direction = event.direction;
  kept.card = event.card;
  kept.reason = event.reason;
  return kept;
}

DoorEvent stored(const UnreadableEvent& event, const Origin& origin) {
  return blank(origin, event.index, event.raw);
}

std::uint64_t fingerprint(ByteView raw) {
  assert(raw.size() >= event_end);
  std::uint64_t mixed = 0xCBF29CE484222325U;
  for (const std::uint8_t byte : raw.subspan(event_first_byte, event_end - event_first_byte)) {
    mixed = (mixed ^ byte) * 0x100000001B3U;
  }
  return mixed == 0 ? 1 : mixed;
}

EdgeEvent gap(const Origin& origin, std::uint32_t first, std::uint32_t last) {
  return remark(origin, "door_gap",
                "events " + std::to_string(first) + " to " + std::to_string(last) + " of " + memory(origin) +
                    " were overwritten before they could be fetched");
}

EdgeEvent hole(const Origin& origin, std::uint32_t index) {
  return remark(origin, "door_hole",
                "the controller has no event " + std::to_string(index) + " in " + memory(origin) +
                    ", though it has newer ones");
}

EdgeEvent unreadable(const Origin& origin, const UnreadableEvent& event) {
  return remark(
      origin, "door_unreadable",
      "event " + std::to_string(event.index) + " of " + memory(origin) + " was kept as bytes: " + event.why);
}

EdgeEvent restarted(const Origin& origin, const std::string& why) {
  return remark(origin, "door_restarted", memory(origin) + " has ended: " + why);
}

EdgeEvent silent(const Origin& origin, const std::string& why) { return remark(origin, "door_silent", why); }

EdgeEvent back(const Origin& origin) { return remark(origin, "door_back", "the controller answers again"); }

}  // namespace steward::door_facts
