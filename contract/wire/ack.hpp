#pragma once
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/clock.hpp"
#include "contract/nouns/log.hpp"
#include "contract/nouns/result.hpp"
#include "contract/wire/seal.hpp"

namespace steward {

/// Everything up to and including `upto` of this log is committed in the store
/// (or was refused for good); 0 = nothing yet.
struct AckedLog {
  Uuid epoch{};
  Stream stream = Stream::readings;
  std::uint64_t upto = 0;
  Digest
      hash{};  // SHA-256 of the block that ends at `upto`: whose history is acknowledged; zero when upto is 0

  friend bool operator==(const AckedLog&, const AckedLog&) = default;
};

/// Where two histories of one log part: a block of that log, signed by its gateway, that follows the same
/// block as another one in the store, and is not that one. Nothing from `first` on of its history will be
/// booked.
struct AckedFork {
  Uuid epoch{};
  Stream stream = Stream::readings;
  std::uint64_t first = 0;  // of the block that was not taken
  Digest hash{};            // SHA-256 of it: a gateway knows by this whether it is meant

  friend bool operator==(const AckedFork&, const AckedFork&) = default;
};

/// A gateway restored from an old copy has one fork in each of its five logs.
inline constexpr std::size_t most_acked_forks = 8;

/// What the cloud has committed of one gateway's logs: the only message that
/// lets an edge forget, hence signed.
///
/// store: UUID made when the cloud's database is created or restored. A new
///        store may lower `upto`; the same store does only when its file was put
///        back from a copy. An ack older than one taken never does.
/// at:    when the cloud signed it (its own clock). An edge that has taken an
///        ack of one store takes another store's only if it is not older: a
///        replayed ack of a lost database must not delete anything.
struct Ack {
  Uuid store{};
  std::vector<AckedLog> logs;  // at most 64, no (epoch, stream) twice
  Instant at;
  std::vector<AckedFork> forks;  // at most 8, the newest of each log, in order like the logs

  friend bool operator==(const Ack&, const Ack&) = default;
};

/// COSE_Sign1 over JSON with keys in a fixed order (docs/formats/messages.md, Ack).
/// Logs are written in order of epoch and stream, whatever their order here.
/// Faults: malformed (a limit passed, a log named twice).
Result<Bytes> encode_ack(const Ack& ack, const Signer& cloud);

/// Faults: malformed, refused (not signed by the cloud's key).
Result<Ack> decode_ack(ByteView bytes, const Verifier& cloud);

}  // namespace steward
