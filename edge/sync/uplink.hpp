#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/clock.hpp"
#include "contract/nouns/log.hpp"
#include "contract/wire/ack.hpp"
#include "contract/wire/seal.hpp"
#include "edge/store/outbox.hpp"

namespace steward {

/// Carries bytes to the broker. It may lose, double or delay any of them.
/// Thread: loop.
class Transport {
 public:
  virtual ~Transport() = default;
  /// Faults: retry (not connected), full (its window is used up: ask again later).
  virtual Result<void> publish(std::string_view topic, ByteView payload, bool retained) = 0;
};

/// Where the uplink's blocks come from and its acks go: the store thread, seen from the loop.
/// Thread: loop; `done` is called later, on the loop, never from inside `read_after`.
class BlockSource {
 public:
  using Done = std::function<void(Result<std::vector<StoredBlock>>)>;
  virtual ~BlockSource() = default;
  virtual void read_after(Stream stream, Seq after, std::size_t blocks, std::size_t bytes, Done done) = 0;
  virtual void acknowledge(Stream stream, Seq upto) = 0;
  virtual void note_store(const CloudStore& store) = 0;
  /// The cloud has another history of this log from `first` on (a copy of this gateway wrote it): what is
  /// here from there on needs a new epoch. Told until it has one.
  virtual void note_fork(Stream stream, Seq first) = 0;
};

/// Bounds of what is on its way (design: Contract).
struct UplinkLimits {
  std::size_t blocks = 256;             // un-acked in flight, all logs together
  std::size_t bytes = 8 * 1024 * 1024;  // the same in bytes
  std::size_t fetch_blocks = 32;        // read from the outbox at once, per log
  std::size_t fetch_bytes = 256 * 1024;
  Milliseconds ack_timeout{5'000};        // no progress for so long: go back; doubles ...
  Milliseconds ack_timeout_max{300'000};  // ... up to this while nothing comes back
};

struct UplinkSetup {
  SiteId site;
  GatewayId gateway;
  Uuid epoch{};
  LogMarks marks;                   // from the outbox
  std::optional<CloudStore> store;  // from the outbox
  UplinkLimits limits;
  /// Of a log that forked in this epoch: its last place that the cloud can have; nothing behind it is sent.
  std::array<std::optional<Seq>, std::size(all_streams)> ends{};
};

/// What the uplink has to tell a person. `kind` is a stable word.
struct UplinkNotice {
  std::string kind;    // "ack_refused", "ack_contradicts", "fork", "store_changed", "resend"
  std::string detail;  // one sentence
};

/// Sends every log, in order, until the cloud has signed for it.
///
/// Each log is sent FIFO from upto+1, a block of each log in turn, as long as
/// the window has room. On connect, and when no ack makes progress in time
/// (real ticks), sending goes back to upto+1; after a time-out with one block of
/// that log only, until an ack comes. Nothing but a signed ack for this epoch
/// moves the mark; a broker's PUBACK is not looked at. A late or
/// repeated one never lowers it; a newer one (by the cloud's own stamp) may, of
/// another store (a restored cloud) or of the same (put back from a copy); from then on what
/// was signed before that, late or replayed, moves nothing.
///
/// An ack names the block it ends with by its hash, and moves the mark only when that block is here, or is
/// here no more (a hole made up for it: the cloud may have the block itself, or another hole).
/// Otherwise the cloud has another history: this disk is an older copy of itself, or has a twin. Then the log
/// is sent once over, waiting for no ack, so that the cloud sees where the two part; when an ack names a
/// block of ours as the parting one, the outbox is told, and this log rests until it has a new epoch
/// (docs/decisions/0003-an-ack-names-its-history.md).
///
/// It has no timer and no thread: its owner tells it what happened and asks when
/// it wants to be woken. Thread: loop.
class Uplink {
 public:
  using Notify = std::function<void(const UplinkNotice&)>;

  /// The references must outlive it, and the source's answers must not come after it.
  Uplink(UplinkSetup setup, Transport& transport, BlockSource& source, const Verifier& cloud,
         const Clock& clock, Notify notify);

  void connected();
  void disconnected();
  /// The transport can take messages again after it said `full`.
  void room();
  /// The outbox has committed records up to `last`.
  void appended(Stream stream, Seq last);
  /// Sends what is kept of a log from `from` on once more, acknowledged or not; marks stay. What the
  /// cloud has, it acknowledges again.
  void send_again(Stream stream, Seq from);
  /// A message on the ack topic: verified before anything in it is believed.
  void ack_received(ByteView payload);
  /// Called when `wake_at` has passed (earlier does no harm).
  void wake();
  /// When `wake` has something to do next; Ticks::max() when only an event can help.
  Ticks wake_at() const;

  const LogMarks& marks() const { return marks_; }
  /// Records committed here that the cloud has not signed for, all logs together.
  std::uint64_t unacked() const;
  bool is_connected() const { return connected_; }
  /// The database listened to, and when it signed the newest ack taken.
  const std::optional<CloudStore>& store() const { return store_; }

 private:
  struct InFlight {
    Seq first;
    Seq last;
    std::size_t bytes = 0;
    Digest hash{};
    bool made_up = false;
  };
  struct Log {
    std::string topic;
    std::deque<StoredBlock> ready;   // read, not yet sent
    std::deque<InFlight> in_flight;  // sent, not yet acknowledged
    Seq fetched;                     // read up to here
    Seq again;                       // sent up to here although it may be acknowledged (send_again)
    bool fetching = false;
    std::uint64_t run = 0;      // +1 at each go-back: answers to older fetches are dropped
    Ticks progress_at{};        // of the last ack that helped, or the first send since
    Milliseconds timeout{};     // the present one
    bool probing = false;       // after a time-out: one block in flight, until an ack comes
    bool contradicted = false;  // by an ack: sent over until the cloud says where the histories part
    bool forked = false;        // it has said so
    bool ended = false;         // forked earlier: what lies behind `last` is not this log's any more
    Digest asked_fork{};        // whether this block is ours has been looked up
  };

  Log& log(Stream stream) { return logs_[static_cast<std::size_t>(stream)]; }
  LogMark& mark(Stream stream) { return marks_[static_cast<std::size_t>(stream)]; }

  void go_back(Stream stream);
  void fetch(Stream stream);
  void fetched(Stream stream, std::uint64_t run, Result<std::vector<StoredBlock>> blocks);
  void pump();
  bool may_send(const Log& log) const;
  bool send_one(Stream stream);
  bool choose_store(const Uuid& store, Instant at);
  void heed(Stream stream, const AckedLog& acked, bool may_lower);
  void advance(Stream stream, Seq upto);
  void lower(Stream stream, Seq upto);
  void contradicted(Stream stream, const std::string& how);
  void heed_fork(const AckedFork& fork);
  /// Tells whether the block of ours that holds the place has this hash; yes, when none does any more.
  void if_ours(Stream stream, Seq place, const Digest& hash, std::function<void(bool)> told);
  bool waits(const Log& log) const;
  bool walks(const Log& log) const { return log.contradicted && !log.forked; }

  UplinkSetup setup_;
  Transport& transport_;
  BlockSource& source_;
  const Verifier& cloud_;
  const Clock& clock_;
  Notify notify_;
  LogMarks marks_;
  std::optional<CloudStore> store_;
  Instant void_before_ =
      Instant::min();  // what the store signed before it lost something is not true any more
  std::array<Log, std::size(all_streams)> logs_;
  std::size_t in_flight_blocks_ = 0;
  std::size_t in_flight_bytes_ = 0;
  std::size_t turn_ = 0;  // whose turn it is, so that a long log does not starve a short one
  bool connected_ = false;
  bool full_ = false;  // the transport said so; `room` clears it
};

}  // namespace steward
