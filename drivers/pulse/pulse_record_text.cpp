#include "drivers/pulse/pulse_record_text.hpp"

#include "contract/text/json.hpp"

namespace steward {
namespace {

std::optional<std::int64_t> integer(const Json& json, std::string_view key) {
  const auto* value = json.find(key);
  if (value == nullptr || !value->is(Json::Kind::integer)) return std::nullopt;
  return value->integer();
}

}  // namespace

std::string pulse_record_text(const PulseRecord& record) {
  auto json = Json::object();
  json.set("v", 1).set("base", record.base).set("base_at_ms", ms_of(record.base_at)).set("by", record.by);
  json.set("pulses", static_cast<std::int64_t>(record.pulses)).set("saved_at_ms", ms_of(record.saved_at));
  if (record.missed_since) json.set("missed_since_ms", ms_of(*record.missed_since));
  return json.dump();
}

Result<PulseRecord> read_pulse_record(std::string_view text) {
  const Error wrong{Fault::malformed, "this is not what is kept of a pulse counter"};
  const auto json = Json::parse(text);
  if (!json || !json->is(Json::Kind::object)) return wrong;
  const auto base = integer(*json, "base");
  const auto base_at = integer(*json, "base_at_ms");
  const auto pulses = integer(*json, "pulses");
  const auto saved_at = integer(*json, "saved_at_ms");
  const auto* by = json->find("by");
  if (integer(*json, "v") != 1 || !base || !base_at || !pulses || *pulses < 0 || !saved_at || by == nullptr ||
      !by->is(Json::Kind::text))
    return wrong;
  PulseRecord record{*base,
                     instant_from_ms(*base_at),
                     by->text(),
                     static_cast<std::uint64_t>(*pulses),
                     instant_from_ms(*saved_at),
                     std::nullopt};
  if (const auto missed = integer(*json, "missed_since_ms")) record.missed_since = instant_from_ms(*missed);
  if (pulse_record_text(record) != text) return wrong;
  return record;
}

}  // namespace steward
