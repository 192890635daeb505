#pragma once
#include <atomic>
#include <filesystem>
#include <memory>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/result.hpp"

namespace steward {

/// The machine's own clocks. Trust is `rtc` until something confirms the time.
class SystemClock : public Clock {
 public:
  Instant now() const override;
  Ticks ticks() const override;
  ClockTrust trust() const override { return ClockTrust::rtc; }
};

/// A wall clock that stands still until it is moved, shared by the processes of
/// a simulation through one small file; `ticks()` stay real.
///
/// File: 8 bytes, int64 UTC milliseconds in host byte order, mapped. One process
/// writes, any number read; the value is an atomic, so nobody sees half of it.
/// Thread: any.
class SteppedClock : public Clock {
 public:
  /// Makes the file, or takes over one that is there (readers keep their mapping),
  /// and sets it to `start`. Faults: broken (detail quotes the system).
  static Result<std::unique_ptr<SteppedClock>> create(const std::filesystem::path& file, Instant start);
  /// Maps a file another process made, read-only. Faults: retry (not there yet), broken.
  static Result<std::unique_ptr<SteppedClock>> open(const std::filesystem::path& file);
  ~SteppedClock() override;
  SteppedClock(const SteppedClock&) = delete;
  SteppedClock& operator=(const SteppedClock&) = delete;

  Instant now() const override;
  Ticks ticks() const override;
  ClockTrust trust() const override { return ClockTrust::stepped; }

  /// Moves the clock; only on one that `create` made.
  void step_to(Instant instant);

 private:
  SteppedClock(std::atomic<std::int64_t>* shared, bool writes) : shared_(shared), writes_(writes) {}

  std::atomic<std::int64_t>* shared_;
  bool writes_;
};

}  // namespace steward
