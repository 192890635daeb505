#include "kit/log/log.hpp"

#include <unistd.h>

#include <algorithm>

namespace steward {
namespace {

void write_to_stderr(std::string_view line) {
  // Nobody can be told when even standard error is gone.
  (void)!::write(STDERR_FILENO, line.data(), line.size());
}

LogForm form_of_stderr() { return ::isatty(STDERR_FILENO) == 1 ? LogForm::terminal : LogForm::json; }

}  // namespace

/// The generic cell rate algorithm (ITU-T I.371, annex A): each line fills the bucket by `every`.
std::optional<std::int64_t> LogGate::pass(const LogPace& pace, Ticks now) {
  const auto at = now.time_since_epoch().count();
  const auto every = std::chrono::nanoseconds(pace.every).count();
  auto full_until = full_until_.load();
  for (;;) {
    const auto from = std::max(full_until, at);
    if (from - at > (pace.burst - 1) * every) {
      ++held_back_;
      return std::nullopt;
    }
    if (full_until_.compare_exchange_weak(full_until, from + every)) return take_held_back();
  }
}

Log::Log(const Clock& clock, Level least, Sink sink)
    : Log(clock, least, sink ? sink : Sink(write_to_stderr), sink ? LogForm::json : form_of_stderr()) {}

Log::Log(const Clock& clock, Level least, Sink sink, LogForm form)
    : clock_(clock), least_(least), sink_(std::move(sink)), form_(form) {}

Log::~Log() {
  for (std::size_t at = 0; at < gates_.size(); ++at)
    say_held_back(log_events[at], gates_[at].take_held_back());
}

void Log::debug(EventId event, std::initializer_list<LogField> fields) const {
  write(Level::debug, event, fields);
}
void Log::info(EventId event, std::initializer_list<LogField> fields) const {
  write(Level::info, event, fields);
}
void Log::warning(EventId event, std::initializer_list<LogField> fields) const {
  write(Level::warning, event, fields);
}
void Log::error(EventId event, std::initializer_list<LogField> fields) const {
  write(Level::error, event, fields);
}

void Log::say_held_back(const LogEvent& event, std::int64_t lines) const {
  if (lines == 0) return;
  const LogField fields[] = {{"of", std::string(event.id)}, {"lines", lines}};
  sink_(log_line(form_, clock_.now(), Level::warning, log_events[EventId("suppressed").place], fields));
}

void Log::write(Level level, EventId event, std::initializer_list<LogField> fields) const {
  if (level < least_) return;
  const auto& kind = log_events[event.place];
  const auto before = gates_[event.place].pass(kind.pace, clock_.ticks());
  if (!before) {
    ++held_back_;
    return;
  }
  say_held_back(kind, *before);
  sink_(log_line(form_, clock_.now(), level, kind, fields));
}

}  // namespace steward
