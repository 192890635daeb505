#pragma once
#include <chrono>
#include <cstdint>

namespace steward {

/// A point in time: UTC milliseconds since 1970, int64. Good past the year 2038
/// on every target, because no libc time_t is involved.
using Milliseconds = std::chrono::duration<std::int64_t, std::milli>;
using Instant = std::chrono::time_point<std::chrono::system_clock, Milliseconds>;
/// A point on this boot's steady clock. Never stored, never compared across boots.
using Ticks = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

constexpr Instant instant_from_ms(std::int64_t utc_ms) { return Instant{Milliseconds{utc_ms}}; }
constexpr std::int64_t ms_of(Instant instant) { return instant.time_since_epoch().count(); }

/// How far the wall clock can be believed when it stamps a record.
enum class ClockTrust : std::uint8_t {
  unset = 0,    // no time since boot: the clock stands at its floor
  rtc = 1,      // from a battery clock, not confirmed since boot
  synced = 2,   // NTP or a signed time record agreed within the limit
  stepped = 3,  // a simulation moves it: never a real bill
};

/// The two clocks of a program, as one argument.
///
/// `now()` is the wall clock: schedules, stamps, billing. It can be set, step
/// back, or be moved by a simulation. `ticks()` is always the real steady clock:
/// silence on a line, time-outs, keep-alive, back-off.
/// Thread: any.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  virtual Ticks ticks() const = 0;
  virtual ClockTrust trust() const = 0;
};

}  // namespace steward
