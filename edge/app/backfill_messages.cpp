#include "edge/app/backfill_messages.hpp"

#include "contract/text/instant_text.hpp"
#include "edge/app/control_fields.hpp"

namespace steward {

Result<BackfillRequest> read_backfill(const Json& json) {
  auto meter = control::text_of(json, "meter", "a meter of the meter list");
  if (!meter) return meter.error();
  BackfillRequest request{MeterId(std::move(*meter)), std::nullopt};
  if (json.find("from") == nullptr) return request;
  constexpr std::string_view right = "a day such as 2026-05-01";
  const auto text = control::text_of(json, "from", right);
  if (!text) return text.error();
  request.from = read_date(*text);
  if (!request.from) return control::wrong("from", right);
  return request;
}

Json print_backfill(const BackfillRequest& request) {
  auto json = Json::object();
  json.set("verb", "backfill").set("meter", request.meter.text);
  if (request.from)
    json.set("from",
             instant_text(Instant(std::chrono::sys_days(*request.from).time_since_epoch())).substr(0, 10));
  return json;
}

}  // namespace steward
