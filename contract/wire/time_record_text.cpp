#include "contract/wire/time_record_text.hpp"

#include "contract/wire/json_fields.hpp"
#include "contract/wire/limits.hpp"
#include "contract/wire/uuid_text.hpp"

namespace steward {
namespace {

constexpr JsonLimits limits{.bytes = wire_limit::sentence_bytes, .depth = 1, .nodes = 8};
/// A day: what is less certain says nothing a bill could use.
constexpr std::int64_t most_uncertain_ms = 86'400'000;

}  // namespace

EdgeEvent edge_event_of(const TimeRecord& record, Instant at) {
  auto detail = Json::object();
  detail.set("boot", uuid_text(record.boot)).set("offset_ms", record.offset_ms);
  detail.set("monotonic_ms", record.monotonic_ms).set("uncertainty_ms", record.uncertainty_ms);
  detail.set("by", record.teller == TimeTeller::ntp ? "ntp" : "cloud");
  return {at, std::string(time_record_kind), "", detail.dump()};
}

std::optional<TimeRecord> read_time_record(const EdgeEvent& event) {
  if (event.kind != time_record_kind) return std::nullopt;
  const auto json = Json::parse(event.detail, limits);
  if (!json) return std::nullopt;
  Problems problems;
  JsonFields in(time_record_kind, "", *json, {"boot", "offset_ms", "monotonic_ms", "uncertainty_ms", "by"},
                problems);
  TimeRecord record;
  record.boot = in.uuid("boot");
  record.offset_ms = in.integer("offset_ms", -wire_limit::instant_ms, wire_limit::instant_ms);
  record.monotonic_ms = in.integer("monotonic_ms", 0, wire_limit::instant_ms);
  record.uncertainty_ms = in.integer("uncertainty_ms", 0, most_uncertain_ms);
  record.teller = static_cast<TimeTeller>(in.word("by", {"ntp", "cloud"}));
  if (!problems.empty()) return std::nullopt;
  return record;
}

}  // namespace steward
