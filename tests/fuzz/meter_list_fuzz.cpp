// Any text as a meter list, and any text as the gateway's config: refused with reasons in
// both languages, or meters on buses that there are.
#include <algorithm>
#include <set>

#include "contract/text/unit_text.hpp"
#include "edge/site/read_site.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace steward;

namespace {

void check_problems(const Problems& problems) {
  for (const auto& one : problems) test::must(!one.en.empty() && !one.zh.empty(), "both languages");
}

void check_meters(const SiteSetup& setup, const std::vector<KnownProfile>& profiles) {
  std::set<std::string> ids;
  std::set<std::pair<std::string, UnitAddress>> places;
  for (const auto& meter : setup.meters) {
    test::must(ids.insert(meter.meter.text).second, "a meter stands once");
    test::must(places.insert({meter.bus.text, meter.unit}).second, "a unit has one meter");
    test::must(read_unit_text(meter.unit.protocol, unit_text(meter.unit)) == meter.unit, "an address");
    const auto known = std::find_if(profiles.begin(), profiles.end(),
                                    [&](const KnownProfile& one) { return one.id == meter.profile; });
    test::must(known != profiles.end(), "a known profile");
    test::must(known->protocol == meter.unit.protocol, "an address of its profile's protocol");
    test::must(std::any_of(setup.buses.begin(), setup.buses.end(),
                           [&](const auto& bus) { return bus.bus == meter.bus; }),
               "a known bus");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::FuzzInput input(data, size);
  const bool config = input.octet() % 2 == 1;
  Problems problems;
  if (config) {
    read_edge_config("edge.json", "/etc/steward", input.rest_text(), problems);
    check_problems(problems);
    return 0;
  }
  const std::vector<KnownProfile> profiles{
      {ProfileId("eastron-sdm630/1")},
      {ProfileId("tuf-2000/1")},
      {ProfileId("dlt645-2007-1ph/1"), Protocol::dlt645, LineParity::even},
      {ProfileId("cjt188-2004-cold-water/1"), Protocol::cjt188, LineParity::even}};
  auto setup = read_edge_config(
      "edge.json", "/etc/steward",
      R"({ "schema": 1, "site": "riverside", "gateway": "gw1", "data": "data", "enrolment": "keys",
           "meters": "meters.csv", "profiles": "profiles", "broker": { "host": "localhost" },
           "buses": [ { "bus": "b1", "kind": "modbus_tcp", "host": "127.0.0.1" },
                      { "bus": "b2", "kind": "modbus_tcp", "host": "127.0.0.2" } ] })",
      problems);
  test::must(problems.empty(), "the config is sound");
  read_meter_list("meters.csv", input.rest_text(), profiles, setup, problems);
  check_problems(problems);
  if (problems.empty()) check_meters(setup, profiles);
  return 0;
}
