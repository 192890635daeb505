#include "edge/app/meter_messages.hpp"

#include <array>
#include <utility>

namespace steward {
namespace {

constexpr std::size_t most_text = 256;

struct Verb {
  std::string_view name;
  MeterEventKind kind;
};
constexpr std::array<Verb, 5> verbs{{{"meter-exchange", MeterEventKind::exchange},
                                     {"meter-reset", MeterEventKind::reset},
                                     {"meter-ratio", MeterEventKind::ratio_change},
                                     {"meter-remove", MeterEventKind::removed},
                                     {"meter-seal", MeterEventKind::sealed}}};

/// Every text of a request with its key.
template <class Request>
auto texts_of(Request& request) {
  return std::array{std::pair{"meter", &request.meter.text},
                    std::pair{"final", &request.final_register},
                    std::pair{"initial", &request.initial_register},
                    std::pair{"new_meter", &request.new_meter},
                    std::pair{"old_ratio", &request.old_ratio},
                    std::pair{"new_ratio", &request.new_ratio},
                    std::pair{"profile", &request.profile},
                    std::pair{"unit", &request.unit},
                    std::pair{"serial", &request.serial},
                    std::pair{"by", &request.by},
                    std::pair{"why", &request.why}};
}

}  // namespace

bool is_meter_verb(std::string_view verb) {
  for (const auto& known : verbs) {
    if (known.name == verb) return true;
  }
  return false;
}

Result<MeterRequest> read_meter_request(const Json& json) {
  MeterRequest request;
  const auto* verb = json.find("verb");
  for (const auto& known : verbs) {
    if (verb != nullptr && verb->text() == known.name) request.kind = known.kind;
  }
  for (const auto& [key, text] : texts_of(request)) {
    const auto* value = json.find(key);
    if (value == nullptr) continue;
    if (!value->is(Json::Kind::text) || value->text().size() > most_text) {
      return Error{Fault::malformed, "\"" + std::string(key) + "\" must be a text of at most 256 bytes"};
    }
    *text = value->text();
  }
  return request;
}

Json print_meter_request(const MeterRequest& request) {
  auto json = Json::object();
  for (const auto& known : verbs) {
    if (known.kind == request.kind) json.set("verb", known.name);
  }
  for (const auto& [key, text] : texts_of(request)) {
    if (!text->empty()) json.set(key, *text);
  }
  return json;
}

}  // namespace steward
