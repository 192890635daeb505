#include "edge/site/read_pulse.hpp"

#include <algorithm>

namespace steward {
namespace {

constexpr std::string_view bias_words[] = {"as_is", "pull_up", "pull_down", "none"};
constexpr std::string_view active_words[] = {"low", "high"};
constexpr std::string_view profile_beginning = "gpio-pulse-";
constexpr IntegerRange per_pulse_range{1, 1'000'000'000};

void read_per_pulse(ObjectReader& reader, PulseInputSetup& input) {
  const auto* pair = reader.member("per_pulse", Json::Kind::array, true);
  if (pair == nullptr) return;
  const auto fits = [](const Json& number) {
    return number.is(Json::Kind::integer) && number.integer() >= per_pulse_range.least &&
           number.integer() <= per_pulse_range.most;
  };
  if (pair->items().size() == 2 && fits(pair->items()[0]) && fits(pair->items()[1])) {
    input.per_pulse = {pair->items()[0].integer(), pair->items()[1].integer()};
    return;
  }
  reader.report(
      pair->line(),
      "\"" + reader.path("per_pulse") +
          "\" must be two whole numbers, litres or Wh a pulse as a fraction: [10, 1] is 10 litres, "
          "[5, 8] is 1600 impulses a kWh",
      "\"" + reader.path("per_pulse") +
          "\" 应为两个整数，即每脉冲的升数或瓦时数（分数）：[10, 1] 为 10 升，[5, 8] 为 1600 脉冲/千瓦时");
}

PulseInputSetup read_input(ObjectReader& reader) {
  PulseInputSetup input;
  if (const auto unit = reader.required_integer("unit", {1, 247}))
    input.unit = static_cast<std::uint8_t>(*unit);
  if (const auto chip = reader.optional_text("chip", 256)) input.chip = *chip;
  if (const auto line = reader.required_integer("line", {0, 1023}))
    input.line = static_cast<std::uint32_t>(*line);
  read_per_pulse(reader, input);
  if (const auto debounce = reader.optional_integer("debounce_ms", {1, 1000}))
    input.debounce_ms = static_cast<std::uint32_t>(*debounce);
  if (const auto active = reader.optional_word("active", active_words)) input.active_low = *active == 0;
  if (const auto bias = reader.optional_word("bias", bias_words)) input.bias = static_cast<PulseBias>(*bias);
  return input;
}

}  // namespace

void read_pulse_inputs(std::string_view file, const std::string& where, ObjectReader& reader, BusSetup& bus,
                       Problems& problems) {
  static constexpr std::string_view keys[] = {"unit",        "chip",   "line", "per_pulse",
                                              "debounce_ms", "active", "bias"};
  const auto* list = reader.member("inputs", Json::Kind::array, true);
  if (list == nullptr) return;
  if (list->items().empty() || list->items().size() > max_pulse_inputs) {
    reader.report(list->line(),
                  "\"" + reader.path("inputs") + "\" has " + std::to_string(list->items().size()) +
                      " entries; it must be 1 to " + std::to_string(max_pulse_inputs),
                  "\"" + reader.path("inputs") + "\" 有 " + std::to_string(list->items().size()) +
                      " 项；应为 1 至 " + std::to_string(max_pulse_inputs) + " 项");
    return;
  }
  for (std::size_t at = 0; at < list->items().size(); ++at) {
    const auto& entry = list->items()[at];
    const auto name = where + ".inputs[" + std::to_string(at) + "]";
    if (!entry.is(Json::Kind::object)) {
      reader.report(entry.line(), "\"" + name + "\" must be an object { }", "\"" + name + "\" 应为对象 { }");
      continue;
    }
    ObjectReader of_entry(file, name, entry, keys, problems);
    const auto input = read_input(of_entry);
    for (const auto& other : bus.inputs) {
      if (other.unit == input.unit || (other.chip == input.chip && other.line == input.line))
        of_entry.report(entry.line(),
                        "\"" + name + "\" has the unit or the line of an input before it; each has its own",
                        "\"" + name + "\" 与前面的输入使用了相同的 unit 或 line；应各不相同");
    }
    bus.inputs.push_back(input);
  }
}

void check_pulse_meters(const SiteSetup& setup, Problems& problems) {
  for (const auto& meter : setup.meters) {
    const auto bus = std::find_if(setup.buses.begin(), setup.buses.end(),
                                  [&](const BusSetup& candidate) { return candidate.bus == meter.bus; });
    if (bus == setup.buses.end()) continue;  // reported
    const auto say = [&](const std::string& en, const std::string& zh) {
      problems.push_back({setup.meters_file, meter.file_line.number, en, zh});
    };
    const bool of_pulses = meter.profile.text.starts_with(profile_beginning);
    if (of_pulses != (bus->kind == BusKind::pulse)) {
      say("meter \"" + meter.meter.text + "\": " +
              (of_pulses ? "a gpio-pulse profile needs a bus of kind pulse"
                         : "a bus of kind pulse needs a gpio-pulse profile"),
          "表 \"" + meter.meter.text + "\"：" +
              (of_pulses ? "gpio-pulse 表型只能用于 pulse 总线" : "pulse 总线只能使用 gpio-pulse 表型"));
      continue;
    }
    if (!of_pulses) continue;
    const bool wired = std::any_of(bus->inputs.begin(), bus->inputs.end(), [&](const PulseInputSetup& input) {
      return input.unit == meter.unit.value;
    });
    if (!wired)
      say("meter \"" + meter.meter.text + "\": bus \"" + bus->bus.text + "\" has no input with unit " +
              std::to_string(meter.unit.value),
          "表 \"" + meter.meter.text + "\"：总线 \"" + bus->bus.text + "\" 没有 unit 为 " +
              std::to_string(meter.unit.value) + " 的输入");
  }
}

}  // namespace steward
