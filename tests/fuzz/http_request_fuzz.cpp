// Whatever a client sends: read to an end or refused, within its limits, and the same however it is cut up.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "kit/monitor/http_request.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace steward;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto whole = parse_http_request(text);
  if (whole.state == HttpParse::State::more) {
    if (size >= max_http_head) std::abort();
    return 0;
  }
  if (whole.state == HttpParse::State::done) {
    const auto& request = whole.request;
    if (!request.path.starts_with('/') || request.path.find_first_of("? \r\n") != std::string::npos)
      std::abort();
    if (request.host.find_first_of("\r\n") != std::string::npos) std::abort();
  }
  // The first piece that gives an answer gives the same one.
  for (std::size_t length = 0; length < size; ++length) {
    const auto part = parse_http_request(text.substr(0, length));
    if (part.state == HttpParse::State::more) continue;
    if (part.state != whole.state || part.status != whole.status || part.request.path != whole.request.path)
      std::abort();
    break;
  }
  return 0;
}
