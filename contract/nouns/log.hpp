#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "contract/nouns/events.hpp"
#include "contract/nouns/reading.hpp"

namespace steward {

/// The kinds of log. Numbers are on the wire; words are in topics.
enum class Stream : std::uint8_t { readings = 0, telemetry = 1, doors = 2, patrol = 3, events = 4 };
inline constexpr Stream all_streams[] = {Stream::readings, Stream::telemetry, Stream::doors, Stream::patrol,
                                         Stream::events};
constexpr std::string_view word(Stream stream) {
  constexpr std::string_view words[] = {"readings", "telemetry", "doors", "patrol", "events"};
  return words[static_cast<std::size_t>(stream)];
}

/// Names one log: its own sequence, hash chain, sending order and ack.
struct LogId {
  SiteId site;
  GatewayId gateway;
  Uuid epoch{};  // made when the outbox is created or a fork is found
  Stream stream = Stream::readings;

  friend auto operator<=>(const LogId&, const LogId&) = default;
};

/// Why places of a log do not come.
namespace hole_reason {
inline constexpr std::string_view quota = "quota";          // telemetry let go for room or for age
inline constexpr std::string_view forgotten = "forgotten";  // acknowledged and let go; another cloud asks
inline constexpr std::string_view corrupt = "corrupt";      // lost with a damaged file
inline constexpr std::string_view memory = "memory";        // never kept: neither disk nor memory had room
inline constexpr std::string_view refused = "refused";      // the cloud's own: the block could not be booked
}  // namespace hole_reason

/// A range of a log that will never come, and why. Covers first..last itself. One of `memory` is a block of
/// the log like any other; the gateway makes the others when they are asked for.
struct Hole {
  Seq first;
  Seq last;
  std::string reason;     // one of hole_reason
  Digest last_missing{};  // hash of the last missing block, zero when unknown

  friend bool operator==(const Hole&, const Hole&) = default;
};

/// When and by which clock a block was closed.
struct ClockStamp {
  Uuid boot{};  // made anew at each boot
  Instant wall;
  std::int64_t monotonic_ms = 0;  // since boot
  ClockTrust trust = ClockTrust::unset;

  friend bool operator==(const ClockStamp&, const ClockStamp&) = default;
};

/// What one block carries: one kind of record, in the order of their seq.
/// A block of Closings carries each as its own signed message (COSE_Sign1 bytes).
struct SealedClosings {
  std::vector<std::vector<std::uint8_t>> sealed;
  friend bool operator==(const SealedClosings&, const SealedClosings&) = default;
};
using Records =
    std::variant<std::vector<Reading>, std::vector<CatalogueEntry>, SealedClosings, std::vector<DoorEvent>,
                 std::vector<PatrolScan>, std::vector<EdgeEvent>, Hole, std::vector<FrozenReading>>;

/// A piece of a log: encoded, chained and signed once, then only copied.
struct Block {
  LogId log;
  Seq first;
  Seq last;
  Digest previous{};  // SHA-256 of the previous block's bytes; zero for the first
  ClockStamp stamp;
  Records records;

  friend bool operator==(const Block&, const Block&) = default;
};

/// Limits of one block (design: Contract). Checked before anything is parsed.
inline constexpr std::size_t max_block_records = 1000;
inline constexpr std::size_t max_block_bytes = 64 * 1024;

}  // namespace steward
