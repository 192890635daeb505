#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contract/nouns/clock.hpp"
#include "drivers/bus/register_bus.hpp"
#include "drivers/pulse/pulse_count.hpp"
#include "drivers/pulse/pulse_record.hpp"
#include "kit/gpio/edge_input.hpp"

namespace steward {

class Loop;

/// One meter with a pulse output.
struct PulseUnitSetup {
  /// Opens its input, again after it was lost. Faults: as open_gpio.
  using Open = std::function<Result<std::unique_ptr<EdgeInput>>()>;

  UnitAddress unit;
  Open open;
  PerPulse per_pulse;
  Milliseconds debounce{20};
  std::optional<PulseRecord> kept;  // as found on disk
};

/// What a counter needs of the daemon. Thread: loop.
class PulseHost {
 public:
  virtual ~PulseHost() = default;
  /// On disk soon. A reading that is given at the same time must not be there before it.
  virtual void save(UnitAddress unit, const PulseRecord& record) = 0;
  /// From `since` on the counter may show too little, until its base is set again.
  virtual void missed(UnitAddress unit, Instant since, const std::string& why) = 0;
};

/// Counters of pulses as a bus that is read like any other.
///
/// A unit is 16 registers: 0..3 the reading (base + pulses x per_pulse, u64, high first), 4..7 the pulses
/// since the base was set; the rest is 0. What is counted is saved with every reading, after each
/// most_unsaved pulses and at the latest a minute after the first: what a crash can lose is said from then
/// on. While this program does not run nobody counts: each start, lost input or lost edge makes the
/// counter `missed`, once, and so it stays until a technician reads the dial and sets the base.
/// Without a base, or while its input is away, a unit gives no value. Thread: loop.
class PulseBus : public RegisterBus {
 public:
  static constexpr std::uint64_t most_unsaved = 100;
  static constexpr Milliseconds longest_unsaved{60'000};
  static constexpr std::uint16_t page_words = 16;

  PulseBus(Loop& loop, const Clock& clock, std::vector<PulseUnitSetup> units, PulseHost& host);
  ~PulseBus() override;

  /// Counts until `stop`: one coroutine per input. Spawn each before the first read.
  std::vector<Awaitable<void>> runs();
  /// Saves every count; the runs end within two seconds.
  void stop();

  /// The dial shows `value` now: the reading goes on from there, with no doubt left.
  /// Gives what the counter showed before, if anything. Faults: refused (no such unit), retry (input away).
  Result<std::optional<std::int64_t>> set_base(UnitAddress unit, std::int64_t value, std::string by);
  /// Nothing: no such unit, or never set.
  std::optional<PulseRecord> record(UnitAddress unit) const;

  Awaitable<Result<Words>> read(UnitAddress unit, RegisterSpan span) override;
  Awaitable<Result<Identity>> identify(UnitAddress unit) override;
  UnitStatus status(UnitAddress unit) const override;
  std::vector<BusNotice> take_notices() override { return {}; }
  UnitCounters counters(UnitAddress unit) const override;
  void unlatch(UnitAddress) override {}  // a look is not enough: the dial must be read

 private:
  struct Unit;
  Awaitable<void> run(Unit& unit);
  Unit* find(UnitAddress unit) const;
  Result<void> ready(Unit& unit);
  void take(Unit& unit, const InputEdges& edges);
  void note(Unit& unit);
  void miss(Unit& unit, Instant since, const std::string& why);
  void save(Unit& unit);

  const Clock& clock_;
  PulseHost& host_;
  std::vector<std::unique_ptr<Unit>> units_;
  bool stopped_ = false;
};

}  // namespace steward
