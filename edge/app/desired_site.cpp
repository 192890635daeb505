#include "edge/app/desired_site.hpp"

#include <algorithm>

#include "contract/text/unit_text.hpp"

namespace steward {
namespace {

/// RFC 4180, 2: quoted, quotes doubled. Texts of a document hold no control characters.
std::string field(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

}  // namespace

void take_desired(const SiteConfigDocument& document, SiteSetup& setup, Problems& problems) {
  setup.rounds = document.rounds;
  setup.buses = document.buses;
  for (const auto& bus : setup.buses) {
    if (bus.kind != BusKind::modbus_rtu) continue;
    for (const auto& reader : setup.readers) {
      if (reader.line.device != bus.line.device) continue;
      problems.push_back({"desired", bus.file_line.number,
                          "bus \"" + bus.bus.text + "\" is on " + bus.line.device + ", which the reader \"" +
                              reader.reader.text + "\" of this gateway has",
                          "总线 \"" + bus.bus.text + "\" 使用的 " + bus.line.device +
                              " 已被本网关的读卡器 \"" + reader.reader.text + "\" 占用"});
    }
  }
}

std::string meter_list_of(const SiteConfigDocument& document) {
  std::string list = "meter,profile,bus,unit,name,serial\n";
  for (const auto& meter : document.meters) {
    list += field(meter.meter.text) + "," + field(meter.profile.text) + "," + field(meter.bus.text) + "," +
            field(unit_text(meter.unit)) + "," + field(meter.name) + "," + field(meter.serial) + "\n";
  }
  return list;
}

void place_in_desired(const SiteConfigDocument& document, std::size_t first, Problems& problems) {
  for (auto at = first; at < problems.size(); ++at) {
    auto& problem = problems[at];
    if (problem.file != "desired" || problem.line < 2 || problem.line - 2 >= document.meters.size()) continue;
    problem.line = document.meters[problem.line - 2].file_line.number;
  }
}

}  // namespace steward
