#include "kit/log/log.hpp"

#include <unistd.h>

#include "contract/text/instant_text.hpp"
#include "contract/text/json.hpp"

namespace steward {
namespace {

constexpr std::size_t line_limit = 4096;  // a longer line is cut by some journals; so we say less

constexpr std::string_view word(Level level) {
  constexpr std::string_view words[] = {"debug", "info", "warning", "error"};
  return words[static_cast<std::size_t>(level)];
}

void write_to_stderr(std::string_view line) {
  // Nobody can be told when even standard error is gone.
  (void)!::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

Log::Log(const Clock& clock, Level least, Sink sink)
    : clock_(clock), least_(least), sink_(sink ? std::move(sink) : write_to_stderr) {}

void Log::debug(std::string_view event, std::initializer_list<LogField> fields) const {
  write(Level::debug, event, fields);
}
void Log::info(std::string_view event, std::initializer_list<LogField> fields) const {
  write(Level::info, event, fields);
}
void Log::warning(std::string_view event, std::initializer_list<LogField> fields) const {
  write(Level::warning, event, fields);
}
void Log::error(std::string_view event, std::initializer_list<LogField> fields) const {
  write(Level::error, event, fields);
}

void Log::write(Level level, std::string_view event, std::initializer_list<LogField> fields) const {
  if (level < least_) return;
  auto line =
      Json::object().set("at", instant_text(clock_.now())).set("level", word(level)).set("event", event);
  for (const auto& [key, value] : fields) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      line.set(std::string(key), *number);
    } else {
      line.set(std::string(key), std::get<std::string>(value).substr(0, line_limit / 4));
    }
  }
  sink_(line.dump() + "\n");
}

}  // namespace steward
