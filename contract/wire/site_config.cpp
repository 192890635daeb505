#include "contract/wire/site_config.hpp"

#include <set>
#include <utility>

#include "contract/wire/block_codec.hpp"
#include "contract/wire/envelope.hpp"
#include "contract/wire/json_fields.hpp"
#include "contract/wire/limits.hpp"

namespace steward {
namespace {

using Document = SiteConfigDocument;

constexpr JsonLimits limits{.bytes = wire_limit::site_config_bytes,
                            .depth = 3,
                            .nodes = 32 + 8 * wire_limit::config_buses + 6 * wire_limit::config_meters};
constexpr JsonLimits reported_limits{
    .bytes = wire_limit::site_config_bytes, .depth = 3, .nodes = 16 + 5 * wire_limit::config_problems};
constexpr std::int64_t minutes_a_day = 24 * 60;
constexpr std::size_t host_bytes = 253;    // RFC 1035, 2.3.4
constexpr std::size_t device_bytes = 128;  // a path under /dev
constexpr std::string_view parity_words[] = {"none", "even", "odd"};

std::string item(std::string_view list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

Json json_of(const Document::Bus& bus) {
  if (bus.kind == Document::BusKind::modbus_tcp) {
    return Json::object()
        .set("bus", bus.bus.text)
        .set("kind", "modbus_tcp")
        .set("host", bus.host)
        .set("port", bus.port);
  }
  return Json::object()
      .set("bus", bus.bus.text)
      .set("kind", "modbus_rtu")
      .set("device", bus.device)
      .set("baud", static_cast<std::int64_t>(bus.baud))
      .set("parity", parity_words[static_cast<std::size_t>(bus.parity)])
      .set("stop_bits", bus.stop_bits);
}

Json json_of(const Document::Meter& meter) {
  return Json::object()
      .set("meter", meter.meter.text)
      .set("profile", meter.profile.text)
      .set("bus", meter.bus.text)
      .set("unit", std::int64_t{meter.unit.byte()})
      .set("name", meter.name);
}

Document::Rounds read_rounds(std::string_view file, const Json& json, Problems& problems) {
  JsonFields in(file, "rounds", json, {"every_minutes", "skew_limit_s", "closing_minute_utc"}, problems);
  Document::Rounds rounds;
  rounds.every_minutes = static_cast<std::int32_t>(in.integer("every_minutes", 1, minutes_a_day));
  rounds.skew_limit_s = static_cast<std::int32_t>(in.integer("skew_limit_s", 1, 3600));
  rounds.closing_minute_utc =
      static_cast<std::int32_t>(in.integer("closing_minute_utc", 0, minutes_a_day - 1));
  if (minutes_a_day % rounds.every_minutes != 0) {
    in.report(in.line_of("every_minutes"), "\"rounds.every_minutes\" must divide a day, as 15, 30 and 60 do",
              "\"rounds.every_minutes\" 应能整除一天，如 15、30、60");
  } else if (rounds.closing_minute_utc % rounds.every_minutes != 0) {
    in.report(in.line_of("closing_minute_utc"), "\"rounds.closing_minute_utc\" must fall on a round",
              "\"rounds.closing_minute_utc\" 应落在抄表时刻上");
  }
  return rounds;
}

Document::Bus read_bus(std::string_view file, const std::string& where, const Json& json,
                       Problems& problems) {
  Document::Bus bus;
  const Json* kind = json.is(Json::Kind::object) ? json.find("kind") : nullptr;
  const bool serial = kind != nullptr && *kind == Json("modbus_rtu");
  if (!serial) {
    JsonFields in(file, where, json, {"bus", "kind", "host", "port"}, problems);
    bus.bus = BusId(in.text("bus", 1, wire_limit::name_bytes));
    in.word("kind", {"modbus_tcp", "modbus_rtu"});
    bus.host = in.text("host", 1, host_bytes);
    bus.port = static_cast<std::uint16_t>(in.integer("port", 1, 65535));
    return bus;
  }
  JsonFields in(file, where, json, {"bus", "kind", "device", "baud", "parity", "stop_bits"}, problems);
  bus.kind = Document::BusKind::modbus_rtu;
  bus.bus = BusId(in.text("bus", 1, wire_limit::name_bytes));
  bus.device = in.text("device", 1, device_bytes);
  bus.baud = static_cast<std::uint32_t>(in.integer("baud", 300, 115200));
  bus.parity =
      static_cast<Document::Parity>(in.word("parity", {parity_words[0], parity_words[1], parity_words[2]}));
  bus.stop_bits = static_cast<std::uint8_t>(in.integer("stop_bits", 1, 2));
  return bus;
}

Document::Meter read_meter(std::string_view file, const std::string& where, const Json& json,
                           Problems& problems) {
  JsonFields in(file, where, json, {"meter", "profile", "bus", "unit", "name"}, problems);
  Document::Meter meter;
  meter.meter = MeterId(in.text("meter", 1, wire_limit::name_bytes));
  meter.profile = ProfileId(in.text("profile", 1, wire_limit::name_bytes));
  meter.bus = BusId(in.text("bus", 1, wire_limit::name_bytes));
  meter.unit = {static_cast<std::uint8_t>(in.integer("unit", 1, 247))};
  meter.name = in.text("name", 0, wire_limit::name_bytes);
  return meter;
}

/// What two objects that are each right can still get wrong together.
class Together {
 public:
  Together(std::string_view file, Problems& problems) : file_(file), problems_(problems) {}

  void bus(const Document::Bus& bus, const Json& json) {
    if (buses_.insert(bus.bus).second) return;
    report(json, "the bus \"" + bus.bus.text + "\" is there twice", "总线 \"" + bus.bus.text + "\" 出现两次");
  }
  void meter(const Document::Meter& meter, const Json& json) {
    if (!meters_.insert(meter.meter).second) {
      report(json, "the meter \"" + meter.meter.text + "\" is there twice",
             "表 \"" + meter.meter.text + "\" 出现两次");
    }
    if (!buses_.contains(meter.bus)) {
      report(json,
             "the meter \"" + meter.meter.text + "\" hangs on the bus \"" + meter.bus.text +
                 "\", which is not in \"buses\"",
             "表 \"" + meter.meter.text + "\" 所在总线 \"" + meter.bus.text + "\" 不在 \"buses\" 中");
    }
    if (!places_.insert({meter.bus, meter.unit}).second) {
      report(json,
             "two meters have unit " + std::to_string(meter.unit.value) + " on the bus \"" + meter.bus.text +
                 "\"",
             "总线 \"" + meter.bus.text + "\" 上有两块表的地址同为 " + std::to_string(meter.unit.value));
    }
  }

 private:
  void report(const Json& json, std::string en, std::string zh) {
    if (problems_.size() < wire_limit::config_problems) {
      problems_.push_back({std::string(file_), json.line(), std::move(en), std::move(zh)});
    }
  }

  std::string_view file_;
  Problems& problems_;
  std::set<BusId> buses_;
  std::set<MeterId> meters_;
  std::set<std::pair<BusId, UnitAddress>> places_;
};

Problem read_problem(const Json& json, const std::string& where, Problems& problems) {
  JsonFields in("reported", where, json, {"file", "line", "en", "zh"}, problems);
  Problem problem;
  problem.file = in.text("file", 0, wire_limit::sentence_bytes);
  problem.line = static_cast<std::uint32_t>(in.integer("line", 0, 0xffffffff));
  problem.en = in.text("en", 1, wire_limit::sentence_bytes);
  problem.zh = in.text("zh", 0, wire_limit::sentence_bytes);
  return problem;
}

}  // namespace

Result<Document> read_site_config(std::string_view file, std::string_view text, Problems& problems) {
  Problems found;
  auto json = parse_message(file, text, limits, found);
  Document document;
  if (json) {
    JsonFields in(file, "", *json, {"schema", "site", "gateway", "version", "rounds", "buses", "meters"},
                  found);
    document.site = SiteId(in.code("site"));
    document.gateway = GatewayId(in.code("gateway"));
    document.version = static_cast<std::uint64_t>(in.integer("version", 1, wire_limit::exact_in_json));
    document.rounds = read_rounds(file, in.object("rounds"), found);
    Together together(file, found);
    for (const Json& each : in.array("buses", wire_limit::config_buses).items()) {
      document.buses.push_back(read_bus(file, item("buses", document.buses.size()), each, found));
      together.bus(document.buses.back(), each);
    }
    for (const Json& each : in.array("meters", wire_limit::config_meters).items()) {
      document.meters.push_back(read_meter(file, item("meters", document.meters.size()), each, found));
      together.meter(document.meters.back(), each);
    }
  }
  problems.insert(problems.end(), found.begin(), found.end());
  if (!found.empty()) return first_of(found);
  return document;
}

std::string print_site_config(const Document& document) {
  Json buses = Json::array();
  for (const auto& bus : document.buses) buses.push(json_of(bus));
  Json meters = Json::array();
  for (const auto& meter : document.meters) meters.push(json_of(meter));
  const Document::Rounds& rounds = document.rounds;
  return Json::object()
      .set("schema", 1)
      .set("site", document.site.text)
      .set("gateway", document.gateway.text)
      .set("version", static_cast<std::int64_t>(document.version))
      .set("rounds", Json::object()
                         .set("every_minutes", rounds.every_minutes)
                         .set("skew_limit_s", rounds.skew_limit_s)
                         .set("closing_minute_utc", rounds.closing_minute_utc))
      .set("buses", std::move(buses))
      .set("meters", std::move(meters))
      .dump(2);
}

Result<Bytes> encode_desired(const Document& document, const Signer& cloud) {
  const std::string text = print_site_config(document);
  Problems problems;
  if (auto read = read_site_config("desired", text, problems); !read) return Error{read.error()};
  Bytes sealed = seal(content_type::site_config, bytes_of(text), cloud);
  if (sealed.size() > wire_limit::site_config_bytes)
    return Error{Fault::malformed, "a document above 256 KiB"};
  return sealed;
}

Result<Document> decode_desired(ByteView bytes, const Verifier& cloud, Problems& problems) {
  auto payload = unseal(content_type::site_config, bytes, wire_limit::site_config_bytes, cloud);
  if (payload) return read_site_config("desired", chars_of(*payload), problems);
  problems.push_back(
      {"desired", 0, payload.error().message, "收到的配置无法验证：" + payload.error().message});
  return std::move(payload.error());
}

std::string encode_reported(const ReportedConfig& reported) {
  Json problems = Json::array();
  std::size_t room = wire_limit::site_config_bytes - 512;  // the rest of the message
  for (const auto& problem : reported.problems) {
    Json json =
        Json::object()
            .set("file", fit_text(problem.file, wire_limit::sentence_bytes))
            .set("line", static_cast<std::int64_t>(problem.line))
            .set("en", fit_text(problem.en.empty() ? "unknown" : problem.en, wire_limit::sentence_bytes))
            .set("zh", fit_text(problem.zh, wire_limit::sentence_bytes));
    const std::size_t bytes = json.dump().size() + 1;
    if (bytes > room || problems.items().size() == wire_limit::config_problems) break;
    room -= bytes;
    problems.push(std::move(json));
  }
  return Json::object()
      .set("schema", 1)
      .set("site", reported.site.text)
      .set("gateway", reported.gateway.text)
      .set("version", static_cast<std::int64_t>(reported.version))
      .set("applied", reported.applied)
      .set("problems", std::move(problems))
      .dump();
}

Result<ReportedConfig> decode_reported(std::string_view text) {
  Problems problems;
  auto json = parse_message("reported", text, reported_limits, problems);
  if (!json) return first_of(problems);
  JsonFields in("reported", "", *json, {"schema", "site", "gateway", "version", "applied", "problems"},
                problems);
  ReportedConfig reported;
  reported.site = SiteId(in.code("site"));
  reported.gateway = GatewayId(in.code("gateway"));
  reported.version = static_cast<std::uint64_t>(in.integer("version", 0, wire_limit::exact_in_json));
  reported.applied = in.boolean("applied");
  for (const Json& each : in.array("problems", wire_limit::config_problems).items()) {
    reported.problems.push_back(read_problem(each, item("problems", reported.problems.size()), problems));
  }
  if (problems.empty() && reported.applied != reported.problems.empty()) {
    in.report(in.line_of("applied"), "\"applied\" must be true exactly when there are no problems",
              "没有问题时 \"applied\" 才应为 true");
  }
  if (!problems.empty()) return first_of(problems);
  return reported;
}

}  // namespace steward
