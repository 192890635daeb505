#include "kit/loop/time_source.hpp"

#include <sys/timex.h>

namespace steward {
namespace {

constexpr std::int64_t most_synced_error_us = 1'000'000;

}  // namespace

Ticks KernelTime::ticks() const { return std::chrono::steady_clock::now(); }

MachineTime KernelTime::look() const {
  MachineTime now;
  // The wall clock between two looks at the steady one: the pair is at most their distance apart.
  const auto before = std::chrono::steady_clock::now();
  now.wall = std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
  const auto after = std::chrono::steady_clock::now();
  now.ticks = before + (after - before) / 2;
  timex kernel{};  // modes 0: only asks
  const int state = adjtimex(&kernel);
  now.synced = state >= 0 && state != TIME_ERROR && (kernel.status & STA_UNSYNC) == 0 &&
               kernel.maxerror <= most_synced_error_us;
  now.most_error = Milliseconds(now.synced ? kernel.maxerror / 1000 + 1 : 0);
  return now;
}

}  // namespace steward
