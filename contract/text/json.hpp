#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contract/nouns/result.hpp"

namespace steward {

/// Bounds on a JSON text, checked before and while it is read.
struct JsonLimits {
  std::size_t bytes = 64 * 1024;
  std::size_t depth = 16;
  std::size_t nodes = 20'000;
  bool comments = false;  // `//` and `/* */`, for files a person edits
};

/// A JSON value that knows the line it stands on. Numbers are int64 only: a
/// fraction or exponent is malformed, because no quantity here is a float.
/// Objects keep their order; a repeated key is malformed (RFC 8259, 4: SHOULD
/// be unique; two readers would see two different values).
/// Thread: any; a value, no sharing.
class Json {
 public:
  enum class Kind : std::uint8_t { null, boolean, integer, text, array, object };
  using Member = std::pair<std::string, Json>;

  Json() = default;
  Json(bool value) : kind_(Kind::boolean), integer_(value ? 1 : 0) {}
  Json(std::int64_t value) : kind_(Kind::integer), integer_(value) {}
  Json(int value) : Json(static_cast<std::int64_t>(value)) {}
  Json(std::string value) : kind_(Kind::text), text_(std::move(value)) {}
  Json(std::string_view value) : Json(std::string(value)) {}
  Json(const char* value) : Json(std::string(value)) {}
  static Json array() { return Json(Kind::array); }
  static Json object() { return Json(Kind::object); }

  /// Reads one JSON text. Faults: malformed (message names line and cause).
  static Result<Json> parse(std::string_view text, const JsonLimits& limits = {});
  /// The text: UTF-8, object order kept, no float. `indent` 0 = one line.
  std::string dump(int indent = 0) const;

  Kind kind() const { return kind_; }
  std::uint32_t line() const { return line_; }  // from 1; 0 when made in memory
  bool is(Kind kind) const { return kind_ == kind; }

  bool boolean() const { return integer_ != 0; }                   // kind boolean
  std::int64_t integer() const { return integer_; }                // kind integer
  const std::string& text() const { return text_; }                // kind text
  const std::vector<Json>& items() const { return items_; }        // kind array
  const std::vector<Member>& members() const { return members_; }  // kind object

  /// The member called `key`, or nullptr.
  const Json* find(std::string_view key) const;

  /// Appends to an object or array in the making; returns *this for chaining.
  Json& set(std::string key, Json value);
  Json& push(Json value);

  friend bool operator==(const Json&, const Json&);  // line numbers do not count

 private:
  friend class JsonReader;
  explicit Json(Kind kind) : kind_(kind) {}

  Kind kind_ = Kind::null;
  std::uint32_t line_ = 0;
  std::int64_t integer_ = 0;
  std::string text_;
  std::vector<Json> items_;
  std::vector<Member> members_;
};

}  // namespace steward
