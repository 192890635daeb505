#pragma once
#include <cstddef>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "contract/nouns/clock.hpp"
#include "contract/wire/block_codec.hpp"
#include "edge/store/outbox.hpp"

namespace steward {

/// When an open block is closed whatever it holds: what a power cut can take at most.
inline constexpr Milliseconds block_age{1000};

/// Collects records into blocks and closes each at a limit: 1,000 records,
/// 64 KiB, one second after its first record (ticks), or when told (end of a
/// round). Doors, patrol and events do not pass through here: they are closed at
/// once, each harvest a batch of its own.
///
/// Kinds do not mix: readings, closings, frozen readings and the catalogue of one log each have
/// an open block. Pure: it is told the time. Thread: one at a time.
class BlockBuilder {
 public:
  void add(Stream stream, Reading reading, Ticks now);
  void add(Stream stream, CatalogueEntry entry, Ticks now);
  void add(Stream stream, Closing closing, Ticks now);
  void add(Stream stream, FrozenReading reading, Ticks now);

  /// Closes what is older than `block_age` at `now`; then gives all closed
  /// blocks, oldest first. Their stamp and marks are left to the caller.
  std::vector<Batch> take_due(Ticks now);
  /// Closes and gives everything.
  std::vector<Batch> take_all();

  /// When take_due has something to give; Ticks::max() when nothing is open.
  Ticks due_at() const;
  bool empty() const { return open_.empty() && closed_.empty(); }

 private:
  struct Open {
    PendingRecords records;
    std::size_t count = 0;
    std::size_t bytes = block_overhead_bytes;
    Ticks since{};
  };
  using Key = std::pair<Stream, std::size_t>;  // log and kind (index in PendingRecords)

  template <class Record>
  void add_record(Stream stream, Record record, std::size_t bytes, Ticks now);
  void close(std::map<Key, Open>::iterator at);

  std::map<Key, Open> open_;
  std::vector<Batch> closed_;
};

}  // namespace steward
