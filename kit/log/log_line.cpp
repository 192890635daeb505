#include "kit/log/log_line.hpp"

#include <algorithm>

#include "contract/text/instant_text.hpp"
#include "contract/text/json.hpp"

namespace steward {
namespace {

constexpr std::string_view word(Level level) {
  constexpr std::string_view words[] = {"debug", "info", "warning", "error"};
  return words[static_cast<std::size_t>(level)];
}

/// An operator acts on these, so they come in Chinese too.
bool is_for_operators(Level level) { return level >= Level::warning; }

/// At most `most` bytes of it, none of them half a character.
std::string_view fitting(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return text.substr(0, most);
}

/// What one field says; `cut` becomes true when that is not all.
std::string value_of(const LogField& field, std::size_t most, bool& cut) {
  const auto& text = std::get<std::string>(field.second);
  // No call site logs a key. Should one ever do, the journal is the wrong place to find out.
  if (text.find("PRIVATE KEY") != std::string::npos) return "[withheld]";
  const auto said = fitting(text, most);
  cut = cut || said.size() < text.size();
  return std::string(said);
}

std::string json_text(Instant at, Level level, const LogEvent& event, std::span<const LogField> fields,
                      std::size_t most) {
  auto line = Json::object();
  line.set("ts", instant_text(at)).set("level", word(level)).set("event", event.id).set("text", event.en);
  if (is_for_operators(level)) line.set("zh", event.zh);
  bool cut = false;
  for (const auto& field : fields) {
    if (const auto* number = std::get_if<std::int64_t>(&field.second)) {
      line.set(std::string(field.first), *number);
    } else {
      line.set(std::string(field.first), value_of(field, most, cut));
    }
  }
  if (cut) line.set("cut", true);
  return line.dump() + "\n";
}

std::string terminal_text(Instant at, Level level, const LogEvent& event, std::span<const LogField> fields,
                          std::size_t most) {
  auto line = instant_text(at) + " " + std::string(word(level)) + " " + std::string(event.id) + ": " +
              std::string(event.en);
  bool cut = false;
  const char* before = " (";
  for (const auto& field : fields) {
    const auto* number = std::get_if<std::int64_t>(&field.second);
    // As JSON quotes it: escapes and half characters cannot steer the terminal.
    line += before + std::string(field.first) + "=" +
            (number != nullptr ? std::to_string(*number) : Json(value_of(field, most, cut)).dump());
    before = ", ";
  }
  if (!fields.empty()) line += cut ? ", cut)" : ")";
  if (is_for_operators(level)) line += "\n    " + std::string(event.zh);
  return line + "\n";
}

}  // namespace

std::string log_line(LogForm form, Instant at, Level level, const LogEvent& event,
                     std::span<const LogField> fields) {
  const auto text = form == LogForm::json ? json_text : terminal_text;
  auto line = text(at, level, event, fields, max_log_field);
  for (auto most = max_log_field; line.size() > max_log_line && most > 0;) {
    most /= 2;
    line = text(at, level, event, fields, most);
  }
  // Fifty fields without a value: no call site has that many.
  if (line.size() > max_log_line) line = text(at, level, event, {}, 0);
  return line;
}

}  // namespace steward
