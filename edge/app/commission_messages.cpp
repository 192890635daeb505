#include "edge/app/commission_messages.hpp"

#include <algorithm>
#include <array>

#include "contract/text/unit_text.hpp"
#include "edge/app/control_fields.hpp"

namespace steward {
namespace {

using control::integer_or;
using control::text_of;
using control::wrong;

constexpr std::array<std::string_view, 3> parity_words{"none", "even", "odd"};
constexpr std::string_view bauds_right =
    "a list of 300, 600, 1200, 2400, 4800, 9600, 14400, 19200, 38400, 57600 or 115200";

/// A list of distinct things, each read by `read` from one value; an absent one is empty.
template <class T, class Read>
Result<std::vector<T>> list_of(const Json& json, std::string_view key, std::string_view right, Read read) {
  std::vector<T> list;
  const auto* value = json.find(key);
  if (value == nullptr) return list;
  if (!value->is(Json::Kind::array)) return wrong(key, right);
  for (const auto& item : value->items()) {
    const std::optional<T> one = read(item);
    if (!one || std::find(list.begin(), list.end(), *one) != list.end()) return wrong(key, right);
    list.push_back(*one);
  }
  return list;
}

std::optional<std::uint32_t> baud_of(const Json& item) {
  if (!item.is(Json::Kind::integer)) return std::nullopt;
  const auto known = std::find(std::begin(scan_bauds), std::end(scan_bauds), item.integer());
  if (known == std::end(scan_bauds)) return std::nullopt;
  return *known;
}

}  // namespace

Result<TraceRequest> read_trace(const Json& json) {
  auto line = text_of(json, "line", "the name of a bus");
  if (!line) return line.error();
  const auto seconds = integer_or(json, "seconds", 1, 86'400, 600);
  if (!seconds) return seconds.error();
  return TraceRequest{BusId(std::move(*line)), static_cast<std::uint32_t>(*seconds)};
}

Result<VerifyRequest> read_verify(const Json& json) {
  auto meter = text_of(json, "meter", "a meter of the meter list");
  if (!meter) return meter.error();
  auto display = text_of(json, "display", "what the display shows, such as \"1234.56\"");
  if (!display) return display.error();
  std::string channel;
  if (json.find("channel") != nullptr) {
    auto named = text_of(json, "channel", "a channel of its profile");
    if (!named) return named.error();
    channel = std::move(*named);
  }
  return VerifyRequest{MeterId(std::move(*meter)), std::move(*display), std::move(channel)};
}

Result<ScanRequest> read_scan(const Json& json) {
  ScanRequest request;
  if (json.find("line") != nullptr) {
    auto line = text_of(json, "line", "the name of a bus");
    if (!line) return line.error();
    request.line = BusId(std::move(*line));
  }
  auto bauds = list_of<std::uint32_t>(json, "baud", bauds_right, baud_of);
  if (!bauds) return bauds.error();
  auto parities = list_of<Parity>(
      json, "parity", "a list of \"none\", \"even\" or \"odd\"",
      [](const Json& item) { return item.is(Json::Kind::text) ? parity_of(item.text()) : std::nullopt; });
  if (!parities) return parities.error();
  auto protocols = list_of<Protocol>(
      json, "protocol", "a list of \"modbus\", \"dlt645\" or \"cjt188\"",
      [](const Json& item) { return item.is(Json::Kind::text) ? read_protocol(item.text()) : std::nullopt; });
  if (!protocols) return protocols.error();
  const auto from = integer_or(json, "from", 1, 247, 1);
  if (!from) return from.error();
  const auto to = integer_or(json, "to", *from, 247, 247);
  if (!to) return to.error();
  request.bauds = std::move(*bauds);
  request.parities = std::move(*parities);
  request.protocols = std::move(*protocols);
  request.from = static_cast<std::uint8_t>(*from);
  request.to = static_cast<std::uint8_t>(*to);
  return request;
}

Json print_trace(const TraceRequest& request) {
  return Json::object()
      .set("verb", "trace")
      .set("line", request.line.text)
      .set("seconds", std::int64_t{request.seconds});
}

Json print_verify(const VerifyRequest& request) {
  auto json = Json::object().set("verb", "verify").set("meter", request.meter.text);
  json.set("display", request.display);
  if (!request.channel.empty()) json.set("channel", request.channel);
  return json;
}

Json print_scan(const ScanRequest& request) {
  auto json = Json::object().set("verb", "scan");
  if (!request.line.text.empty()) json.set("line", request.line.text);
  auto bauds = Json::array();
  for (const auto baud : request.bauds) bauds.push(std::int64_t{baud});
  auto parities = Json::array();
  for (const auto parity : request.parities) parities.push(parity_words[static_cast<std::size_t>(parity)]);
  auto protocols = Json::array();
  for (const auto protocol : request.protocols) protocols.push(protocol_word(protocol));
  json.set("baud", std::move(bauds)).set("parity", std::move(parities));
  json.set("protocol", std::move(protocols)).set("from", int{request.from}).set("to", int{request.to});
  return json;
}

}  // namespace steward
