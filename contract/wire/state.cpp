#include "contract/wire/state.hpp"

#include <algorithm>

#include "contract/text/json.hpp"
#include "contract/wire/block_codec.hpp"
#include "contract/wire/json_fields.hpp"
#include "contract/wire/limits.hpp"
#include "contract/wire/topics.hpp"
#include "contract/wire/uuid_text.hpp"

namespace steward {
namespace {

constexpr JsonLimits limits{
    .bytes = wire_limit::state_bytes, .depth = 3, .nodes = 24 + 5 * wire_limit::alarms};
constexpr std::string_view trust_words[] = {"unset", "rtc", "synced", "stepped"};

std::int64_t within(Instant at) { return std::clamp<std::int64_t>(ms_of(at), 0, wire_limit::instant_ms); }

std::string word_or(const std::string& text, std::size_t most) {
  auto fitted = fit_text(text, most);
  return fitted.empty() ? "unknown" : fitted;
}

Json json_of(const Alarm& alarm) {
  return Json::object()
      .set("kind", word_or(alarm.kind, wire_limit::word_bytes))
      .set("subject", fit_text(alarm.subject, wire_limit::name_bytes))
      .set("since_ms", within(alarm.since))
      .set("detail", fit_text(alarm.detail, wire_limit::sentence_bytes));
}

Alarm read_alarm(const Json& json, std::string where, Problems& problems) {
  JsonFields in("state", std::move(where), json, {"kind", "subject", "since_ms", "detail"}, problems);
  Alarm alarm;
  alarm.kind = in.text("kind", 1, wire_limit::word_bytes);
  alarm.subject = in.text("subject", 0, wire_limit::name_bytes);
  alarm.since = instant_from_ms(in.integer("since_ms", 0, wire_limit::instant_ms));
  alarm.detail = in.text("detail", 0, wire_limit::sentence_bytes);
  return alarm;
}

}  // namespace

std::string encode_state(const EdgeState& state) {
  assert(is_code(state.site.text) && is_code(state.gateway.text));
  Json backlog = Json::object();
  for (const Stream stream : all_streams) {
    const std::uint64_t records = state.backlog[static_cast<std::size_t>(stream)];
    backlog.set(std::string(word(stream)),
                static_cast<std::int64_t>(std::min(records, wire_limit::exact_in_json)));
  }
  Json alarms = Json::array();
  std::size_t room = wire_limit::state_bytes - 1024;  // the rest of the message
  for (const auto& alarm : state.alarms) {
    Json json = json_of(alarm);
    const std::size_t bytes = json.dump().size() + 1;  // quotes in a detail are escaped: 2 bytes each
    if (bytes > room || alarms.items().size() == wire_limit::alarms) break;
    room -= bytes;
    alarms.push(std::move(json));
  }
  const auto trust = std::min(static_cast<std::size_t>(state.trust), std::size(trust_words) - 1);
  return Json::object()
      .set("schema", 1)
      .set("site", state.site.text)
      .set("gateway", state.gateway.text)
      .set("online", state.online)
      .set("version", word_or(state.version, wire_limit::word_bytes))
      .set("boot", uuid_text(state.boot))
      .set("clock_trust", trust_words[trust])
      .set("at_ms", within(state.at))
      .set("backlog", std::move(backlog))
      .set("alarms", std::move(alarms))
      .dump();
}

Result<EdgeState> decode_state(std::string_view text) {
  Problems problems;
  auto json = parse_message("state", text, limits, problems);
  if (!json) return first_of(problems);
  JsonFields in(
      "state", "", *json,
      {"schema", "site", "gateway", "online", "version", "boot", "clock_trust", "at_ms", "backlog", "alarms"},
      problems);
  EdgeState state;
  state.site = SiteId(in.code("site"));
  state.gateway = GatewayId(in.code("gateway"));
  state.online = in.boolean("online");
  state.version = in.text("version", 1, wire_limit::word_bytes);
  state.boot = in.uuid("boot");
  state.trust = static_cast<ClockTrust>(
      in.word("clock_trust", {trust_words[0], trust_words[1], trust_words[2], trust_words[3]}));
  state.at = instant_from_ms(in.integer("at_ms", 0, wire_limit::instant_ms));
  JsonFields backlog("state", "backlog", in.object("backlog"),
                     {"readings", "telemetry", "doors", "patrol", "events"}, problems);
  for (const Stream stream : all_streams) {
    state.backlog[static_cast<std::size_t>(stream)] =
        static_cast<std::uint64_t>(backlog.integer(word(stream), 0, wire_limit::exact_in_json));
  }
  for (const Json& item : in.array("alarms", wire_limit::alarms).items()) {
    state.alarms.push_back(read_alarm(item, "alarms[" + std::to_string(state.alarms.size()) + "]", problems));
  }
  if (!problems.empty()) return first_of(problems);
  return state;
}

std::string last_will(const EdgeState& state) {
  EdgeState gone = state;
  gone.online = false;
  gone.backlog = {};
  gone.alarms.clear();
  return encode_state(gone);
}

}  // namespace steward
