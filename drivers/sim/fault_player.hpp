#pragma once
#include "drivers/sim/fault_line.hpp"
#include "drivers/sim/modbus_device.hpp"
#include "kit/loop/loop.hpp"

namespace steward::sim {

/// Plays a FaultLine by the machine's steady clock: the shell between a plan and a
/// pseudo-terminal or socket. Holds no register: `source` is asked when a request
/// comes, as a device samples when it is asked.
/// Thread: loop. Shared with the coroutine that writes.
class FaultPlayer {
 public:
  FaultPlayer(Loop& loop, std::shared_ptr<FaultPlan> plan)
      : plan_(std::move(plan)), line_(*plan_), woken_(loop) {}

  /// A whole right request came.
  void ask(Speech speech, ByteView request, const HonestAnswer& honest);
  /// The same of Modbus meters, rtu or mbap.
  void ask(Speech speech, ByteView request, RegisterSource& source);
  /// Waits for the next burst and gives it; empty after `stop`.
  Awaitable<Bytes> due();
  void stop();

 private:
  const std::shared_ptr<FaultPlan> plan_;
  FaultLine line_;
  Signal woken_;
  bool stopped_ = false;
};

}  // namespace steward::sim
