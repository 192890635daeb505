// Any text as a scenario: refused with reasons, or playable.
#include "drivers/modbus/frame.hpp"
#include "drivers/sim/fault_line.hpp"
#include "drivers/sim/scenario.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace steward;
using namespace steward::sim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Problems problems;
  const auto scenario = read_scenario("fuzz.json", chars_of({data, size}), problems);
  test::must(scenario.has_value() == problems.empty(), "a scenario, or reasons");
  for (const auto& one : problems) test::must(!one.en.empty() && !one.zh.empty(), "both languages");
  if (!scenario) return 0;
  std::vector<FaultRule> rules;
  for (const auto& fault : scenario->faults) {
    test::must(fault.meter.empty() != fault.bus.empty(), "a meter or a bus");
    test::must(fault.rule.least <= fault.rule.most, "least to most");
    rules.push_back(fault.rule);
  }
  FaultPlan plan(scenario->seed, std::move(rules));
  FaultLine line(plan);
  const Bytes request = encode_request({Framing::rtu, 0, UnitAddress{1}, {RegisterKind::holding, 0, 2}});
  const auto honest = [](UnitAddress as) { return Bytes{as.byte(), 3, 4, 0, 1, 0, 2}; };
  for (int i = 0; i < 4; ++i) line.ask(Speech::rtu, request, honest, Ticks(Milliseconds(i * 10)));
  for (auto at = line.next(); at; at = line.next())
    test::must(!line.take(*at).empty(), "what is due is there");
  return 0;
}
