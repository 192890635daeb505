#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "contract/nouns/result.hpp"
#include "contract/text/json.hpp"

namespace steward::control {

// Fields of a request, each a value or the sentence that says what it must be. Pure.

inline Error wrong(std::string_view key, std::string_view right) {
  return {Fault::malformed, "\"" + std::string(key) + "\" must be " + std::string(right)};
}

/// A text of 1 to 64 bytes.
inline Result<std::string> text_of(const Json& json, std::string_view key, std::string_view right) {
  const auto* value = json.find(key);
  if (value == nullptr || !value->is(Json::Kind::text) || value->text().empty() ||
      value->text().size() > 64) {
    return wrong(key, right);
  }
  return value->text();
}

inline Result<std::int64_t> integer_of(const Json& json, std::string_view key, std::int64_t least,
                                       std::int64_t most) {
  const auto* value = json.find(key);
  if (value == nullptr || !value->is(Json::Kind::integer) || value->integer() < least ||
      value->integer() > most) {
    return wrong(key, "a number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return value->integer();
}

/// The same, where it may be left out.
inline Result<std::int64_t> integer_or(const Json& json, std::string_view key, std::int64_t least,
                                       std::int64_t most, std::int64_t otherwise) {
  if (json.find(key) == nullptr) return otherwise;
  return integer_of(json, key, least, most);
}

}  // namespace steward::control
