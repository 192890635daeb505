#include "contract/wire/site_config.hpp"

#include <set>
#include <utility>

#include "contract/text/unit_text.hpp"
#include "contract/wire/block_codec.hpp"
#include "contract/wire/envelope.hpp"
#include "contract/wire/field_json.hpp"
#include "contract/wire/json_fields.hpp"
#include "contract/wire/limits.hpp"

namespace steward {
namespace {

using Document = SiteConfigDocument;

constexpr JsonLimits limits{
    .bytes = wire_limit::site_config_bytes,
    .depth = 6,  // a pulse input's fraction: document, buses, bus, inputs, input, pair
    .nodes = wire_limit::site_config_bytes / 8};  // the shortest member is "live": true
constexpr JsonLimits reported_limits{
    .bytes = wire_limit::site_config_bytes, .depth = 3, .nodes = 16 + 5 * wire_limit::config_problems};

std::string item(std::string_view list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

/// What two objects that are each right can still get wrong together.
class Together {
 public:
  Together(std::string_view file, Problems& problems) : file_(file), problems_(problems) {}

  void bus(const BusSetup& bus, const Json& json) {
    if (!buses_.insert(bus.bus).second)
      report(json, "the bus \"" + bus.bus.text + "\" is there twice",
             "总线 \"" + bus.bus.text + "\" 出现两次");
    if (bus.kind == BusKind::modbus_rtu && !devices_.insert(bus.line.device).second)
      report(json, "two buses have the device \"" + bus.line.device + "\"",
             "两条总线使用同一设备 \"" + bus.line.device + "\"");
  }
  void meter(const MeterSetup& meter, const Json& json) {
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
      report(json, "two meters have unit " + unit_text(meter.unit) + " on the bus \"" + meter.bus.text + "\"",
             "总线 \"" + meter.bus.text + "\" 上有两块表的地址同为 " + unit_text(meter.unit));
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
  std::set<std::string> devices_;
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
  // By hand, since a document of 2,000 meters is to fit, and a problem's line to name one of them.
  const auto list = [](const auto& items) {
    std::string text;
    for (const auto& one : items) text += (text.empty() ? "\n    " : ",\n    ") + json_of(one).dump();
    return "[" + text + (text.empty() ? "]" : "\n  ]");
  };
  const auto text = [](const std::string& word) { return Json(word).dump(); };
  return "{\n  \"schema\": 1,\n  \"site\": " + text(document.site.text) +
         ",\n  \"gateway\": " + text(document.gateway.text) +
         ",\n  \"version\": " + std::to_string(document.version) +
         ",\n  \"rounds\": " + json_of(document.rounds).dump() + ",\n  \"buses\": " + list(document.buses) +
         ",\n  \"meters\": " + list(document.meters) + "\n}";
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
