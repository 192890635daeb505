#include "edge/app/control_messages.hpp"

#include "contract/text/instant_text.hpp"
#include "edge/app/control_fields.hpp"

namespace steward {
namespace {

using control::integer_of;
using control::text_of;
using control::wrong;

constexpr std::string_view verbs =
    "status, doctor, scan, verify, trace, cancel, open-door, card-put, card-delete, unlatch, meter-exchange, "
    "meter-reset, meter-ratio, meter-remove, meter-seal, pulse-base, backfill or take-keys";

Result<CardDate> date_of(const Json& json, std::string_view key) {
  auto text = text_of(json, key, "a date such as 2026-12-31");
  if (!text) return text.error();
  const auto date = read_date(*text);
  if (!date) return wrong(key, "a date such as 2026-12-31");
  return *date;
}

std::string date_text(CardDate date) {
  return instant_text(Instant(std::chrono::sys_days(date).time_since_epoch())).substr(0, 10);
}

Result<ControlRequest> read_open_door(const Json& json, std::string controller) {
  const auto door = integer_of(json, "door", 1, 4);
  if (!door) return door.error();
  return ControlRequest(OpenDoorRequest{std::move(controller), static_cast<std::uint8_t>(*door)});
}

Result<ControlRequest> read_put_card(const Json& json, std::string controller, std::uint32_t number) {
  PutCardRequest request;
  request.controller = std::move(controller);
  request.card.number = number;
  const auto from = date_of(json, "from");
  if (!from) return from.error();
  const auto to = date_of(json, "to");
  if (!to) return to.error();
  request.card.from = *from;
  request.card.to = *to;
  const auto* doors = json.find("doors");
  if (doors == nullptr || !doors->is(Json::Kind::array) || doors->items().empty()) {
    return wrong("doors", "a list of doors, each 1 to 4");
  }
  for (const auto& door : doors->items()) {
    if (!door.is(Json::Kind::integer) || door.integer() < 1 || door.integer() > 4) {
      return wrong("doors", "a list of doors, each 1 to 4");
    }
    request.card.permission[static_cast<std::size_t>(door.integer() - 1)] = 1;
  }
  return ControlRequest(std::move(request));
}

template <class Request>
Result<ControlRequest> as_request(Result<Request> request) {
  if (!request) return request.error();
  return ControlRequest(std::move(*request));
}

/// Verbs without fields.
std::string_view bare_verb(const ControlRequest& request) {
  if (std::holds_alternative<StatusRequest>(request)) return "status";
  if (std::holds_alternative<DoctorRequest>(request)) return "doctor";
  if (std::holds_alternative<CancelRequest>(request)) return "cancel";
  if (std::holds_alternative<TakeKeysRequest>(request)) return "take-keys";
  return {};
}

}  // namespace

Result<ControlRequest> read_control_request(std::string_view line) {
  JsonLimits limits;
  limits.bytes = max_control_request;
  limits.depth = 3;
  limits.nodes = 64;
  const auto json = Json::parse(line, limits);
  if (!json) return json.error();
  if (!json->is(Json::Kind::object)) return Error{Fault::malformed, "the request must be one JSON object"};
  const auto verb = text_of(*json, "verb", verbs);
  if (!verb) return verb.error();
  if (*verb == "status") return ControlRequest(StatusRequest{});
  if (*verb == "doctor") return ControlRequest(DoctorRequest{});
  if (*verb == "cancel") return ControlRequest(CancelRequest{});
  if (*verb == "take-keys") return ControlRequest(TakeKeysRequest{});
  if (*verb == "trace") return as_request(read_trace(*json));
  if (*verb == "verify") return as_request(read_verify(*json));
  if (*verb == "scan") return as_request(read_scan(*json));
  if (is_meter_verb(*verb)) return as_request(read_meter_request(*json));
  if (*verb == "pulse-base") return as_request(read_pulse_base(*json));
  if (*verb == "backfill") return as_request(read_backfill(*json));
  if (*verb == "unlatch") {
    auto meter = text_of(*json, "meter", "a meter of the meter list");
    if (!meter) return meter.error();
    return ControlRequest(UnlatchRequest{MeterId(std::move(*meter))});
  }
  if (*verb != "open-door" && *verb != "card-put" && *verb != "card-delete") {
    return wrong("verb", verbs);
  }
  auto controller = text_of(*json, "controller", "the name of a door controller");
  if (!controller) return controller.error();
  if (*verb == "open-door") return read_open_door(*json, std::move(*controller));
  const auto card = integer_of(*json, "card", 1, 4294967294);
  if (!card) return card.error();
  const auto number = static_cast<std::uint32_t>(*card);
  if (*verb == "card-put") return read_put_card(*json, std::move(*controller), number);
  return ControlRequest(DeleteCardRequest{std::move(*controller), number});
}

std::string print_control_request(const ControlRequest& request) {
  auto json = Json::object();
  if (const auto verb = bare_verb(request); !verb.empty()) {
    json.set("verb", verb);
  } else if (const auto* trace = std::get_if<TraceRequest>(&request)) {
    json = print_trace(*trace);
  } else if (const auto* verify = std::get_if<VerifyRequest>(&request)) {
    json = print_verify(*verify);
  } else if (const auto* scan = std::get_if<ScanRequest>(&request)) {
    json = print_scan(*scan);
  } else if (const auto* meter = std::get_if<MeterRequest>(&request)) {
    json = print_meter_request(*meter);
  } else if (const auto* base = std::get_if<PulseBaseRequest>(&request)) {
    json = print_pulse_base(*base);
  } else if (const auto* ask = std::get_if<BackfillRequest>(&request)) {
    json = print_backfill(*ask);
  } else if (const auto* open = std::get_if<OpenDoorRequest>(&request)) {
    json.set("verb", "open-door").set("controller", open->controller).set("door", int{open->door});
  } else if (const auto* remove = std::get_if<DeleteCardRequest>(&request)) {
    json.set("verb", "card-delete").set("controller", remove->controller);
    json.set("card", std::int64_t{remove->card});
  } else if (const auto* unlatch = std::get_if<UnlatchRequest>(&request)) {
    json.set("verb", "unlatch").set("meter", unlatch->meter.text);
  } else if (const auto* put = std::get_if<PutCardRequest>(&request)) {
    json.set("verb", "card-put")
        .set("controller", put->controller)
        .set("card", std::int64_t{put->card.number});
    json.set("from", date_text(put->card.from)).set("to", date_text(put->card.to));
    auto doors = Json::array();
    for (std::size_t at = 0; at < put->card.permission.size(); ++at) {
      if (put->card.permission[at] != 0) doors.push(static_cast<int>(at + 1));
    }
    json.set("doors", std::move(doors));
  }
  return json.dump();
}

bool is_control_answer(const Json& line) { return line.find("ok") != nullptr; }

std::string print_control_answer(const Result<Json>& answer) {
  auto json = Json::object();
  if (answer) {
    json.set("ok", true);
    for (const auto& [key, value] : answer->members()) json.set(key, value);
  } else {
    json.set("ok", false);
    json.set("fault", word(answer.error().fault)).set("message", answer.error().message);
  }
  return json.dump();
}

Result<Json> read_control_answer(std::string_view line) {
  JsonLimits limits;
  limits.bytes = max_control_answer;
  const auto json = Json::parse(line, limits);
  if (!json) return Error{Fault::malformed, "the daemon's answer is not JSON: " + json.error().message};
  const auto* ok = json->find("ok");
  if (ok == nullptr || !ok->is(Json::Kind::boolean)) {
    return Error{Fault::malformed, "the daemon's answer does not say \"ok\""};
  }
  if (ok->boolean()) return *json;
  const auto* message = json->find("message");
  return Error{Fault::refused, message != nullptr ? message->text() : std::string("the daemon refused")};
}

}  // namespace steward
