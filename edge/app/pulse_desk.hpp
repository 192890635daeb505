#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "contract/text/json.hpp"
#include "drivers/pulse/pulse_bus.hpp"
#include "edge/app/control_messages.hpp"
#include "edge/app/load_site.hpp"
#include "edge/poll/poll_plan.hpp"
#include "edge/store/store_thread.hpp"

namespace steward {

/// The counters of this gateway as found on disk, by bus and unit.
using KeptPulses = std::map<std::pair<BusId, UnitAddress>, PulseRecord>;

/// Faults: broken (damaged: a counter that began anew would bill nothing for what it forgot).
/// Thread: the one that has the outbox, before the store thread does.
Result<KeptPulses> read_kept_pulses(Outbox& outbox, const SiteSetup& setup);

/// Everything about pulse counters between the control socket, the outbox and the buses:
/// where counts are kept (one small row each, with the events' marks), what is said of them, and how a
/// technician sets a base. Thread: loop. Must outlive the buses it makes.
class PulseDesk {
 public:
  using Say = std::function<void(EdgeEvent)>;

  PulseDesk(Loop& loop, const Clock& clock, StoreThread& store, const LoadedSite& site, KeptPulses kept,
            std::function<ClockStamp()> stamp, Say say);
  ~PulseDesk();

  /// The bus of a config entry of kind pulse.
  std::unique_ptr<RegisterBus> make(const BusSetup& bus);
  /// What counts in the background; spawn once, when events can be said.
  std::vector<Awaitable<void>> runs();
  void stop();

  /// The dial shows request.display now. Faults: refused (no such meter, or none of pulses; the message says
  /// which are), malformed (no display value), retry (its input is away).
  Result<Json> set_base(const PulseBaseRequest& request);
  /// True when the meter is one of ours: `unlatch` is not for it.
  bool has(const MeterId& meter) const;

 private:
  class Host;
  const MeterSetup* find(const MeterId& meter) const;

  Loop& loop_;
  const Clock& clock_;
  StoreThread& store_;
  const LoadedSite& site_;
  KeptPulses kept_;
  std::function<ClockStamp()> stamp_;
  Say say_;
  std::map<BusId, std::unique_ptr<Host>> hosts_;
  std::map<BusId, PulseBus*> buses_;  // as long as the daemon has them
};

}  // namespace steward
