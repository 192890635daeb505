#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace steward {

/// Request line and header fields together; curl sends 80 bytes, Prometheus 300.
inline constexpr std::size_t max_http_head = 4096;

/// What is asked, as far as anybody here cares.
struct HttpRequest {
  bool head = false;  // HEAD: the answer without its body
  std::string path;   // of the target, without its query
  std::string host;   // the field's value; empty in HTTP/1.0
};

/// How far the bytes go.
struct HttpParse {
  enum class State : std::uint8_t { more, done, bad };
  State state = State::more;
  int status = 0;       // bad: what to answer
  HttpRequest request;  // done
};

/// Reads the head of a GET or HEAD request (RFC 9112, 2 to 5), strictly: lines end in CRLF, field names are
/// tokens, values hold no control characters, the target is a path, HTTP/1.1 names exactly one host. Answers
/// for what is refused: 400 malformed, 405 another method, 431 too long, 505 another version. so_far:
/// everything received on the connection. Pure.
HttpParse parse_http_request(std::string_view so_far);

}  // namespace steward
