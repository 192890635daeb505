#pragma once
#include <string>
#include <string_view>

#include "contract/nouns/result.hpp"
#include "drivers/bus/unit_status.hpp"

namespace steward {

/// "v1 probe=1 delay_ns=120000000 latched=0 serial=000A2AB4"
///   probe     which of the two probes the next episode uses
///   delay_ns  the longest delay ever seen between a request and its reply
///   serial    registers as hex, four digits each; empty: the meter has none; -: never seen
/// Stable, at most 256 bytes (16 registers). docs/formats/guard-book.md has it byte for byte. Pure.
std::string unit_record_text(const UnitRecord& record);
/// Faults: malformed (not what unit_record_text writes).
Result<UnitRecord> read_unit_record(UnitAddress unit, std::string_view text);

}  // namespace steward
