#include "contract/wire/ack.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "contract/wire/envelope.hpp"
#include "contract/wire/json_fields.hpp"
#include "contract/wire/limits.hpp"
#include "contract/wire/uuid_text.hpp"

namespace steward {
namespace {

/// Lists of logs in a list of fields: three levels; ten values a log and a few more.
constexpr JsonLimits limits{.bytes = wire_limit::ack_bytes,
                            .depth = 3,
                            .nodes = 16 + 10 * (wire_limit::acked_logs + most_acked_forks)};

std::string hex_text(const Digest& digest) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const auto byte : digest) {
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

/// 64 digits in lower case, so that one digest is one text.
Digest read_digest(JsonFields& in, std::string_view key) {
  const auto text = in.text(key, 64, 64);
  Digest digest{};
  const auto value = [](char digit) {
    return digit >= '0' && digit <= '9' ? digit - '0' : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
  };
  for (std::size_t at = 0; text.size() == 64 && at < digest.size(); ++at) {
    const int high = value(text[2 * at]);
    const int low = value(text[2 * at + 1]);
    if (high < 0 || low < 0) {
      in.report(in.line_of(key), "\"" + in.path(key) + "\" must be 64 hex digits in lower case",
                "\"" + in.path(key) + "\" 应为 64 位小写十六进制数");
      return {};
    }
    digest[at] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return digest;
}

constexpr auto order = [](const auto& log) { return std::tie(log.epoch, log.stream); };
constexpr auto before = [](const auto& a, const auto& b) { return order(a) < order(b); };
constexpr auto not_before = [](const auto& a, const auto& b) { return !before(a, b); };

Json json_of(const AckedLog& log) {
  return Json::object()
      .set("epoch", uuid_text(log.epoch))
      .set("stream", word(log.stream))
      .set("upto", static_cast<std::int64_t>(log.upto))
      .set("hash", hex_text(log.hash));
}

Json json_of(const AckedFork& fork) {
  return Json::object()
      .set("epoch", uuid_text(fork.epoch))
      .set("stream", word(fork.stream))
      .set("first", static_cast<std::int64_t>(fork.first))
      .set("hash", hex_text(fork.hash));
}

Stream read_stream(JsonFields& in) {
  return static_cast<Stream>(
      in.word("stream", {word(Stream::readings), word(Stream::telemetry), word(Stream::doors),
                         word(Stream::patrol), word(Stream::events)}));
}

AckedLog read_log(const Json& json, std::string where, Problems& problems) {
  JsonFields in("ack", std::move(where), json, {"epoch", "stream", "upto", "hash"}, problems);
  AckedLog log;
  log.epoch = in.uuid("epoch");
  log.stream = read_stream(in);
  log.upto = static_cast<std::uint64_t>(in.integer("upto", 0, wire_limit::exact_in_json));
  log.hash = read_digest(in, "hash");
  return log;
}

AckedFork read_fork(const Json& json, std::string where, Problems& problems) {
  JsonFields in("ack", std::move(where), json, {"epoch", "stream", "first", "hash"}, problems);
  AckedFork fork;
  fork.epoch = in.uuid("epoch");
  fork.stream = read_stream(in);
  fork.first = static_cast<std::uint64_t>(in.integer("first", 1, wire_limit::exact_in_json));
  fork.hash = read_digest(in, "hash");
  return fork;
}

/// The entries as an array in their order. Faults: malformed (one twice, or of no possible log).
template <class Entry, class Place>
Result<Json> listed(std::vector<Entry> entries, Place place) {
  std::ranges::sort(entries, before);
  if (std::ranges::adjacent_find(entries, not_before) != entries.end()) {
    return Error{Fault::malformed, "an ack that names a log twice"};
  }
  Json list = Json::array();
  for (const auto& entry : entries) {
    if (entry.stream > Stream::events || place(entry) > wire_limit::seq)
      return Error{Fault::malformed, "an ack of no possible log"};
    list.push(json_of(entry));
  }
  return list;
}

}  // namespace

Result<Bytes> encode_ack(const Ack& ack, const Signer& cloud) {
  if (ack.logs.size() > wire_limit::acked_logs) return Error{Fault::malformed, "an ack of more than 64 logs"};
  if (ack.forks.size() > most_acked_forks) return Error{Fault::malformed, "an ack of more than 8 forks"};
  if (ms_of(ack.at) < 0 || ms_of(ack.at) > wire_limit::instant_ms) {
    return Error{Fault::malformed, "an ack not signed between 1970 and 9999"};
  }
  auto logs = listed(ack.logs, [](const AckedLog& log) { return log.upto; });
  if (!logs) return std::move(logs.error());
  auto forks = listed(ack.forks, [](const AckedFork& fork) { return fork.first; });
  if (!forks) return std::move(forks.error());
  const Json json = Json::object()
                        .set("schema", 1)
                        .set("store", uuid_text(ack.store))
                        .set("at_ms", ms_of(ack.at))
                        .set("logs", std::move(*logs))
                        .set("forks", std::move(*forks));
  return seal(content_type::ack, bytes_of(json.dump()), cloud);
}

Result<Ack> decode_ack(ByteView bytes, const Verifier& cloud) {
  auto payload = unseal(content_type::ack, bytes, wire_limit::ack_bytes, cloud);
  if (!payload) return std::move(payload.error());
  Problems problems;
  auto json = parse_message("ack", chars_of(*payload), limits, problems);
  if (!json) return first_of(problems);
  JsonFields in("ack", "", *json, {"schema", "store", "at_ms", "logs", "forks"}, problems);
  Ack ack;
  ack.store = in.uuid("store");
  ack.at = instant_from_ms(in.integer("at_ms", 0, wire_limit::instant_ms));
  for (const Json& item : in.array("logs", wire_limit::acked_logs).items()) {
    ack.logs.push_back(read_log(item, "logs[" + std::to_string(ack.logs.size()) + "]", problems));
  }
  for (const Json& item : in.array("forks", most_acked_forks).items()) {
    ack.forks.push_back(read_fork(item, "forks[" + std::to_string(ack.forks.size()) + "]", problems));
  }
  if (!problems.empty()) return first_of(problems);
  if (std::ranges::adjacent_find(ack.logs, not_before) != ack.logs.end() ||
      std::ranges::adjacent_find(ack.forks, not_before) != ack.forks.end()) {
    return Error{Fault::malformed, "logs are not in order, or one is named twice"};
  }
  return ack;
}

}  // namespace steward
