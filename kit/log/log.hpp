#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "contract/nouns/clock.hpp"
#include "kit/log/events.hpp"
#include "kit/log/log_line.hpp"

namespace steward {

/// Lets one kind of line through at its pace and counts the others. Thread: any; without a lock.
class LogGate {
 public:
  /// How many were held back since the last one that passed; nothing: this one is held back too.
  std::optional<std::int64_t> pass(const LogPace& pace, Ticks now);
  std::int64_t take_held_back() { return held_back_.exchange(0); }

 private:
  std::atomic<std::int64_t> full_until_{INT64_MIN};  // when the burst is whole again (GCRA's arrival time)
  std::atomic<std::int64_t> held_back_{0};
};

/// What a daemon did, one JSON object a line (docs/formats/log.md): {"ts":"2026-06-01T00:00:00.000Z",
/// "level":"warning","event":"broker_down","text":...,"zh":...,...}; sentences for people on a terminal.
///
/// An id that is not in `log_events` does not compile. Each has a pace; what was held back is said by a line
/// `suppressed` before the next of its kind, and at the end. Secrets never become fields; a text that looks
/// like a private key is withheld.
/// Thread: any; a line is written whole, with one write.
class Log {
 public:
  using Sink = std::function<void(std::string_view line)>;

  /// Writes to standard error unless a test brings its own sink.
  explicit Log(const Clock& clock, Level least = Level::info, Sink sink = {});
  /// The same in the form a test asks for.
  Log(const Clock& clock, Level least, Sink sink, LogForm form);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void debug(EventId event, std::initializer_list<LogField> fields = {}) const;
  void info(EventId event, std::initializer_list<LogField> fields = {}) const;
  void warning(EventId event, std::initializer_list<LogField> fields = {}) const;
  void error(EventId event, std::initializer_list<LogField> fields = {}) const;

  /// Lines held back since the start, for the metrics.
  std::int64_t held_back() const { return held_back_.load(); }

 private:
  void write(Level level, EventId event, std::initializer_list<LogField> fields) const;
  void say_held_back(const LogEvent& event, std::int64_t lines) const;

  const Clock& clock_;
  Level least_;
  Sink sink_;
  LogForm form_;
  mutable std::array<LogGate, std::size(log_events)> gates_;
  mutable std::atomic<std::int64_t> held_back_{0};
};

}  // namespace steward
