#include "edge/app/bus_setup.hpp"

#include <algorithm>
#include <cassert>

#include "contract/text/instant_text.hpp"
#include "contract/text/unit_text.hpp"
#include "edge/app/line_codecs.hpp"
#include "edge/guard/unit_record_text.hpp"

namespace steward {
namespace {

constexpr std::size_t marks_per_batch = 256;

GuardedUnit guarded(const MeterPlan& meter, const BusSetup& bus, const KeptUnit& kept) {
  GuardedUnit unit;
  unit.unit = meter.unit;
  unit.dictionary = meter.dictionary;
  unit.probes = meter.probe.spans;
  if (meter.probe.serial) unit.serial = meter.probe.serial->span;
  unit.delay_floor = Milliseconds(std::max(bus.delay_floor_ms, meter.profile->bus.delay_floor_ms));
  if (kept.record) recall(unit, *kept.record);
  return unit;
}

std::string waiting_text(const MeterPlan& meter, const FittedPlan& fitted) {
  const auto what = fitted.usable ? std::to_string(fitted.withheld.size()) + " of its reads are not asked"
                                  : "nothing of it is asked";
  return "unit " + unit_text(meter.unit) + ": " + what +
         " yet, because a late reply from before the plan changed would look the same" +
         (fitted.until ? "; start the gateway again after " + instant_text(*fitted.until) : "");
}

/// A Chinese meter that was delivered with another speed than the line has: once per model of a bus.
void compare_speed(const BusSetup& bus, const Profile& profile, Instant now,
                   std::vector<EdgeEvent>& remarks) {
  if (profile.protocol == Protocol::modbus || bus.kind != BusKind::modbus_rtu) return;
  if (profile.bus.baud == bus.line.baud) return;
  EdgeEvent remark{now, "line_speed", bus.bus.text,
                   profile.id.text + " is delivered with " + std::to_string(profile.bus.baud) +
                       " baud, the line is set to " + std::to_string(bus.line.baud) +
                       ": its meters must have been set to that"};
  const auto said = [&](const EdgeEvent& one) {
    return one.subject == remark.subject && one.detail == remark.detail;
  };
  if (std::none_of(remarks.begin(), remarks.end(), said)) remarks.push_back(std::move(remark));
}

Result<void> save(Outbox& outbox, std::vector<SavedMark> marks, const ClockStamp& now) {
  for (std::size_t at = 0; at < marks.size(); at += marks_per_batch) {
    Batch batch;
    batch.stream = Stream::events;
    batch.records = std::vector<EdgeEvent>{};
    batch.stamp = now;
    const auto end = std::min(at + marks_per_batch, marks.size());
    for (auto mark = at; mark < end; ++mark) batch.marks.push_back(std::move(marks[mark]));
    if (auto saved = outbox.append({batch}); !saved) return saved.error();
  }
  return {};
}

}  // namespace

void recall(GuardedUnit& unit, const UnitRecord& record) {
  unit.memory = record.memory;
  unit.known_serial = record.serial;
  unit.latched = record.latched;
  // Another profile keeps its serial number elsewhere: what was learned by the old one says nothing.
  const std::size_t words = unit.serial ? unit.serial->count : 0;
  if (unit.known_serial && unit.known_serial->size() != words) unit.known_serial.reset();
}

Result<PreparedBuses> prepare_buses(const LoadedSite& site, Outbox& outbox, const ClockStamp& now) {
  PreparedBuses prepared;
  std::vector<SavedMark> marks;
  for (auto& plan : plan_polls(site.setup, site.profiles)) {
    const auto bus = std::find_if(site.setup.buses.begin(), site.setup.buses.end(),
                                  [&](const BusSetup& candidate) { return candidate.bus == plan.bus; });
    assert(bus != site.setup.buses.end());
    PreparedBus ready{&*bus, {plan.bus, {}}, {}, {}, {}};
    for (auto& meter : plan.meters) {
      auto kept = read_kept_unit(outbox, plan.bus, meter.unit);
      if (!kept) return kept.error();
      auto fitted = fit_plan(unit_plan_of(meter), kept->tags, meter.profile->bus, now.wall,
                             std::chrono::hours(bus->retire_hours));
      if (kept->tags != fitted.book) marks.push_back(tags_mark(plan.bus, meter.unit, fitted.book));
      if (!fitted.usable || !fitted.withheld.empty())
        prepared.remarks.push_back({now.wall, "plan_waits", meter.meter.text, waiting_text(meter, fitted)});
      if (!fitted.usable) continue;
      take_unit_plan(meter, std::move(fitted.plan));
      compare_speed(*bus, *meter.profile, now.wall, prepared.remarks);
      ready.units.push_back(guarded(meter, *bus, *kept));
      if (kept->record) ready.records.push_back(*kept->record);
      ready.plan.meters.push_back(std::move(meter));
    }
    if (!ready.plan.meters.empty()) prepared.buses.push_back(std::move(ready));
  }
  // A line that no meter of the list is on yet can be searched and looked on at.
  for (const auto& bus : site.setup.buses) {
    const bool known = std::any_of(prepared.buses.begin(), prepared.buses.end(),
                                   [&](const PreparedBus& ready) { return ready.setup->bus == bus.bus; });
    const bool line = bus.kind == BusKind::modbus_rtu || bus.kind == BusKind::modbus_rtu_over_tcp;
    if (!known && line) prepared.buses.push_back({&bus, {bus.bus, {}}, {}, {}, {}});
  }
  if (auto saved = save(outbox, std::move(marks), now); !saved) return saved.error();
  return prepared;
}

std::unique_ptr<RegisterBus> make_bus(Loop& loop, PreparedBus& prepared, GuardBook& book) {
  const auto& bus = *prepared.setup;
  const Milliseconds timeout(bus.timeout_ms);
  if (bus.kind == BusKind::modbus_rtu) {
    LineBusSetup line;
    line.device = bus.line.device;
    line.format = {bus.line.baud, static_cast<Parity>(bus.line.parity), bus.line.stop_bits};
    line.direction = {static_cast<DirectionMode>(bus.line.turn), Milliseconds(bus.line.rts_before_ms),
                      Milliseconds(bus.line.rts_after_ms)};
    line.reply_timeout = timeout;
    for (const auto& meter : prepared.plan.meters)
      line.gap = std::max(line.gap, Milliseconds(meter.profile->bus.gap_ms));
    line.tap = prepared.tap;
    line.units = std::move(prepared.units);
    line.probe_permille = bus.probe_permille;
    line.codec = &codec_of(prepared.plan);
    return make_rtu_bus(loop, std::move(line), book);
  }
  if (bus.kind == BusKind::modbus_tcp && bus.tcp.path == TcpPath::native) {
    TcpBusSetup tcp;
    tcp.host = bus.tcp.host;
    tcp.port = bus.tcp.port;
    tcp.reply_timeout = timeout;
    tcp.pipeline = 16;
    for (const auto& meter : prepared.plan.meters)
      tcp.pipeline =
          std::min<std::size_t>(tcp.pipeline, std::max<std::uint16_t>(meter.profile->bus.pipeline, 1));
    tcp.tap = prepared.tap;
    tcp.units = std::move(prepared.units);
    return make_tcp_bus(loop, std::move(tcp), &book);
  }
  GatewayBusSetup gateway;
  gateway.place.host = bus.tcp.host;
  gateway.place.port = bus.tcp.port;
  gateway.rtu_frames = bus.kind == BusKind::modbus_rtu_over_tcp;
  if (gateway.rtu_frames) gateway.codec = &codec_of(prepared.plan);
  gateway.reply_timeout = timeout;
  gateway.place.tap = prepared.tap;
  gateway.units = std::move(prepared.units);
  gateway.probe_permille = bus.probe_permille;
  return make_gateway_bus(loop, std::move(gateway), book);
}

}  // namespace steward
