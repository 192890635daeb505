#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "cloud/billing/bill.hpp"
#include "cloud/metering/meter_life.hpp"

namespace steward {

enum class Language : std::uint8_t { zh, en };

/// One bill in words, line by line: what was counted, between which two readings
/// of which meter, times which multiplier, in which tier at which price, and how
/// it was rounded; for a share, what the pool was and the unit's weight in it.
/// Each reading is followed back to its record: gateway, log epoch and seq, meter
/// profile and the raw register words as they came over the wire.
/// Needs the bill alone, so an issued bill explains itself for ever. With the events of meters' lives it
/// also says which of them a line was cut at, who was there and why.
std::string explain(const Bill& bill, Language language, std::span<const LifeEvent> events = {});

}  // namespace steward
