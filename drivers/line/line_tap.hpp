#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "drivers/line/line_piece.hpp"
#include "drivers/line/line_port.hpp"
#include "kit/loop/bounded_queue.hpp"

namespace steward {

/// Where somebody may look on at a line: everything sent and heard, as it was.
///
/// The line never waits for it: while nobody listens a piece costs one load of a flag, and what a
/// slow listener does not take is shed and counted. One listener at a time.
/// Thread: `sent` and `heard` the line's; the others the loop's.
class LineTap {
 public:
  /// 300 characters a second in pieces of one fill it in 7 s; frames in 40 s or more.
  static constexpr std::size_t most_pieces = 2048;

  void sent(ByteView bytes, Ticks at) { put(true, bytes, at); }
  void heard(ByteView bytes, Ticks at) { put(false, bytes, at); }

  /// False: somebody listens already.
  bool listen();
  void leave();
  /// What went over the line since the last call, oldest first.
  std::vector<LinePiece> take();
  /// Pieces shed since `listen`.
  std::uint64_t missed() const { return missed_.load(std::memory_order_relaxed); }

 private:
  void put(bool sent, ByteView bytes, Ticks at);

  std::atomic<bool> listening_ = false;
  std::atomic<std::uint64_t> missed_ = 0;
  BoundedQueue<LinePiece> pieces_{most_pieces};
};

/// The same port with `tap` beside it. tap: shared with whoever listens.
std::unique_ptr<LinePort> tapped(std::unique_ptr<LinePort> port, std::shared_ptr<LineTap> tap);

}  // namespace steward
