#pragma once
#include <filesystem>
#include <memory>
#include <optional>

#include "kit/loop/clocks.hpp"

namespace steward::sim {

/// The clock a simulation shares, which the gateway makes when it starts and the
/// simulator must therefore wait for. Looks for the file again at each question
/// until it is there.
/// Thread: loop.
class AwaitedClock : public Clock {
 public:
  explicit AwaitedClock(std::filesystem::path file) : file_(std::move(file)) {}

  bool there() const;
  /// 1970 until the file is there.
  Instant now() const override;
  Ticks ticks() const override { return real_.ticks(); }
  ClockTrust trust() const override { return there() ? ClockTrust::stepped : ClockTrust::unset; }

 private:
  std::filesystem::path file_;
  SystemClock real_;
  mutable std::unique_ptr<SteppedClock> found_;
};

}  // namespace steward::sim
