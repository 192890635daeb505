#include "kit/monitor/http_request.hpp"

#include <algorithm>

namespace steward {
namespace {

HttpParse bad(int status) { return {HttpParse::State::bad, status, {}}; }

/// tchar of RFC 9110, 5.6.2.
bool is_token_char(char c) {
  const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return alphanumeric || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

/// Visible ASCII: what a target may be made of here.
bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_host(std::string_view name) {
  constexpr std::string_view lower = "host";
  return std::equal(name.begin(), name.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a | 0x20) == b; });
}

/// The status it must be refused with; 0: it is all right.
int read_request_line(std::string_view line, HttpRequest& request, bool& is_11) {
  const auto method_end = line.find(' ');
  const auto target_end = line.rfind(' ');
  if (method_end == std::string_view::npos || target_end == method_end) return 400;
  const auto method = line.substr(0, method_end);
  const auto target = line.substr(method_end + 1, target_end - method_end - 1);
  const auto version = line.substr(target_end + 1);
  if (!is_token(method) || target.empty() || target.front() != '/' || !is_visible(target)) return 400;
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return version.starts_with("HTTP/") ? 505 : 400;
  if (method != "GET" && method != "HEAD") return 405;
  is_11 = version == "HTTP/1.1";
  request.head = method == "HEAD";
  request.path = std::string(target.substr(0, target.find('?')));
  return 0;
}

}  // namespace

HttpParse parse_http_request(std::string_view so_far) {
  constexpr std::string_view newline = "\r\n";
  const auto end = so_far.substr(0, max_http_head).find("\r\n\r\n");
  if (end == std::string_view::npos) return so_far.size() >= max_http_head ? bad(431) : HttpParse{};
  auto head = so_far.substr(0, end);
  const auto line_end = head.find(newline);
  HttpParse parse{HttpParse::State::done, 0, {}};
  bool is_11 = false;
  if (const int status = read_request_line(head.substr(0, line_end), parse.request, is_11); status != 0)
    return bad(status);
  head.remove_prefix(line_end == std::string_view::npos ? head.size() : line_end + newline.size());
  std::size_t hosts = 0;
  while (!head.empty()) {
    const auto line = head.substr(0, head.find(newline));
    head.remove_prefix(std::min(head.size(), line.size() + newline.size()));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return bad(400);
    const auto value = trimmed(line.substr(colon + 1));
    if (!is_field_value(value)) return bad(400);
    if (!is_host(line.substr(0, colon))) continue;
    ++hosts;
    parse.request.host = std::string(value);
  }
  if (hosts > 1 || (is_11 && hosts == 0)) return bad(400);
  return parse;
}

}  // namespace steward
