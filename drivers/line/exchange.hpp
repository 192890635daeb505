#pragma once
#include <functional>
#include <utility>
#include <vector>

#include "drivers/line/line_port.hpp"
#include "drivers/line/wire_time.hpp"

namespace steward {

/// How many bytes a burst must have to be whole, judged from what came so far.
using WholeLength = std::function<std::size_t(ByteView so_far)>;

/// Bytes that came while nothing was asked, between two silences.
struct Stray {
  Bytes bytes;  // at most max_burst_bytes
  Ticks at;     // the first of them
};

/// What came of one request.
struct LineReply {
  Bytes burst;            // everything from the request's last byte on; may be empty
  bool went_out = false;  // false: the line did not fall silent, nothing was sent
  Ticks sent;             // the request's last byte on the wire; not sent: when that was given up
  Ticks began;            // the burst's first byte, if any
  Ticks last;             // and its last
  Ticks ended;            // when listening ended
};

/// One master's side of a half-duplex line: silence, request, reply by length, silence.
///
///   ~~~silence~~~|request|...device thinks...|reply|~~~silence~~~|request|
///                        ^ reply_timeout runs       ^ surplus is looked for
///
/// Knows no protocol: the caller says how long a reply is and judges its bytes. What comes
/// while nothing is asked is kept with its time: a late reply says how late it is.
/// Thread: the line's.
class LineExchange {
 public:
  /// Strays kept until they are taken; the oldest go first.
  static constexpr std::size_t most_strays = 64;

  /// silence: before each request, counted from the last byte seen either way;
  ///          at least T3.5 of the format, more where a device needs rest.
  LineExchange(LinePort& port, const LineFormat& format, std::chrono::nanoseconds silence);

  /// Sends `request` into silence and gives everything that came back: nothing
  /// (silence until reply_timeout), less than the whole, or the whole and, if bytes
  /// followed within the silence, more than the whole. What arrives before the
  /// request goes to the strays.
  /// Returns after at most 1 s of draining + reply_timeout + twice the reply's time
  /// on the wire + 50 ms + silence.
  /// Faults: retry (the device is gone).
  Result<LineReply> exchange(ByteView request, const WholeLength& whole,
                             std::chrono::nanoseconds reply_timeout);

  /// Hears the line until `end`, or until the port is woken. Faults: retry (the device is gone).
  Result<void> listen(Ticks end);

  Ticks now() const { return port_.ticks(); }
  std::vector<Stray> take_strays() { return std::exchange(strays_, {}); }

 private:
  Result<bool> fall_silent();
  Result<bool> hear_stray(Ticks deadline);
  Result<void> collect(const WholeLength& whole, Ticks deadline, LineReply& reply);

  LinePort& port_;
  const LineFormat format_;
  const std::chrono::nanoseconds silence_;
  Ticks last_byte_;  // or when the port was opened: what went before is unknown
  std::vector<Stray> strays_;
};

}  // namespace steward
