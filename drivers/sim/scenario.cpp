#include "drivers/sim/scenario.hpp"

#include <array>
#include <limits>

#include "contract/text/json.hpp"
#include "contract/text/unit_text.hpp"
#include "drivers/decode/profile_fields.hpp"

namespace steward::sim {
namespace {

constexpr std::int64_t longest_ms = 3'600'000;  // an hour: more than any converter was seen to hold

/// Which keys a fault has beside those that all have.
struct Shape {
  std::string_view word;
  bool times = false;         // least_ms, most_ms, required
  std::string_view own = {};  // one more key, optional
  bool whole_bus = false;     // of the converter: no unit
};
/// In the order of FaultKind.
constexpr std::array<Shape, 15> shapes{{{"late", true, "keep_order"},
                                        {"lost"},
                                        {"duplicate", true},
                                        {"truncated"},
                                        {"bad_crc"},
                                        {"wrong_unit", false, "as_unit"},
                                        {"echo"},
                                        {"babble", true},
                                        {"exception", false, "code"},
                                        {"twin", true, "with"},
                                        {"dead"},
                                        {"reboot", true, "stale"},
                                        {"value_reset", false, "registers"},
                                        {"stall", true, {}, true},
                                        {"preamble", false, "count"}}};

class Reader {
 public:
  Reader(std::string_view file, Problems& problems) : fields_(file, problems) {}

  std::optional<Scenario> read(const Json& root) {
    const std::size_t before = fields_.count();
    if (!fields_.object(root, here_, {"$schema", "scenario", "title", "seed", "faults"})) return std::nullopt;
    fields_.text(root, here_, "title");
    fields_.need_integer(root, here_, "scenario", 1, 1);
    Scenario scenario;
    const auto seed = fields_.integer(root, here_, "seed", 0, std::numeric_limits<std::int64_t>::max());
    scenario.seed = static_cast<std::uint64_t>(seed.value_or(0));
    if (root.find("faults") == nullptr)
      fields_.problem(root.line(), here_, {"\"faults\" is missing", "缺少 \"faults\""});
    if (const Json* list = fields_.array(root, here_, "faults", max_scenario_faults)) {
      for (std::size_t at = 0; at < list->items().size(); ++at) fault(list->items()[at], at, scenario);
    }
    if (fields_.count() != before) return std::nullopt;
    return scenario;
  }

 private:
  void fault(const Json& json, std::size_t at, Scenario& scenario) {
    const std::string place = "faults[" + std::to_string(at) + "]";
    const Sentence what{place, place};
    if (!json.is(Json::Kind::object) || json.find("fault") == nullptr) {
      fields_.problem(json.line(), what, {"must be an object with a \"fault\"", "应为含 \"fault\" 的对象"});
      return;
    }
    const auto kind =
        fields_.choice(json, what, "fault",
                       {shapes[0].word, shapes[1].word, shapes[2].word, shapes[3].word, shapes[4].word,
                        shapes[5].word, shapes[6].word, shapes[7].word, shapes[8].word, shapes[9].word,
                        shapes[10].word, shapes[11].word, shapes[12].word, shapes[13].word, shapes[14].word});
    if (!kind) return;
    const Shape& shape = shapes[*kind];
    ScenarioFault fault{.line = json.line()};
    fault.rule.kind = static_cast<FaultKind>(*kind);
    const Sentence named{place + " (" + std::string(shape.word) + ")",
                         place + "（" + std::string(shape.word) + "）"};
    unknown_keys(json, named, shape);
    whom(json, named, shape, fault);
    how_often(json, named, fault.rule);
    if (shape.times) how_long(json, named, fault.rule);
    own(json, named, shape, fault);
    scenario.faults.push_back(std::move(fault));
  }

  void unknown_keys(const Json& json, const Sentence& what, const Shape& shape) {
    const std::string_view least = shape.times ? "least_ms" : "fault";
    const std::string_view most = shape.times ? "most_ms" : "fault";
    const std::string_view one = shape.own.empty() ? "fault" : shape.own;
    const std::string_view unit = shape.whole_bus ? "bus" : "unit";
    const std::string_view meter = shape.whole_bus ? "bus" : "meter";
    fields_.object(json, what,
                   {"fault", "note", "bus", meter, unit, "per_mille", "after", "times", least, most, one});
  }

  void whom(const Json& json, const Sentence& what, const Shape& shape, ScenarioFault& fault) {
    fields_.text(json, what, "note");
    const bool plate = !shape.whole_bus && json.find("meter") != nullptr;
    if (plate == (json.find("bus") != nullptr)) {
      if (shape.whole_bus) {
        fields_.problem(json.line(), what, {"name the line by \"bus\"", "请用 \"bus\" 指明线路"});
      } else {
        fields_.problem(json.line(), what,
                        {"say whom: either \"meter\", or \"bus\" and perhaps \"unit\"",
                         "请指明对象：\"meter\"，或者 \"bus\"（可加 \"unit\"）"});
      }
    }
    if (plate && json.find("unit") != nullptr)
      fields_.problem(json.line(), what,
                      {"\"unit\" goes with \"bus\", not with \"meter\"", "\"unit\" 应与 \"bus\" 一起用"});
    if (!shape.whole_bus) fault.meter = fields_.text(json, what, "meter").value_or("");
    fault.bus = fields_.text(json, what, "bus").value_or("");
    if (shape.whole_bus) return;
    if (const Json* unit = json.find("unit"); unit != nullptr && unit->is(Json::Kind::text)) {
      item_unit(*unit, what, fault.rule);
    } else if (const auto number = fields_.integer(json, what, "unit", 1, 247)) {
      fault.rule.unit = UnitAddress{static_cast<std::uint8_t>(*number)};
    }
  }

