#pragma once
#include <functional>
#include <memory>

#include "drivers/bus/register_bus.hpp"
#include "kit/loop/loop.hpp"

namespace steward {

/// A bus that can be made anew while others hold on to it: an adapter that hangs is opened again, and no
/// other bus misses a round. Counters begin anew with it; what it had found out is still told.
///
/// The new one begins as after a start of the program: every unit is identified first, and quarantined
/// as long as a reply to the old one may still come. Thread: loop. Must outlive its reads.
class SwapBus final : public RegisterBus {
 public:
  using Make = std::function<std::unique_ptr<RegisterBus>()>;

  /// make: called once now and once per `restart`.
  SwapBus(Loop& loop, Make make);

  /// Waits for the calls in hand (each ends by its own time-outs), closes the bus and opens it anew. Calls
  /// that come meanwhile fail with `retry`. Faults: retry (it is being restarted already, or a call did not
  /// end within a minute: the bus stays as it is).
  Awaitable<Result<void>> restart();

  Awaitable<Result<Words>> read(UnitAddress unit, RegisterSpan span) override;
  Awaitable<Result<Identity>> identify(UnitAddress unit) override;
  Awaitable<Result<Surveyed>> survey(Survey survey) override;
  UnitStatus status(UnitAddress unit) const override { return bus_->status(unit); }
  std::vector<BusNotice> take_notices() override;
  UnitCounters counters(UnitAddress unit) const override { return bus_->counters(unit); }
  void unlatch(UnitAddress unit) override { bus_->unlatch(unit); }

 private:
  class Call;

  Make make_;
  std::unique_ptr<RegisterBus> bus_;
  std::vector<BusNotice> kept_;  // of the one before
  Signal idle_;
  std::size_t calls_ = 0;
  bool restarting_ = false;
};

}  // namespace steward
