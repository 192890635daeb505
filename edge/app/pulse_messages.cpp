#include "edge/app/pulse_messages.hpp"

#include "edge/app/control_fields.hpp"

namespace steward {

Result<PulseBaseRequest> read_pulse_base(const Json& json) {
  auto meter = control::text_of(json, "meter", "a meter of the meter list");
  if (!meter) return meter.error();
  auto display = control::text_of(json, "display", "what the dial shows, such as \"1234.567\"");
  if (!display) return display.error();
  auto by = control::text_of(json, "by", "who read the dial, 1 to 64 bytes");
  if (!by) return by.error();
  return PulseBaseRequest{MeterId(std::move(*meter)), std::move(*display), std::move(*by)};
}

Json print_pulse_base(const PulseBaseRequest& request) {
  auto json = Json::object();
  json.set("verb", "pulse-base").set("meter", request.meter.text);
  return json.set("display", request.display).set("by", request.by);
}

}  // namespace steward
