#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/ids.hpp"
#include "contract/nouns/problem.hpp"
#include "contract/text/json.hpp"

namespace steward {

/// Takes one JSON object of a message apart. Every field is required and no
/// other may be there: a message of another shape has another schema number.
///
/// What is wrong is added to `problems` (line, English and Chinese; at most
/// wire_limit::config_problems) and the getter gives a zero or nothing, so that a
/// decoder is a straight list of fields with one look at `problems` at its end.
/// Lifetime: borrows everything. Thread: any; pure.
class JsonFields {
 public:
  /// where: the object in words: "meters[3]"; "" for the message itself
  JsonFields(std::string_view file, std::string where, const Json& object,
             std::initializer_list<std::string_view> keys, Problems& problems);

  /// Plain text (no control characters) of `least` to `most` bytes.
  std::string text(std::string_view key, std::size_t least, std::size_t most);
  std::int64_t integer(std::string_view key, std::int64_t least, std::int64_t most);
  bool boolean(std::string_view key);
  /// Exactly `bytes` octets in lower-case hex; zeros when it is not.
  Bytes hex(std::string_view key, std::size_t bytes);
  /// PEM (RFC 7468): printable ASCII in lines, at most wire_limit::pem_bytes. What is in it is not looked at.
  std::string pem(std::string_view key);
  Uuid uuid(std::string_view key);
  /// One of `words`: its place among them.
  std::size_t word(std::string_view key, std::initializer_list<std::string_view> words);
  /// A site's or gateway's code.
  std::string code(std::string_view key);
  /// An array of at most `most` items, or an empty one.
  const Json& array(std::string_view key, std::size_t most);
  const Json& object(std::string_view key);

  void report(std::uint32_t line, std::string en, std::string zh);
  /// "meters[3].unit"
  std::string path(std::string_view key) const;
  std::uint32_t line_of(std::string_view key) const;

 private:
  const Json* find(std::string_view key, Json::Kind kind);
  void report_at(const Json& value, std::string_view key, const std::string& en, const std::string& zh);

  std::string_view file_;
  std::string where_;
  const Json& object_;
  Problems& problems_;
};

/// The message as one JSON object of schema 1, or nothing after a problem.
/// limits: bytes, depth, nodes of this kind of message.
Result<Json> parse_message(std::string_view file, std::string_view text, const JsonLimits& limits,
                           Problems& problems);

/// The first problem as an error, for callers that need one sentence.
Error first_of(const Problems& problems);

}  // namespace steward
