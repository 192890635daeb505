#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "contract/nouns/clock.hpp"
#include "drivers/line/line_piece.hpp"
#include "edge/commission/frame_words.hpp"

namespace steward {

/// Something that happened on a line.
struct TraceLine {
  enum class Kind : std::uint8_t {
    request,    // ours
    reply,      // a frame, from whoever
    exception,  // a refusal
    foreign,    // somebody else's request
    echo,       // our own request came back
    garbage,    // bytes that make no frame
    silence,    // nothing came
  };
  Kind kind = Kind::request;
  Ticks at;                            // its first byte
  std::chrono::milliseconds after{0};  // since our request, where it has to do with one
  std::string unit;                    // who asks or is asked; empty: nobody can tell
  std::string en;
  std::string zh;
  Bytes bytes;  // as on the wire

  friend bool operator==(const TraceLine&, const TraceLine&) = default;
};
std::string_view word(TraceLine::Kind kind);

/// Makes lines for people from the pieces of a line, in the order they went over it.
///
/// What is heard is judged when nothing came for `gap`, or when the next request goes out: an
/// adapter gives a frame in pieces. A request is called unanswered when the next one goes out, or
/// after `timeout`. Bounded: a burst that never ends is cut at 512 bytes.
/// Pure. Thread: any, one at a time.
class TraceReader {
 public:
  TraceReader(TraceFraming framing, std::chrono::nanoseconds gap, std::chrono::nanoseconds timeout)
      : framing_(framing), gap_(gap), timeout_(timeout) {}

  void take(const LinePiece& piece);
  /// What can be said by `now`, oldest first.
  std::vector<TraceLine> lines(Ticks now);

 private:
  void judge_burst();
  void say_silence(Ticks now);
  void add(TraceLine::Kind kind, Ticks at, ByteView bytes, const FrameWords& words);
  std::chrono::milliseconds since_request(Ticks at) const;

  TraceFraming framing_;
  std::chrono::nanoseconds gap_;
  std::chrono::nanoseconds timeout_;
  std::vector<TraceLine> lines_;
  Bytes heard_;
  Ticks heard_at_;
  Ticks last_;
  Bytes request_;       // ours, while nothing but its echo came
  bool open_ = false;   // nothing came to it yet
  bool asked_ = false;  // one went out since tracing began
  Ticks asked_at_;
  std::string asked_unit_;
};

}  // namespace steward
