#pragma once
#include "drivers/bus/line_guard.hpp"
#include "drivers/bus/survey.hpp"
#include "kit/loop/awaitable.hpp"

namespace steward {

/// How requests reach a line and its bytes come back: a serial device or a TCP
/// gateway. Hears everything and judges nothing.
class BusWire {
 public:
  virtual ~BusWire() = default;

  /// Sends one request and hears what comes. One at a time. Resumes after at most the
  /// reply time-out and what the path itself may take (opening, draining, framing).
  /// A path that fails is in `lost`; the next call opens it anew. Thread: loop.
  virtual Awaitable<Heard> ask(const Sending& sending) = 0;

  /// Puts a read of a scan on the line. `lost` is unsupported where the path has no line of bytes.
  /// survey: lives until it resumes. Thread: loop.
  virtual Awaitable<Surveyed> survey(const Survey& survey);
};

inline Awaitable<Surveyed> BusWire::survey(const Survey&) {
  Surveyed surveyed;
  surveyed.lost = Error{Fault::unsupported, "this path cannot be searched"};
  co_return surveyed;
}

}  // namespace steward
