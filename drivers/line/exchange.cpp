#include "drivers/line/exchange.hpp"

#include <algorithm>

namespace steward {
namespace {

/// A line that never falls silent for so long has a babbling device or the wrong baud rate.
constexpr std::chrono::seconds longest_drain{1};
/// What an adapter may hold back of a frame that has begun.
constexpr std::chrono::milliseconds adapter_holds{50};

}  // namespace

LineExchange::LineExchange(LinePort& port, const LineFormat& format, std::chrono::nanoseconds silence)
    : port_(port),
      format_(format),
      silence_(std::max(silence, frame_silence(format))),
      last_byte_(port.ticks()) {}

/// True when bytes came that nobody asked for; they are kept.
Result<bool> LineExchange::hear_stray(Ticks deadline) {
  Bytes unasked;
  auto came = port_.receive(unasked, deadline);
  if (!came || !*came) return came;
  const Ticks now = port_.ticks();
  const bool goes_on = !strays_.empty() && now < last_byte_ + silence_ &&
                       strays_.back().bytes.size() + unasked.size() <= max_burst_bytes;
  last_byte_ = std::max(last_byte_, now);
  if (goes_on) {
    strays_.back().bytes.insert(strays_.back().bytes.end(), unasked.begin(), unasked.end());
  } else {
    // The latest say how the line is now: whether a second master still asks.
    if (strays_.size() == most_strays) strays_.erase(strays_.begin());
    strays_.push_back({std::move(unasked), now});
  }
  return true;
}

/// False when the line babbles.
Result<bool> LineExchange::fall_silent() {
  const Ticks give_up = port_.ticks() + longest_drain;
  while (true) {
    auto came = hear_stray(last_byte_ + silence_);
    if (!came) return came;
    const Ticks now = port_.ticks();
    if (!*came && now >= last_byte_ + silence_) return true;  // else woke early
    if (now > give_up) return false;
  }
}

Result<void> LineExchange::listen(Ticks end) {
  while (port_.ticks() < end) {
    auto came = hear_stray(end);
    if (!came) return std::move(came.error());
    if (!*came) return {};
  }
  return {};
}

Result<LineReply> LineExchange::exchange(ByteView request, const WholeLength& whole,
                                         std::chrono::nanoseconds reply_timeout) {
  LineReply reply;
  auto silent = fall_silent();
  if (!silent) return std::move(silent.error());
  reply.sent = reply.began = reply.last = reply.ended = port_.ticks();
  if (!*silent) return reply;
  if (auto sent = port_.send(request); !sent) return std::move(sent.error());
  reply.went_out = true;
  // The kernel took the bytes at once; the wire needs its time.
  reply.sent = port_.ticks();
  if (!port_.sends_whole()) reply.sent += characters(format_, static_cast<std::int64_t>(request.size()));
  last_byte_ = reply.sent;
  if (auto heard = collect(whole, reply.sent + reply_timeout, reply); !heard) return std::move(heard.error());
  reply.ended = port_.ticks();
  return reply;
}

Result<void> LineExchange::collect(const WholeLength& whole, Ticks deadline, LineReply& reply) {
  const Ticks first_by = deadline;
  Bytes& burst = reply.burst;
  for (auto wanted = whole(burst); burst.size() < wanted && burst.size() <= max_burst_bytes;
       wanted = whole(burst)) {
    const bool first = burst.empty();
    auto came = port_.receive(burst, deadline);
    if (!came) return std::move(came.error());
    const Ticks now = port_.ticks();
    if (!*came) {
      if (now >= deadline) return {};
      continue;  // woke early
    }
    if (first) reply.began = now;
    reply.last = now;
    last_byte_ = std::max(last_byte_, now);
    // A frame that has begun gets twice its time on the wire, whoever sends it.
    const auto left = static_cast<std::int64_t>(wanted - std::min(wanted, burst.size()));
    deadline = std::max(first_by, now + 2 * characters(format_, left) + adapter_holds);
  }
  while (burst.size() <= max_burst_bytes) {
    auto came = port_.receive(burst, last_byte_ + silence_);
    if (!came) return std::move(came.error());
    const Ticks now = port_.ticks();
    if (!*came && now >= last_byte_ + silence_) break;
    if (*came) last_byte_ = now;
  }
  return {};
}

}  // namespace steward
