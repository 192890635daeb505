#pragma once
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

namespace steward::bench {

/// What a process has used since it began (proc(5)).
struct Usage {
  double cpu_s = 0;    // user and system, all its threads, also those that ended; to 10 ms
  double rss_mb = 0;   // VmRSS: resident now, shared libraries included; 10^6 bytes
  double most_mb = 0;  // VmHWM: the most that ever was
};

/// Of a process that runs or has ended and was not reaped (memory is 0 then).
/// Throws std::runtime_error when there is none.
Usage usage_of(pid_t pid);
/// CPU seconds of a running process, to the nanosecond; a process that sleeps between
/// short spells is seen whole, which ticks of 10 ms do not promise.
double cpu_s_of(pid_t pid);
/// CPU seconds of this process so far.
double own_cpu_s();

/// Waits for the end of a child without reaping it, so that `usage_of` still tells.
void await_end(pid_t pid);
/// Looks every few milliseconds; throws std::runtime_error naming `what` after `seconds`.
void await(const std::string& what, int seconds, const std::function<bool()>& done);
/// Lets time pass: benchmarks measure it.
void idle_ms(int milliseconds);
void idle_ns(std::int64_t nanoseconds);

}  // namespace steward::bench
