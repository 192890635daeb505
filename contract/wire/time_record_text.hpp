#pragma once
#include <optional>

#include "contract/nouns/events.hpp"
#include "contract/nouns/time_record.hpp"

namespace steward {

/// The kind of event that carries one (docs/formats/time.md).
inline constexpr std::string_view time_record_kind = "time_record";

/// The record as an event of its gateway's log: a block signs it. detail, one line:
///   {"boot":"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee","offset_ms":1780156800000,"monotonic_ms":90131200,
///    "uncertainty_ms":12,"by":"ntp"}
EdgeEvent edge_event_of(const TimeRecord& record, Instant at);
/// Back from it; nothing for any other event, or another detail.
std::optional<TimeRecord> read_time_record(const EdgeEvent& event);

}  // namespace steward
