#pragma once
#include <cstdint>
#include <string>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/clock.hpp"
#include "contract/nouns/events.hpp"
#include "drivers/doors/door_records.hpp"

/// From what a board said to what is stored. Pure.
namespace steward::door_facts {

/// Whose event it is and when it was fetched.
struct Origin {
  std::string controller;
  std::uint32_t serial = 0;
  std::uint32_t generation = 0;
  Instant received_at;
};

/// The stored form of a fetched event. The board's local time is kept as if it
/// were UTC, unchanged: its zone is the cloud's to know.
DoorEvent stored(const ControllerEvent& event, const Origin& origin);
/// An event whose fields cannot be true: type 0, no time, and its bytes as evidence.
DoorEvent stored(const UnreadableEvent& event, const Origin& origin);

/// FNV-1a 64 of the event's own bytes (8..27 of its packet; the transaction
/// number beyond them differs at each fetch). Never 0. Needs 28 bytes.
std::uint64_t fingerprint(ByteView raw);

EdgeEvent gap(const Origin& origin, std::uint32_t first, std::uint32_t last);
EdgeEvent hole(const Origin& origin, std::uint32_t index);
EdgeEvent unreadable(const Origin& origin, const UnreadableEvent& event);
/// `origin` is of the memory that ended; `why` is a clause: "its newest event is 3, we had 78".
EdgeEvent restarted(const Origin& origin, const std::string& why);
EdgeEvent silent(const Origin& origin, const std::string& why);
EdgeEvent back(const Origin& origin);

}  // namespace steward::door_facts
