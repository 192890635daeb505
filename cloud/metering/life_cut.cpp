#include "cloud/metering/life_cut.hpp"

#include "contract/text/meter_event_text.hpp"

namespace steward {
namespace {

using Kind = MeterEventKind;

/// The register at which the event ends a stay, as `lived` cuts it.
std::optional<std::int64_t> closing_of(const MeterEvent& event) {
  if (event.kind == Kind::rollover) return event.modulus;
  if (event.kind == Kind::ratio_change && event.new_register) return event.new_register;
  return event.old_register;
}

/// And the one from which the next counts.
std::optional<std::int64_t> opening_of(const MeterEvent& event) {
  if (event.kind == Kind::rollover) return 0;
  if (event.kind == Kind::ratio_change && !event.new_register) return event.old_register;
  return event.new_register;
}

}  // namespace

const LifeEvent* cut_at(const UsageSegment& segment, const RegisterEnd& end,
                        std::span<const LifeEvent> events, UtcOffset offset) {
  if (end.kind == EndKind::reading) return nullptr;
  const bool opening = end.kind == EndKind::opening;
  const auto on = day_of(end.reading.at, offset);
  for (const auto& one : events) {
    if (one.verdict == false) continue;
    const auto read = read_meter_event(one.said);
    if (!read || read->kind == Kind::serial_changed) continue;
    if (!read->channel.empty() && read->channel != segment.channel) continue;
    const bool another = opening && read->kind == Kind::exchange;
    if (segment.meter != (another ? read->new_meter : read->meter)) continue;
    if ((opening ? opening_of(*read) : closing_of(*read)) != end.reading.value) continue;
    if (on >= day_of(read->since.value_or(read->at), offset) && on <= day_of(read->at, offset)) return &one;
  }
  return nullptr;
}

}  // namespace steward
