#pragma once
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "contract/nouns/clock.hpp"

namespace steward {

/// How much a line matters to the one who reads the journal.
enum class Level : std::uint8_t { debug, info, warning, error };

/// A field of a log line: text or a whole number. Secrets never become fields.
using LogField = std::pair<std::string_view, std::variant<std::string, std::int64_t>>;

/// What the daemon did, one JSON object per line: {"at":"2026-06-01T00:00:00.000Z",
/// "level":"info","event":"round_done",...}. `event` is a stable word that
/// scripts may match; sentences belong into fields.
///
/// Thread: any; a line is written whole, with one write.
class Log {
 public:
  using Sink = std::function<void(std::string_view line)>;

  /// Writes to standard error unless a test brings its own sink.
  explicit Log(const Clock& clock, Level least = Level::info, Sink sink = {});

  void debug(std::string_view event, std::initializer_list<LogField> fields = {}) const;
  void info(std::string_view event, std::initializer_list<LogField> fields = {}) const;
  void warning(std::string_view event, std::initializer_list<LogField> fields = {}) const;
  void error(std::string_view event, std::initializer_list<LogField> fields = {}) const;

 private:
  void write(Level level, std::string_view event, std::initializer_list<LogField> fields) const;

  const Clock& clock_;
  Level least_;
  Sink sink_;
};

}  // namespace steward
