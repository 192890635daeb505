// How the daemon makes its buses, and which of them stay when the config changes.
#include <algorithm>

#include "edge/app/daemon.hpp"

namespace steward {
namespace {

/// Is it the same bus with the same units asked in the same way? Then it may stay as it is.
bool same_bus(const PreparedBus& a, const PreparedBus& b) {
  const auto same_unit = [](const GuardedUnit& one, const GuardedUnit& other) {
    return one.unit == other.unit && one.dictionary == other.dictionary && one.probes == other.probes &&
           one.serial == other.serial && one.delay_floor == other.delay_floor;
  };
  const auto same_meter = [](const MeterPlan& one, const MeterPlan& other) {
    return one.meter == other.meter && one.profile->hash == other.profile->hash;
  };
  return *a.setup == *b.setup &&
         std::equal(a.units.begin(), a.units.end(), b.units.begin(), b.units.end(), same_unit) &&
         std::equal(a.plan.meters.begin(), a.plan.meters.end(), b.plan.meters.begin(), b.plan.meters.end(),
                    same_meter);
}

}  // namespace

/// Closes the buses that are not there any more, or not like that: a line is opened by one at a time.
void Daemon::drop_changed(const PreparedBuses& prepared) {
  std::erase_if(buses_, [&](const auto& made) {
    const auto same =
        std::find_if(prepared.buses.begin(), prepared.buses.end(), [&](const PreparedBus& ready) {
          return ready.setup->bus == made.first && same_bus(made.second.ready, ready);
        });
    if (same != prepared.buses.end()) return false;
    swaps_.erase(made.first);
    return true;
  });
}

/// The bus of `ready`, which gets its tap: the one in service, or a new one.
RegisterBus& Daemon::make_bus_of(PreparedBus& ready) {
  const auto& name = ready.setup->bus;
  if (const auto made = buses_.find(name); made != buses_.end()) {
    ready.tap = made->second.ready.tap;
    return *made->second.bus;
  }
  ready.tap = std::make_shared<LineTap>();
  auto& book = books_[name];
  if (!book) book = std::make_unique<DiskGuardBook>(*store_, name, [this] { return writer_->stamp(); });
  for (const auto& record : ready.records) book->found(record);
  auto& made = buses_[name];
  made.ready = ready;
  made.bus = ready.setup->kind == BusKind::pulse ? pulses_->make(*ready.setup) : make_swap_bus(ready, *book);
  return *made.bus;
}

void Daemon::make_buses(PreparedBuses prepared, LogMemory memory) {
  const auto& rounds = parts_.site.setup.rounds;
  std::vector<BusLane> lanes;
  std::vector<BusPlan> plans;
  backfill_ = std::make_unique<BackfillDesk>(*writer_, clock_, parts_.site.setup, parts_.site.profiles,
                                             std::move(memory.gaps));
  std::map<BusId, DeskBus> desk;
  for (auto& ready : prepared.buses) {
    auto& bus = make_bus_of(ready);
    auto& seen = desk[ready.plan.bus];
    seen.setup = ready.setup;
    seen.tap = ready.tap;
    seen.bus = &bus;
    seen.in_service = !ready.plan.meters.empty();
    for (const auto& meter : ready.plan.meters)
      if (meter.unit.protocol == Protocol::modbus) seen.planned[meter.unit.byte()] = meter.probe.spans[0];
    if (!seen.in_service) continue;  // only to be searched
    plans.push_back(ready.plan);
    backfill_->add(bus, ready.plan);
    const bool line = ready.setup->kind != BusKind::modbus_tcp && ready.setup->kind != BusKind::pulse;
    lanes.push_back({&bus, std::move(ready.plan), line});
  }
  telemetry_ = polls_telemetry(plans);
  remarks_ = std::move(prepared.remarks);
  for (auto& event : passing_name_events(parts_.site.setup, clock_.now()))
    remarks_.push_back(std::move(event));
  RoundRules rules;
  rules.skew_limit = std::chrono::seconds(rounds.skew_limit_s);
  rules.patience = std::min(rules.skew_limit, every_ / 2);
  rounds_ = std::make_unique<RoundRunner>(loop_, clock_, std::move(lanes), rules, *backfill_);
  rounds_->remember(std::move(memory.histories));
  desk_ = std::make_unique<CommissionDesk>(
      clock_, *rounds_, parts_.site.profiles, std::move(desk), [this] { return next_round_; }, every_);
}

/// A bus that can be made anew: with the same units, and what its guard knows of them by then.
std::unique_ptr<RegisterBus> Daemon::make_swap_bus(const PreparedBus& ready, DiskGuardBook& book) {
  auto bus = std::make_unique<SwapBus>(loop_, [this, ready, &book] {
    auto again = ready;
    for (auto& unit : again.units) {
      if (const auto* record = book.record(unit.unit)) recall(unit, *record);
    }
    return make_bus(loop_, again, book);
  });
  swaps_[ready.plan.bus] = bus.get();
  return bus;
}

}  // namespace steward
