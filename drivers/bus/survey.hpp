#pragma once
#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "drivers/bus/heard.hpp"
#include "drivers/line/wire_time.hpp"

namespace steward {

/// A read of a scan: bytes, at a speed (docs/decisions/0075). Whoever makes one sees to it that it
/// is a read, and that a unit of the plan is asked with nothing but its probe.
struct Survey {
  Bytes request;
  LineFormat
      format;  // a serial line is set to it and, for its next own request, back; a device server is not
  std::function<std::size_t(ByteView so_far)>
      whole;                         // how long the burst must be; called where the bytes come in
  std::chrono::nanoseconds wait{0};  // from the request's last byte to the reply's first
};

/// What came of it. Bytes alone: nothing of it can become a value.
struct Surveyed {
  bool went_out = false;
  bool other_speed = false;  // than the line's own
  Bytes burst;               // everything from the request's last byte on
  std::chrono::nanoseconds delay{0};
  Ticks ended;
  std::vector<HeardFrame> overheard;  // at the line's own speed: the frames in it, for the guard
  std::optional<Error> lost;          // the path failed
};

}  // namespace steward
