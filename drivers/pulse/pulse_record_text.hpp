#pragma once
#include <string>
#include <string_view>

#include "drivers/pulse/pulse_record.hpp"

namespace steward {

/// The row that keeps a pulse counter over a restart (docs/formats/guard-book.md):
///   {"v":1,"base":1234567,"base_at_ms":1780272000000,"by":"li","pulses":17,"saved_at_ms":1780272060000}
/// and "missed_since_ms" while pulses may be missing. At most 300 bytes. Pure.
std::string pulse_record_text(const PulseRecord& record);
/// Faults: malformed (anything that the above does not write).
Result<PulseRecord> read_pulse_record(std::string_view text);

}  // namespace steward
