#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/log.hpp"
#include "contract/nouns/result.hpp"
#include "contract/wire/seal.hpp"

namespace steward {

/// Records that were taken but could not be kept: their places become a hole, so that the places handed
/// out behind them stay true.
struct LostRecords {
  std::uint64_t count = 0;
  std::size_t size() const { return static_cast<std::size_t>(count); }
};

/// Records of one kind on their way into one log: what the block builder closes
/// and the outbox turns into a block. Closings come unsealed, because their seq
/// is known only when they are appended.
using PendingRecords = std::variant<std::vector<Reading>, std::vector<CatalogueEntry>, std::vector<Closing>,
                                    std::vector<DoorEvent>, std::vector<PatrolScan>, std::vector<EdgeEvent>,
                                    std::vector<FrozenReading>, LostRecords>;

/// Something small that must be true exactly when the records are: "this
/// controller's events are in up to 41". Saved in the records' transaction.
struct SavedMark {
  std::string name;  // "door/gate", at most max_mark_name bytes
  std::string text;  // at most max_mark_text bytes; the writer's own format

  friend bool operator==(const SavedMark&, const SavedMark&) = default;
};

inline constexpr std::size_t max_mark_name = 64;
inline constexpr std::size_t max_mark_text = 8 * 1024;  // a unit's byte counts, past ones included

struct Batch {
  Stream stream = Stream::readings;
  PendingRecords records;
  ClockStamp stamp;
  std::vector<SavedMark> marks;
};

/// One block as it lies on disk and goes over the wire.
struct StoredBlock {
  Stream stream = Stream::readings;
  Seq first;
  Seq last;
  Bytes bytes;
  bool made_up = false;  // a hole for what is not here any more: the cloud may have other bytes in its places
};

/// Where one log stands.
struct LogMark {
  Seq last;       // newest record committed; 0 = none yet
  Seq acked;      // the cloud has all up to here; 0 = none
  Digest tail{};  // SHA-256 of the newest block's bytes; zero when there is none

  std::uint64_t backlog() const { return last.value > acked.value ? last.value - acked.value : 0; }
  friend bool operator==(const LogMark&, const LogMark&) = default;
};
using LogMarks = std::array<LogMark, std::size(all_streams)>;

/// Logs of an epoch that has ended, as far as blocks of them are still here.
struct OldLogs {
  Uuid epoch{};
  LogMarks marks;
};

/// The database whose acks count, and when it signed the newest one we took.
struct CloudStore {
  Uuid store{};
  Instant at;

  friend bool operator==(const CloudStore&, const CloudStore&) = default;
};

struct OutboxSetup {
  std::string path;
  SiteId site;
  GatewayId gateway;
  Milliseconds keep_acked = std::chrono::hours(24 * 35);  // evidence for a restored cloud
  std::uint32_t keep_acked_blocks = 10'000;               // and never more of them than this, per log
  std::uint64_t most_bytes = 512 * 1024 * 1024;           // of the file: 400 days of 200 meters, and more
  bool suspect = false;                                   // the file was found damaged: salvage it
};

/// The gateway's memory: one SQLite file (WAL, synchronous=FULL, 1 KiB pages)
/// holding the blocks of every log, each encoded, chained and signed once.
///
/// A block is one row, keyed by its first seq, so tables only grow at their end
/// and a commit touches few pages: no key on (meter, time)
/// (25 times the flash writes). The newest block of each log is never deleted:
/// it carries the last seq and the hash that the next block must name.
///
/// Without room, the oldest acknowledged blocks go first, then whole blocks of
/// telemetry; un-acknowledged blocks of the other logs never. A file that is
/// damaged is kept as evidence beside the new one: its sound un-acknowledged
/// blocks go over as they are, still under their old epoch, and a new epoch begins
/// (docs/decisions/0078-a-damaged-outbox-is-salvaged.md).
/// Faults everywhere: full, broken (the disk), implausible (the file is damaged).
/// Thread: store (one at a time; not synchronised).
class Outbox {
 public:
  /// Opens the file or makes it, with a new epoch; salvages a damaged one. Faults: refused (it belongs
  /// to another site or gateway, or is of a newer program), full, broken (message quotes SQLite).
  static Result<std::unique_ptr<Outbox>> open(const OutboxSetup& setup, const Signer& signer);
  virtual ~Outbox() = default;

  virtual const Uuid& epoch() const = 0;
  virtual const LogMarks& marks() const = 0;
  /// Epochs before this one that still have blocks here, oldest first.
  virtual std::vector<OldLogs> old_logs() const = 0;
  /// Ends the present epoch, whose blocks stay to be sent, and begins another: the log is not the one
  /// that was promised (the disk lost a commit; the cloud has another history).
  virtual Result<void> begin_epoch() = 0;
  /// Was the program that had the file open before not able to close it?
  virtual bool was_left_open() const = 0;

  /// Gives the records their places, encodes, chains and signs a block per
  /// batch and commits them all in ONE transaction with their marks.
  ///
  /// Once it returns, a power cut loses nothing. On a fault nothing of it is
  /// there and no seq is used up. Each batch: at most 1,000 records that the block
  /// builder let pass (64 KiB); without records it only saves its marks. Faults: full (disk), broken.
  /// returns: the blocks, in the order of the batches that had records
  virtual Result<std::vector<StoredBlock>> append(const std::vector<Batch>& batches) = 0;

  /// Where the logs would be if the newest append that failed with `broken` had not: what is on the disk
  /// decides (SteadyOutbox).
  virtual LogMarks attempted() const = 0;
  /// Writes everything committed into the file itself and syncs it, and sees to it that no older write-ahead
  /// log is played over it after a cut. Faults: full, broken, retry.
  virtual Result<void> write_through() = 0;

  /// Blocks of one log that hold records after `after`, oldest first, at most
  /// `blocks` of them and about `bytes` in sum (always one, if there is one).
  /// Each is held against its place and its neighbours' hashes: implausible when the file is damaged.
  virtual Result<std::vector<StoredBlock>> read_after(const Uuid& epoch, Stream stream, Seq after,
                                                      std::size_t blocks, std::size_t bytes) = 0;
  Result<std::vector<StoredBlock>> read_after(Stream stream, Seq after, std::size_t blocks,
                                              std::size_t bytes) {
    return read_after(epoch(), stream, after, blocks, bytes);
  }
  /// The same for the cloud: places that are not here any more are covered by a signed hole, the same
  /// bytes whenever the same places are asked for.
  virtual Result<std::vector<StoredBlock>> read_to_send(const Uuid& epoch, Stream stream, Seq after,
                                                        std::size_t blocks, std::size_t bytes) = 0;

  /// Notes that the cloud has records up to `upto`; a new store may set it back.
  /// Written with a later append or by `flush_acks`: losing it costs a resend,
  /// writing each at once would cost an fsync per ack.
  virtual void acknowledge(const Uuid& epoch, Stream stream, Seq upto) = 0;
  void acknowledge(Stream stream, Seq upto) { acknowledge(epoch(), stream, upto); }
  /// Notes which of the cloud's databases is listened to; written like an ack.
  virtual void note_store(const CloudStore& store) = 0;
  virtual const std::optional<CloudStore>& store() const = 0;
  virtual Result<void> flush_acks() = 0;

  /// A mark's text; empty when it was never saved.
  virtual Result<std::string> mark(std::string_view name) = 0;
};

}  // namespace steward
