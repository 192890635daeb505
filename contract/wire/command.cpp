#include "contract/wire/command.hpp"

#include <algorithm>
#include <array>
#include <cassert>

#include "contract/wire/block_codec.hpp"
#include "contract/wire/envelope.hpp"
#include "contract/wire/json_fields.hpp"
#include "contract/wire/limits.hpp"
#include "contract/wire/topics.hpp"
#include "contract/wire/uuid_text.hpp"

namespace steward {
namespace {

constexpr JsonLimits limits{.bytes = wire_limit::command_bytes, .depth = 2, .nodes = 16};
constexpr JsonLimits result_limits{
    .bytes = wire_limit::command_result_bytes, .depth = 3, .nodes = 16 + 3 * wire_limit::command_values};
constexpr std::int64_t doors = 4;  // of one controller (UT0311-L04)
constexpr std::array<std::string_view, 4> verb_words = {"read-now", "resend", "restart-bus", "open-door"};
constexpr std::array<std::string_view, 4> outcome_words = {"done", "refused", "failed", "unknown"};

Json arguments_of(const CommandVerb& verb) {
  auto json = Json::object();
  if (const auto* read = std::get_if<ReadNow>(&verb)) return json.set("meter", read->meter.text);
  if (const auto* bus = std::get_if<RestartBus>(&verb)) return json.set("bus", bus->bus.text);
  if (const auto* resend = std::get_if<Resend>(&verb)) {
    return json.set("stream", word(resend->stream))
        .set("from", static_cast<std::int64_t>(resend->from.value));
  }
  const auto& open = std::get<OpenDoor>(verb);
  return json.set("controller", open.controller).set("door", std::int64_t{open.door});
}

CommandVerb read_verb(std::size_t verb, const Json& arguments, Problems& problems) {
  constexpr auto name = wire_limit::name_bytes;
  const std::string where = "arguments";
  if (verb == 0) {
    JsonFields in("command", where, arguments, {"meter"}, problems);
    return ReadNow{MeterId(in.text("meter", 1, name))};
  }
  if (verb == 1) {
    JsonFields in("command", where, arguments, {"stream", "from"}, problems);
    Resend resend;
    resend.stream = static_cast<Stream>(
        in.word("stream", {word(Stream::readings), word(Stream::telemetry), word(Stream::doors),
                           word(Stream::patrol), word(Stream::events)}));
    resend.from = Seq{static_cast<std::uint64_t>(in.integer("from", 1, wire_limit::exact_in_json))};
    return resend;
  }
  if (verb == 2) {
    JsonFields in("command", where, arguments, {"bus"}, problems);
    return RestartBus{BusId(in.text("bus", 1, name))};
  }
  JsonFields in("command", where, arguments, {"controller", "door"}, problems);
  OpenDoor open;
  open.controller = in.text("controller", 1, name);
  open.door = static_cast<std::uint8_t>(in.integer("door", 1, doors));
  return open;
}

std::string text_of(const Command& command) {
  return Json::object()
      .set("schema", 1)
      .set("site", command.site.text)
      .set("gateway", command.gateway.text)
      .set("id", uuid_text(command.id))
      .set("issued_at_ms", ms_of(command.issued))
      .set("expires_at_ms", ms_of(command.expires))
      .set("verb", word(command.verb))
      .set("arguments", arguments_of(command.verb))
      .dump();
}

Result<Command> read_command(std::string_view text) {
  Problems problems;
  auto json = parse_message("command", text, limits, problems);
  if (!json) return first_of(problems);
  JsonFields in("command", "", *json,
                {"schema", "site", "gateway", "id", "issued_at_ms", "expires_at_ms", "verb", "arguments"},
                problems);
  Command command;
  command.site = SiteId(in.code("site"));
  command.gateway = GatewayId(in.code("gateway"));
  command.id = in.uuid("id");
  command.issued = instant_from_ms(in.integer("issued_at_ms", 0, wire_limit::instant_ms));
  command.expires = instant_from_ms(in.integer("expires_at_ms", 0, wire_limit::instant_ms));
  const auto verb = in.word("verb", {verb_words[0], verb_words[1], verb_words[2], verb_words[3]});
  command.verb = read_verb(verb, in.object("arguments"), problems);
  if (!problems.empty()) return first_of(problems);
  if (command.expires <= command.issued || command.expires - command.issued > longest_life(command.verb)) {
    return Error{Fault::malformed, "a " + std::string(word(command.verb)) + " must expire within " +
                                       std::to_string(longest_life(command.verb).count() / 1000) +
                                       " s of its issue"};
  }
  return command;
}

}  // namespace

std::string_view word(const CommandVerb& verb) { return verb_words[verb.index()]; }

std::string subject_of(const CommandVerb& verb) {
  if (const auto* read = std::get_if<ReadNow>(&verb)) return read->meter.text;
  if (const auto* bus = std::get_if<RestartBus>(&verb)) return bus->bus.text;
  if (const auto* resend = std::get_if<Resend>(&verb))
    return std::string(word(resend->stream)) + " from " + std::to_string(resend->from.value);
  const auto& open = std::get<OpenDoor>(verb);
  return open.controller + "-" + std::to_string(open.door);
}

Milliseconds longest_life(const CommandVerb& verb) {
  if (std::holds_alternative<OpenDoor>(verb)) return std::chrono::seconds(30);
  return std::chrono::hours(24);
}

bool is_harmless(const CommandVerb& verb) {
  return std::holds_alternative<ReadNow>(verb) || std::holds_alternative<Resend>(verb);
}

std::string_view word(CommandOutcome outcome) { return outcome_words[static_cast<std::size_t>(outcome)]; }

Result<Bytes> encode_command(const Command& command, const Signer& cloud) {
  const auto text = text_of(command);
  if (auto read = read_command(text); !read) return std::move(read.error());
  return seal(content_type::command, bytes_of(text), cloud);
}

Result<Command> decode_command(ByteView bytes, const Verifier& cloud) {
  auto payload = unseal(content_type::command, bytes, wire_limit::command_bytes, cloud);
  if (!payload) return std::move(payload.error());
  return read_command(chars_of(*payload));
}

Bytes encode_command_result(const CommandResult& result, const Signer& gateway) {
  assert(is_code(result.site.text) && is_code(result.gateway.text));
  auto values = Json::array();
  std::size_t room = wire_limit::command_result_bytes - 1280;  // a sentence of quotes, and the rest
  for (const auto& [name, text] : result.values) {
    const auto named = fit_text(name, wire_limit::word_bytes);
    auto json = Json::object()
                    .set("name", named.empty() ? "unknown" : named)
                    .set("text", fit_text(text, wire_limit::name_bytes));
    const auto bytes = json.dump().size() + 1;
    if (bytes > room || values.items().size() == wire_limit::command_values) break;
    room -= bytes;
    values.push(std::move(json));
  }
  const auto json = Json::object()
                        .set("schema", 1)
                        .set("site", result.site.text)
                        .set("gateway", result.gateway.text)
                        .set("id", uuid_text(result.id))
                        .set("outcome", word(result.outcome))
                        .set("at_ms", std::clamp<std::int64_t>(ms_of(result.at), 0, wire_limit::instant_ms))
                        .set("message", fit_text(result.message, wire_limit::command_message_bytes))
                        .set("values", std::move(values));
  return seal(content_type::command_result, bytes_of(json.dump()), gateway);
}

Result<CommandResult> decode_command_result(ByteView bytes, const Verifier& gateway) {
  auto payload = unseal(content_type::command_result, bytes, wire_limit::command_result_bytes, gateway);
  if (!payload) return std::move(payload.error());
  Problems problems;
  auto json = parse_message("result", chars_of(*payload), result_limits, problems);
  if (!json) return first_of(problems);
  JsonFields in("result", "", *json,
                {"schema", "site", "gateway", "id", "outcome", "at_ms", "message", "values"}, problems);
  CommandResult result;
  result.site = SiteId(in.code("site"));
  result.gateway = GatewayId(in.code("gateway"));
  result.id = in.uuid("id");
  result.outcome = static_cast<CommandOutcome>(
      in.word("outcome", {outcome_words[0], outcome_words[1], outcome_words[2], outcome_words[3]}));
  result.at = instant_from_ms(in.integer("at_ms", 0, wire_limit::instant_ms));
  result.message = in.text("message", 0, wire_limit::command_message_bytes);
  for (const Json& item : in.array("values", wire_limit::command_values).items()) {
    JsonFields value("result", "values[" + std::to_string(result.values.size()) + "]", item, {"name", "text"},
                     problems);
    auto name = value.text("name", 1, wire_limit::word_bytes);
    auto text = value.text("text", 0, wire_limit::name_bytes);
    result.values.emplace_back(std::move(name), std::move(text));
  }
  if (!problems.empty()) return first_of(problems);
  return result;
}

}  // namespace steward
