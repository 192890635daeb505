#include "edge/app/line_report.hpp"

namespace steward {
namespace {

struct PassingName {
  std::string subject;
  std::uint32_t line = 0;
  std::string en;
  std::string zh;
};

std::vector<PassingName> find_passing(const SiteSetup& setup, const std::string& links) {
  std::vector<PassingName> found;
  const auto look = [&](const std::string& subject, const std::string& device, std::uint32_t line) {
    if (!is_passing_name(device)) return;
    const auto paths = stable_paths_of(device, links);
    std::string now;
    for (const auto& path : paths) now += (now.empty() ? "" : ", ") + path;
    found.push_back({subject, line,
                     device + " is whichever adapter was plugged in first" +
                         (now.empty() ? "; set \"device\" to its path under /dev/serial/by-path"
                                      : "; set \"device\" to one of its paths that stay: " + now),
                     device + " 随插入顺序变化" +
                         (now.empty() ? "；请将 \"device\" 改为 /dev/serial/by-path 下的固定路径"
                                      : "；请将 \"device\" 改为固定路径之一：" + now)});
  };
  for (const auto& bus : setup.buses) look(bus.bus.text, bus.line.device, bus.file_line.number);
  for (const auto& reader : setup.readers)
    look(reader.reader.text, reader.line.device, reader.file_line.number);
  return found;
}

}  // namespace

Json line_status(const SiteSetup& setup) {
  auto lines = Json::array();
  for (const auto& bus : setup.buses) {
    if (bus.line.device.empty()) continue;
    auto entry = Json::object();
    entry.set("bus", bus.bus.text).set("device", bus.line.device);
    if (const auto node = node_of(bus.line.device); !node.empty()) entry.set("node", node);
    lines.push(std::move(entry));
  }
  return lines;
}

Problems passing_names(const std::string& file, const SiteSetup& setup, const std::string& links) {
  Problems remarks;
  for (auto& name : find_passing(setup, links))
    remarks.push_back({file, name.line, std::move(name.en), std::move(name.zh)});
  return remarks;
}

std::vector<EdgeEvent> passing_name_events(const SiteSetup& setup, Instant now, const std::string& links) {
  std::vector<EdgeEvent> events;
  for (auto& name : find_passing(setup, links))
    events.push_back({now, "device_passing", std::move(name.subject), std::move(name.en)});
  return events;
}

}  // namespace steward
