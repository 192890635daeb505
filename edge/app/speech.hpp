#pragma once
#include <cstdlib>
#include <string>
#include <string_view>

#include "contract/text/json.hpp"

namespace steward {

/// Whether the operator's terminal is set to Chinese (LC_ALL, else LC_MESSAGES, else LANG).
inline bool speaks_chinese() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return std::string_view(value).starts_with("zh");
  }
  return false;
}
/// One of two, where both would crowd a line.
inline std::string say(std::string en, std::string zh) { return speaks_chinese() ? zh : en; }

/// A text of an answer; empty where there is none.
inline std::string said(const Json& json, std::string_view key) {
  const auto* value = json.find(key);
  return value != nullptr && value->is(Json::Kind::text) ? value->text() : std::string();
}

}  // namespace steward
