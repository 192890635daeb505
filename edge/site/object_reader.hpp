#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "contract/nouns/problem.hpp"
#include "contract/text/json.hpp"

namespace steward {

/// The whole numbers a field may have, both ends included.
struct IntegerRange {
  std::int64_t least = 0;
  std::int64_t most = 0;
};

/// Takes one JSON object apart for a config file: what is missing, of the wrong
/// kind, out of range or unknown becomes a Problem that names the object, the
/// line and what would be right. Unknown keys are reported on construction.
///
/// Getters give nothing when the key is absent or wrong; only `required` ones
/// report an absent key. The reader borrows everything. Thread: any; pure.
class ObjectReader {
 public:
  /// where: the object in words a person finds again: "buses[2]", "rounds"; "" for the file itself
  ObjectReader(std::string_view file, std::string where, const Json& object,
               std::span<const std::string_view> keys, Problems& problems);

  std::optional<std::string> required_text(std::string_view key, std::size_t most_bytes);
  std::optional<std::string> optional_text(std::string_view key, std::size_t most_bytes);
  std::optional<std::int64_t> required_integer(std::string_view key, IntegerRange range);
  std::optional<std::int64_t> optional_integer(std::string_view key, IntegerRange range);
  std::optional<bool> optional_boolean(std::string_view key);
  /// One word out of `words`: its place in them.
  std::optional<std::size_t> required_word(std::string_view key, std::span<const std::string_view> words);
  std::optional<std::size_t> optional_word(std::string_view key, std::span<const std::string_view> words);
  /// The member itself when it is an object or array; reports another kind, and its absence if `required`.
  const Json* member(std::string_view key, Json::Kind kind, bool required);

  /// A name: 1..32 of a-z, 0-9 and "-" (it becomes part of topics and file names).
  std::optional<std::string> required_name(std::string_view key);

  void report(std::uint32_t line, std::string en, std::string zh);
  std::uint32_t line() const { return object_.line(); }
  std::uint32_t line_of(std::string_view key) const;
  /// "buses[2].port", or "site" for a key of the file itself.
  std::string path(std::string_view key) const;

 private:
  const Json* find(std::string_view key, bool required);
  std::optional<std::string> text(std::string_view key, std::size_t most_bytes, bool required);
  std::optional<std::int64_t> integer(std::string_view key, IntegerRange range, bool required);
  std::optional<std::size_t> one_of(std::string_view key, std::span<const std::string_view> words,
                                    bool required);

  std::string_view file_;
  std::string where_;
  const Json& object_;
  Problems& problems_;
};

/// 1..32 of a-z, 0-9 and "-".
bool is_name(std::string_view text);
/// "a, b or c" and "a、b 或 c".
std::string list_en(std::span<const std::string_view> words);
std::string list_zh(std::span<const std::string_view> words);

}  // namespace steward
