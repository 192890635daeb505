#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "contract/nouns/clock.hpp"
#include "kit/log/events.hpp"

namespace steward {

/// How much a line matters to the one who reads the journal.
enum class Level : std::uint8_t { debug, info, warning, error };

/// A field of a log line: text or a whole number.
using LogField = std::pair<std::string_view, std::variant<std::string, std::int64_t>>;

/// json: for machines and journals; terminal: for whoever started the program by hand.
enum class LogForm : std::uint8_t { json, terminal };

/// A pipe takes so much in one piece (PIPE_BUF, pipe(7)): longer lines of two threads would mix.
inline constexpr std::size_t max_log_line = 4096;
/// What one field may say; less when the line would be too long otherwise.
inline constexpr std::size_t max_log_field = 1024;

/// One line with its newline, at most `max_log_line` bytes. Texts that do not fit are cut between characters,
/// and the line says so ("cut":true). Control characters are escaped in both forms: a device's bytes can
/// neither end the line nor steer a terminal. Pure.
std::string log_line(LogForm form, Instant at, Level level, const LogEvent& event,
                     std::span<const LogField> fields);

}  // namespace steward
