#include "drivers/sim/scenario_rules.hpp"

#include <algorithm>
#include <fstream>

namespace steward::sim {
namespace {

std::string list_of_buses(const EstateModel& model) {
  std::string list;
  for (const BusPlan& bus : model.plan().buses) list += (list.empty() ? "" : ", ") + bus.bus.text;
  return list;
}

class Finder {
 public:
  Finder(const std::string& file, const EstateModel& model, const ProfileShelf& profiles, Problems& problems)
      : file_(file), model_(model), profiles_(profiles), problems_(problems) {}

  void add(const ScenarioFault& fault, EstateFaults& faults) {
    FaultRule rule = fault.rule;
    BusId bus{fault.bus};
    if (!fault.meter.empty()) {
      const MeterPlan* meter = find(fault.meter, fault.line);
      if (meter == nullptr) return;
      bus = meter->bus;
      rule.unit = meter->address;
      if (rule.kind == FaultKind::value_reset && !rule.registers) rule.registers = billed(*meter);
    } else if (std::ranges::find(model_.plan().buses, bus, &BusPlan::bus) == model_.plan().buses.end()) {
      const std::string buses = list_of_buses(model_);
      problems_.push_back({file_, fault.line, "no bus \"" + bus.text + "\"; this estate has " + buses,
                           "没有总线“" + bus.text + "”；本小区有：" + buses});
      return;
    }
    if (!fault.other_meter.empty()) {
      const MeterPlan* other = find(fault.other_meter, fault.line);
      if (other == nullptr) return;
      if (other->bus != bus) {
        problems_.push_back(
            {file_, fault.line,
             "\"" + fault.other_meter + "\" is on " + other->bus.text + "; a twin must be on the same bus, " +
                 bus.text,
             "“" + fault.other_meter + "”在 " + other->bus.text + " 上；同址的表须在同一总线 " + bus.text});
        return;
      }
      rule.other = other->address;
    }
    faults.by_bus[bus].push_back(rule);
  }

 private:
  const MeterPlan* find(const std::string& plate, std::uint32_t line) {
    const auto place = model_.find(plate);
    if (place >= 0) return &model_.plan().meters[static_cast<std::size_t>(place)];
    problems_.push_back(
        {file_, line, "no meter of this estate has the plate \"" + plate + "\"; the plates are in meters.csv",
         "本小区没有编号为“" + plate + "”的表；编号见 meters.csv"});
    return nullptr;
  }

  std::optional<RegisterSpan> billed(const MeterPlan& meter) const {
    const auto profile = profiles_.find(ProfileId(std::string(profile_of(meter.model))));
    if (profile == profiles_.end()) return std::nullopt;
    const ProfileChannel* channel = profile->second.channel(billing_channel(meter.medium));
    return channel == nullptr ? std::nullopt : std::optional(channel->span);
  }

  const std::string& file_;
  const EstateModel& model_;
  const ProfileShelf& profiles_;
  Problems& problems_;
};

}  // namespace

EstateFaults rules_of(const Scenario& scenario, const std::string& file, const EstateModel& model,
                      const ProfileShelf& profiles, Problems& problems) {
  EstateFaults faults{.seed = scenario.seed};
  Finder finder(file, model, profiles, problems);
  for (const ScenarioFault& fault : scenario.faults) finder.add(fault, faults);
  return faults;
}

std::optional<Scenario> read_scenario_file(const std::string& file, Problems& problems) {
  std::ifstream in(file, std::ios::binary);
  // One byte more than allowed, so that a file that is too long is seen as such.
  std::string text(max_scenario_bytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad() || !in.eof()) {
    if (text.size() <= max_scenario_bytes) {
      problems.push_back(
          {file, 0, "cannot be read; give --scenario FILE", "无法读取；请用 --scenario 指定文件"});
      return std::nullopt;
    }
  }
  return read_scenario(file, text, problems);
}

}  // namespace steward::sim
