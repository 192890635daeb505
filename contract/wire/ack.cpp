#include "contract/wire/ack.hpp"

#include <algorithm>
#include <tuple>

#include "contract/wire/envelope.hpp"
#include "contract/wire/json_fields.hpp"
#include "contract/wire/limits.hpp"
#include "contract/wire/uuid_text.hpp"

namespace steward {
namespace {

/// A list of logs in a list of fields: three levels; six values a log and a few more.
constexpr JsonLimits limits{
    .bytes = wire_limit::ack_bytes, .depth = 3, .nodes = 8 + 6 * wire_limit::acked_logs};

auto order(const AckedLog& log) { return std::tie(log.epoch, log.stream); }
bool before(const AckedLog& a, const AckedLog& b) { return order(a) < order(b); }
bool same_log(const AckedLog& a, const AckedLog& b) { return order(a) == order(b); }

Json json_of(const AckedLog& log) {
  return Json::object()
      .set("epoch", uuid_text(log.epoch))
      .set("stream", word(log.stream))
      .set("upto", static_cast<std::int64_t>(log.upto));
}

AckedLog read_log(const Json& json, std::string where, Problems& problems) {
  JsonFields in("ack", std::move(where), json, {"epoch", "stream", "upto"}, problems);
  AckedLog log;
  log.epoch = in.uuid("epoch");
  log.stream = static_cast<Stream>(
      in.word("stream", {word(Stream::readings), word(Stream::telemetry), word(Stream::doors),
                         word(Stream::patrol), word(Stream::events)}));
  log.upto = static_cast<std::uint64_t>(in.integer("upto", 0, wire_limit::exact_in_json));
  return log;
}

}  // namespace

Result<Bytes> encode_ack(const Ack& ack, const Signer& cloud) {
  if (ack.logs.size() > wire_limit::acked_logs) return Error{Fault::malformed, "an ack of more than 64 logs"};
  if (ms_of(ack.at) < 0 || ms_of(ack.at) > wire_limit::instant_ms) {
    return Error{Fault::malformed, "an ack not signed between 1970 and 9999"};
  }
  auto sorted = ack.logs;
  std::ranges::sort(sorted, before);
  if (std::ranges::adjacent_find(sorted, same_log) != sorted.end()) {
    return Error{Fault::malformed, "an ack that names a log twice"};
  }
  Json logs = Json::array();
  for (const auto& log : sorted) {
    if (log.stream > Stream::events || log.upto > wire_limit::seq)
      return Error{Fault::malformed, "an ack of no possible log"};
    logs.push(json_of(log));
  }
  const Json json = Json::object()
                        .set("schema", 1)
                        .set("store", uuid_text(ack.store))
                        .set("at_ms", ms_of(ack.at))
                        .set("logs", std::move(logs));
  return seal(content_type::ack, bytes_of(json.dump()), cloud);
}

Result<Ack> decode_ack(ByteView bytes, const Verifier& cloud) {
  auto payload = unseal(content_type::ack, bytes, wire_limit::ack_bytes, cloud);
  if (!payload) return std::move(payload.error());
  Problems problems;
  auto json = parse_message("ack", chars_of(*payload), limits, problems);
  if (!json) return first_of(problems);
  JsonFields in("ack", "", *json, {"schema", "store", "at_ms", "logs"}, problems);
  Ack ack;
  ack.store = in.uuid("store");
  ack.at = instant_from_ms(in.integer("at_ms", 0, wire_limit::instant_ms));
  for (const Json& item : in.array("logs", wire_limit::acked_logs).items()) {
    ack.logs.push_back(read_log(item, "logs[" + std::to_string(ack.logs.size()) + "]", problems));
  }
  if (!problems.empty()) return first_of(problems);
  const auto not_before = [](const AckedLog& a, const AckedLog& b) { return !before(a, b); };
  if (std::ranges::adjacent_find(ack.logs, not_before) != ack.logs.end()) {
    return Error{Fault::malformed, "logs are not in order, or one is named twice"};
  }
  return ack;
}

}  // namespace steward
