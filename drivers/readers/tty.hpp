#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "contract/nouns/result.hpp"

namespace steward {

/// True for the rates readers are sold with (1200..115200).
bool is_reader_baud(std::uint32_t baud);

/// Opens `device` raw, 8N1, without flow control, locked against a second
/// program (flock), non-blocking. Gives a descriptor that is the caller's.
/// Faults: retry (not there, busy), refused (not a terminal).
Result<int> open_tty(const std::string& device, std::uint32_t baud);

}  // namespace steward
