#pragma once
#include <memory>
#include <vector>

#include "drivers/modbus/buses.hpp"
#include "edge/app/load_site.hpp"
#include "edge/guard/disk_guard_book.hpp"
#include "edge/poll/round.hpp"

namespace steward {

/// A bus on its way: what is asked on it and what its guard knows of its units.
struct PreparedBus {
  const BusSetup* setup = nullptr;  // of the site
  BusPlan plan;
  std::vector<GuardedUnit> units;
  std::vector<UnitRecord> records;  // as found on disk
  std::shared_ptr<LineTap> tap;     // for who looks on; may be none
};

struct PreparedBuses {
  std::vector<PreparedBus> buses;
  std::vector<EdgeEvent> remarks;  // what cannot be asked yet, and until when
};

/// Plans every bus, fits the plans beside what their units' replies meant before, and puts
/// what they mean from now on on disk: nothing may be asked before that.
/// Faults: broken (what was kept is damaged, or nothing can be kept).
/// Thread: the one that has the outbox, before the store thread does.
Result<PreparedBuses> prepare_buses(const LoadedSite& site, Outbox& outbox, const ClockStamp& now);

/// Gives a unit what its guard remembered.
void recall(GuardedUnit& unit, const UnitRecord& record);

/// The bus itself. book: must outlive it.
std::unique_ptr<RegisterBus> make_bus(Loop& loop, PreparedBus& prepared, GuardBook& book);

}  // namespace steward
