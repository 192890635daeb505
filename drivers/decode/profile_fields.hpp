#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "contract/nouns/problem.hpp"
#include "contract/text/json.hpp"

namespace steward {

/// A sentence in the two languages an operator reads.
struct Sentence {
  std::string en;
  std::string zh;
};

/// Reads the fields of one file's JSON objects and collects everything that is
/// wrong, so that a technician mends a file in one go.
///
/// `what` names the object for the reader: {"channel \"volume\"", "通道 \"volume\""}.
/// A field of the wrong kind or range gives nothing and one problem; a field that
/// is missing gives nothing, and a problem only from the `need_` functions.
class ProfileFields {
 public:
  ProfileFields(std::string_view file, Problems& problems) : file_(file), problems_(problems) {}

  void problem(std::uint32_t line, Sentence what, Sentence why);
  /// How many problems there are now; more than before = something was wrong in between.
  std::size_t count() const { return problems_.size(); }

  /// Whether `value` is an object, with no key outside `known` (a misspelt key must not be ignored).
  bool object(const Json& value, const Sentence& what, std::initializer_list<std::string_view> known);

  std::optional<std::int64_t> integer(const Json& object, const Sentence& what, std::string_view key,
                                      std::int64_t low, std::int64_t high);
  std::optional<std::int64_t> need_integer(const Json& object, const Sentence& what, std::string_view key,
                                           std::int64_t low, std::int64_t high);
  std::optional<std::string> text(const Json& object, const Sentence& what, std::string_view key);
  std::optional<std::string> need_text(const Json& object, const Sentence& what, std::string_view key);
  std::optional<bool> boolean(const Json& object, const Sentence& what, std::string_view key);
  const Json* array(const Json& object, const Sentence& what, std::string_view key, std::size_t most);
  /// One of `words`: its place among them.
  std::optional<std::size_t> choice(const Json& object, const Sentence& what, std::string_view key,
                                    std::initializer_list<std::string_view> words);
  /// A register or raw pattern, as manuals print it: 342 or "0x0156".
  std::optional<std::uint64_t> number(const Json& value, const Sentence& what, std::string_view key,
                                      std::uint64_t high);
  std::optional<std::uint64_t> need_number(const Json& object, const Sentence& what, std::string_view key,
                                           std::uint64_t high);

 private:
  const Json* need(const Json& object, const Sentence& what, std::string_view key);
  void wrong(std::uint32_t line, const Sentence& what, std::string_view key, Sentence right);

  std::string file_;
  Problems& problems_;
};

}  // namespace steward