  /// The address of a Chinese meter, as meters.csv has it.
  void item_unit(const Json& json, const Sentence& what, FaultRule& rule) {
    rule.unit = read_unit_text(Protocol::dlt645, json.text());
    if (!rule.unit) rule.unit = read_unit_text(Protocol::cjt188, json.text());
    if (!rule.unit)
      fields_.problem(json.line(), what,
                      {"\"unit\" must be 1..247, 12 digits (DL/T 645) or a type and 14 digits (CJ/T 188): "
                       "\"10:00000000000012\"",
                       "\"unit\" 应为 1..247、12 位数字（DL/T 645）或类型加 14 位数字（CJ/T 188）："
                       "\"10:00000000000012\""});
  }

  void how_often(const Json& json, const Sentence& what, FaultRule& rule) {
    constexpr std::int64_t most = 1'000'000'000;
    rule.per_mille = static_cast<int>(fields_.integer(json, what, "per_mille", 1, 1000).value_or(1000));
    rule.after = static_cast<std::uint32_t>(fields_.integer(json, what, "after", 0, most).value_or(0));
    rule.times = static_cast<std::uint32_t>(fields_.integer(json, what, "times", 0, most).value_or(0));
  }

  void how_long(const Json& json, const Sentence& what, FaultRule& rule) {
    rule.least = Milliseconds(fields_.need_integer(json, what, "least_ms", 0, longest_ms).value_or(0));
    rule.most = Milliseconds(fields_.need_integer(json, what, "most_ms", 0, longest_ms).value_or(longest_ms));
    if (rule.least > rule.most)
      fields_.problem(json.line(), what,
                      {"\"least_ms\" must not be above \"most_ms\"", "\"least_ms\" 不应大于 \"most_ms\""});
  }

  void own(const Json& json, const Sentence& what, const Shape& shape, ScenarioFault& fault) {
    if (shape.own == "keep_order")
      fault.rule.keep_order = fields_.boolean(json, what, "keep_order").value_or(false);
    if (shape.own == "stale") fault.rule.stale = fields_.boolean(json, what, "stale").value_or(false);
    if (shape.own == "as_unit") {
      const auto unit = fields_.integer(json, what, "as_unit", 1, 247).value_or(0);
      fault.rule.other = UnitAddress{static_cast<std::uint8_t>(unit)};
    }
    if (shape.own == "code")
      fault.rule.code = static_cast<std::uint8_t>(fields_.integer(json, what, "code", 1, 255).value_or(4));
    if (shape.own == "count")
      fault.rule.code = static_cast<std::uint8_t>(fields_.integer(json, what, "count", 0, 255).value_or(0));
    if (shape.own == "with") fault.other_meter = fields_.need_text(json, what, "with").value_or("");
    if (shape.own == "registers" && json.find("registers") != nullptr)
      registers(*json.find("registers"), {what.en + ".registers", what.zh + ".registers"}, fault.rule);
  }

  void registers(const Json& json, const Sentence& what, FaultRule& rule) {
    if (!fields_.object(json, what, {"kind", "first", "count"})) return;
    const auto kind = fields_.choice(json, what, "kind", {"holding", "input"});
    const auto first = fields_.need_number(json, what, "first", 0xFFFF);
    const auto count = fields_.need_integer(json, what, "count", 1, max_span_words);
    rule.registers = RegisterSpan{kind.value_or(0) == 1 ? RegisterKind::input : RegisterKind::holding,
                                  static_cast<std::uint16_t>(first.value_or(0)),
                                  static_cast<std::uint16_t>(count.value_or(1))};
    if (rule.registers->end() > 0x10000)
      fields_.problem(json.line(), what,
                      {"ends beyond the last register, 65535", "超出最后一个寄存器 65535"});
  }

  ProfileFields fields_;
  const Sentence here_;
};

}  // namespace

std::optional<Scenario> read_scenario(std::string_view file, std::string_view text, Problems& problems) {
  if (text.size() > max_scenario_bytes) {
    problems.push_back({std::string(file), 0, "a scenario has at most 64 KiB", "场景文件至多 64 KiB"});
    return std::nullopt;
  }
  const auto root = Json::parse(text, {.bytes = max_scenario_bytes, .comments = true});
  if (!root) {
    problems.push_back(
        {std::string(file), 0, root.error().message, "不是合法的 JSON：" + root.error().message});
    return std::nullopt;
  }
  return Reader(file, problems).read(*root);
}

}  // namespace steward::sim
