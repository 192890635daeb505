#pragma once
#include "contract/nouns/bytes.hpp"
#include "contract/nouns/clock.hpp"

namespace steward {

/// Bytes that went over a line in one piece: one send of ours, or what one receive brought.
struct LinePiece {
  Ticks at;           // sent: when they were handed over; heard: when they were there
  bool sent = false;  // by us; else heard
  Bytes bytes;        // at most 512

  friend bool operator==(const LinePiece&, const LinePiece&) = default;
};

}  // namespace steward
