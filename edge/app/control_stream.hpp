#pragma once
#include <cstddef>
#include <deque>
#include <string>

#include "contract/text/json.hpp"
#include "kit/loop/loop.hpp"

namespace steward {

/// Progress that one client may leave untaken before more of it is shed.
inline constexpr std::size_t max_untaken_lines = 256;
inline constexpr std::size_t max_untaken_bytes = 256 * 1024;

/// The way back to whoever asked, while the answer is being worked out.
///
/// Progress lines never wait: what a slow client does not take is not said, and the next line
/// that is carries how many were `missed`. The client's disconnect, its `{"verb":"cancel"}` and
/// the daemon's end all cancel. Thread: loop.
class ControlStream {
 public:
  explicit ControlStream(Loop& loop) : cancelled_signal_(loop), lines_signal_(loop) {}

  /// One progress line; it must have no field "ok". False: no room, it was not said.
  bool say(Json line);
  bool cancelled() const { return cancelled_; }
  /// Waits; ends early when cancelled. One at a time.
  Awaitable<void> rest(Milliseconds length);

  // For the server.
  void cancel();
  /// A line that must arrive: the answer.
  void finish(std::string line);
  /// The next line to be sent; waits for it. Empty: nothing came for a second.
  Awaitable<std::string> next();
  bool finished() const { return finished_ && lines_.empty(); }

 private:
  Signal cancelled_signal_;
  Signal lines_signal_;
  std::deque<std::string> lines_;
  std::size_t bytes_ = 0;
  std::int64_t missed_ = 0;
  bool cancelled_ = false;
  bool finished_ = false;
};

}  // namespace steward
