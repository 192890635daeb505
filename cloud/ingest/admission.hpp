#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cloud/ingest/block_proof.hpp"
#include "cloud/store/store.hpp"
#include "contract/nouns/bytes.hpp"

namespace steward {

/// A message as it came from the broker: nothing in it is believed yet.
struct Arrival {
  std::string topic;
  Bytes payload;
  Instant at;  // the cloud's clock
  /// What it is worth under its gateway's key, when somebody has looked already (Prover).
  std::optional<BlockProof> proof{};
};

/// What became of one message.
enum class Fate : std::uint8_t {
  admitted,  // in the books now
  again,     // was in the books already, byte for byte: acknowledge again
  early,     // a block before it is missing: not taken, the ack is repeated
  aside,     // its own gateway signed and linked it, but it cannot be booked: kept as evidence,
             // alarmed, acknowledged as refused (a hole in the books; the log goes on behind it)
  unproven,  // names an enrolled gateway, but its signature does not hold, or the gateway was revoked: kept
             // as evidence, alarmed, NOT acknowledged, so the gateway keeps its records
  fork,      // signed by the gateway, but another history than the one in the books: evidence, alarm
  stranger,  // not a block, not an enrolled gateway, or another's topic: counted, never stored
};
std::string_view word(Fate fate);

struct AdmissionOutcome {
  Fate fate = Fate::stranger;
  LogId log;  // empty site when the message did not even name one
  Seq first;
  Seq last;
  std::string why;  // one sentence when not admitted or again
  /// Of a fork: SHA-256 of the block, when it follows the very block that the one in its place follows. There
  /// the two histories part, and its gateway is told so; zero when they have parted before.
  Digest parts{};
};

/// Where a block belongs, judged from the mark alone (design: Admission).
enum class Place : std::uint8_t { next, behind, ahead };
/// Pure. A block that begins inside the books and ends beyond them is `behind`
/// too: blocks are never cut anew, so it can only be another history.
constexpr Place place_of(Seq upto, Seq first) {
  if (first.value <= upto.value) return Place::behind;
  return first.value == upto.value + 1 ? Place::next : Place::ahead;
}

/// Takes blocks into the books, each exactly once.
///
/// For each block: the log's row is locked; the next one is verified (Ed25519,
/// the one key whose turn it was at that place: decision 0014), its link checked (its `previous` is the
/// SHA-256 of the last admitted block) and its records loaded in bulk, and the mark advances; one that is
/// behind is compared with what was admitted in its place; one that is ahead is not taken. What the network
/// doubles, delays, reorders or loses therefore changes nothing but time.
///
/// A reading of a meter nobody knows is a fact like any other: admitted, listed
/// as unassigned, billed by nobody.
/// Thread: one (the store's).
class Admission {
 public:
  explicit Admission(Store& store) : store_(store) {}

  /// Judges and books `arrivals` in their order, all in ONE transaction: when it
  /// returns, everything admitted is durable and may be acknowledged. One
  /// outcome per arrival, same order. On a fault nothing of it happened and
  /// nothing may be acknowledged: the gateways will send again.
  /// arrivals: 1..max_batch. Faults: those of Store.
  Result<std::vector<AdmissionOutcome>> admit(std::span<const Arrival> arrivals);

  /// What one transaction takes at most: 256 blocks of at most 64 KiB = 16 MiB
  /// in memory, and a signature check each (171 us) = 44 ms of lock.
  static constexpr std::size_t max_batch = 256;

 private:
  struct Context;  // one gateway's key, looked up once per transaction
  Result<AdmissionOutcome> admit_one(const Arrival& arrival, std::vector<Context>& seen);

  Store& store_;
};

}  // namespace steward
