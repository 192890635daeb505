#pragma once
// What door controllers hold and say, as values. Pure; the seam that waits for
// them is door_controller.hpp.
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace steward {

/// A controller's own clock: local time without zone or summer time, whole
/// seconds. A type of its own, so that it is never taken for an Instant.
using ControllerTime = std::chrono::local_seconds;
using CardDate = std::chrono::year_month_day;

/// Who may pass which door, as the controller keeps it.
struct DoorCard {
  std::uint32_t number = 0;  // never 0, 0x00FFFFFF or 0xFFFFFFFF: boards use these as marks
  CardDate from{};           // first day, in the controller's local time; year 2002..2099
  CardDate to{};             // last day, included; not before `from`
  /// Per door: 0 never, 1 always, 2..254 a time profile. A profile that does not
  /// exist on the board OPENS the door, so a caller must write profiles first.
  std::array<std::uint8_t, 4> permission{};
  std::uint32_t pin = 0;  // 0 none, else 1..999999

  friend bool operator==(const DoorCard&, const DoorCard&) = default;
};

/// One record of a controller's event memory.
struct ControllerEvent {
  std::uint32_t index = 0;  // in that memory, from 1
  std::uint8_t type = 0;    // 1 swipe, 2 door/button/remote, 3 alarm; others are kept as they are
  bool granted = false;
  std::uint8_t door = 0;
  std::uint8_t direction = 0;          // 1 in, 2 out
  std::uint32_t card = 0;              // card number, or a code when type is 2 or 3
  std::optional<ControllerTime> time;  // none: the board had no time
  std::uint8_t reason = 0;             // contract/nouns/door_reason.hpp
  std::vector<std::uint8_t> raw;       // the 64-byte packet it was read from

  friend bool operator==(const ControllerEvent&, const ControllerEvent&) = default;
};

/// There is no event at that index (memory empty, or index past the newest).
struct NoEvent {
  friend bool operator==(const NoEvent&, const NoEvent&) = default;
};
/// There was one, and newer ones have taken its place.
struct OverwrittenEvent {
  friend bool operator==(const OverwrittenEvent&, const OverwrittenEvent&) = default;
};
/// The reply is to our question, yet a field in it cannot be true (month 13, a
/// bool of 7). Asking again gives the same bytes: keep them as evidence.
struct UnreadableEvent {
  std::uint32_t index = 0;
  std::vector<std::uint8_t> raw;  // the 64-byte packet
  std::string why;
  friend bool operator==(const UnreadableEvent&, const UnreadableEvent&) = default;
};
using EventLookup = std::variant<ControllerEvent, NoEvent, OverwrittenEvent, UnreadableEvent>;

/// Special arguments of DoorController::event().
inline constexpr std::uint32_t oldest_event = 0;
inline constexpr std::uint32_t newest_event = 0xFFFFFFFF;

struct ControllerStatus {
  std::uint32_t newest_index = 0;  // 0: the event memory is empty
  std::array<bool, 4> door_open{};
  std::array<bool, 4> button_pressed{};
  std::uint8_t system_error = 0;        // not 0: set the clock first, else have it repaired
  std::optional<ControllerTime> clock;  // none: never set
  std::uint8_t relays = 0;              // bit 0 = door 1 unlocked
  std::uint8_t inputs = 0;              // bit 0 forced lock, bit 1 fire

  friend bool operator==(const ControllerStatus&, const ControllerStatus&) = default;
};

/// Where a controller pushes its events. 0.0.0.0:0 = nowhere.
struct EventListener {
  std::array<std::uint8_t, 4> address{};
  std::uint16_t port = 0;
  std::uint8_t every_s = 0;  // resend the newest event and the status; 0 = events only

  friend bool operator==(const EventListener&, const EventListener&) = default;
};

/// What is known after asking for a door to be opened.
enum class OpenOutcome : std::uint8_t {
  opened,   // the controller said so
  refused,  // the controller said no
  unknown,  // no reply: it may have opened. Look for reason 44 among the new
            // events before asking again; nothing here ever asks twice.
};

}  // namespace steward
