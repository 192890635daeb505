#pragma once
#include <cstdint>
#include <string>

#include "cloud/metering/estate.hpp"
#include "cloud/metering/meter_life.hpp"
#include "contract/nouns/meter_event.hpp"

namespace steward {

/// What a manager reads of an event that stands in a bill's way: the meter, the instant, what it is, and what
/// to do next; in both languages. `no` is the event's number. Pure. Thread: any.
struct LifeWords {
  std::string en;
  std::string zh;
};

/// "meter E-1 (energy_import) at 2026-06-12T11:00:00+08:00: reset, 98.120 → 0.004 kWh", in both.
LifeWords event_words(const MeterEvent& event, Medium medium, UtcOffset offset);

LifeWords open_words(std::int64_t no, const MeterEvent& event, Medium medium, UtcOffset offset);
LifeWords unreadable_words(const LifeEvent& event, UtcOffset offset);
/// stay: of installs.csv; next: the one behind it, or nullptr
LifeWords mismatch_words(std::int64_t no, const MeterEvent& event, Medium medium, const Install& stay,
                         const Install* next, UtcOffset offset);
LifeWords not_there_words(std::int64_t no, const MeterEvent& event, Medium medium, UtcOffset offset);
/// Explained, but the bill begins or ends between the two readings.
LifeWords boundary_words(std::int64_t no, const MeterEvent& event, Medium medium, UtcOffset offset);
LifeWords fall_words(const RegisterFall& fall, UtcOffset offset);

}  // namespace steward
