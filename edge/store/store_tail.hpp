#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "edge/store/outbox.hpp"

namespace steward {

/// Records held in memory while the disk cannot take them: 100,000 readings are about 12 MB, and of 200
/// meters every 15 minutes more than five days.
inline constexpr std::uint64_t max_tail_records = 100'000;

/// Batches that belong in one transaction, and who waits for it.
struct AppendJob {
  std::vector<Batch> batches;
  std::function<void(Result<void>)> done;
  bool waits = false;  // may wait for the disk; else it fails when the disk does
};

/// What was taken and could not even be held.
struct LostSpan {
  std::uint64_t records = 0;
  Instant from;  // when the blocks would have closed
  Instant to;
};

/// What waits for the disk, in the order it came. Pure.
///
/// Beyond `most` records the oldest telemetry is given up, then the oldest readings, then what else there
/// is; a catalogue never, a closing record last. What is given up becomes a hole of the same places, so
/// that the places handed out behind it stay true. Cumulative registers are read again: what passed
/// meanwhile is in the next reading. A mark that comes without records takes the place of the one before it.
/// Thread: one at a time.
class StoreTail {
 public:
  explicit StoreTail(std::uint64_t most = max_tail_records) : most_(most) {}

  void push(AppendJob job);
  bool empty() const { return jobs_.empty(); }
  std::uint64_t records() const { return records_; }
  /// The oldest jobs, of `batches` batches together (always one job, if there is one).
  std::vector<AppendJob> take(std::size_t batches);
  /// Jobs that could not be kept yet go back to the front.
  void put_back(std::vector<AppendJob> jobs);
  /// What was given up since this was last asked.
  LostSpan take_lost();
  /// Who waits for nothing any more: all of it was given up, or a newer mark took its place.
  std::vector<AppendJob> take_finished();

 private:
  bool renews_marks(const AppendJob& job);
  void shorten();
  bool give_up_oldest(int rank);
  void become_hole(Batch& batch);

  std::uint64_t most_;
  std::deque<AppendJob> jobs_;
  std::vector<AppendJob> finished_;
  std::uint64_t records_ = 0;  // held, holes not counted
  LostSpan lost_;
};

}  // namespace steward
