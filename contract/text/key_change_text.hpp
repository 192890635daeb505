#pragma once
#include <array>
#include <optional>
#include <string_view>

#include "contract/nouns/events.hpp"
#include "contract/nouns/log.hpp"

namespace steward {

/// A gateway's word that from here on another key signs its blocks: an event, written when the key
/// changes, in a block that the new key has signed. It says how far each log was signed by the one
/// before, so that whoever has a copy of that can sign nothing more. Epochs that have ended and are still
/// being sent follow, each in an event of its own.
inline constexpr std::string_view key_change_kind = "block_key_changed";

struct KeyChange {
  PublicKey key{};            // the new one
  std::optional<Uuid> epoch;  // which one's logs; none: of the block that says it
  std::array<Seq, std::size(all_streams)>
      upto{};  // by stream: the last record under the one before; 0 = none

  friend bool operator==(const KeyChange&, const KeyChange&) = default;
};

/// detail: "key <64 hex digits>; before it: readings 120, telemetry 0, doors 4, patrol 0, events 77"; of
/// another epoch "key <64>; of epoch <32 hex digits> before it: ..."
EdgeEvent edge_event_of(const KeyChange& change, const GatewayId& gateway, Instant at);
/// Nothing for anything else than `edge_event_of` writes.
std::optional<KeyChange> read_key_change(const EdgeEvent& event);

}  // namespace steward
