#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/ids.hpp"

namespace steward {

/// Something a door controller recorded: a swipe, a button, a forced door.
struct DoorEvent {
  std::string controller;               // name in the site config
  std::uint32_t serial = 0;             // of the controller
  std::uint32_t index = 0;              // in the controller's own memory, from 1
  std::uint32_t generation = 0;         // +1 each time the controller's memory began anew
  Instant received_at;                  // gateway's clock, when it was fetched
  std::int64_t controller_time_ms = 0;  // controller's own clock read as UTC ms, 0 = none
  std::uint8_t type = 0;                // 1 swipe, 2 door/button/remote, 3 alarm
  bool granted = false;
  std::uint8_t door = 0;       // 1..4
  std::uint8_t direction = 0;  // 1 in, 2 out
  std::uint32_t card = 0;
  std::uint8_t reason = 0;        // the vendor's table, docs/formats/blocks.md
  std::vector<std::uint8_t> raw;  // the 64-byte packet it was read from

  friend bool operator==(const DoorEvent&, const DoorEvent&) = default;
};

/// One code read at one patrol reader.
struct PatrolScan {
  ReaderId reader;
  Instant scanned_at;
  std::string code;  // printable ASCII, at most 512 bytes

  friend bool operator==(const PatrolScan&, const PatrolScan&) = default;
};

/// Something the gateway itself has to say: a gap, a meter that fell silent.
struct EdgeEvent {
  Instant at;
  std::string kind;     // stable word: "started", "unit_silent", "gap", ...
  std::string subject;  // meter, bus, door or reader it is about; may be empty
  std::string detail;   // one sentence

  friend bool operator==(const EdgeEvent&, const EdgeEvent&) = default;
};

}  // namespace steward
