#include "edge/site/read_monitoring.hpp"

#include "contract/text/address_text.hpp"

namespace steward {
namespace {

constexpr std::size_t host_bytes = 15;  // "255.255.255.255"
constexpr std::uint8_t loopback_net = 127;

}  // namespace

MonitoringSetup read_monitoring(std::string_view file, const Json& json, Problems& problems) {
  static constexpr std::string_view keys[] = {"host", "port", "beyond_loopback"};
  ObjectReader reader(file, "monitoring", json, keys, problems);
  MonitoringSetup monitoring;
  monitoring.beyond_loopback = reader.optional_boolean("beyond_loopback").value_or(false);
  if (const auto port = reader.optional_integer("port", {1, 65535}))
    monitoring.port = static_cast<std::uint16_t>(*port);
  const auto host = reader.optional_text("host", host_bytes);
  if (!host) return monitoring;
  const auto address = read_ipv4(*host);
  if (!address) {
    reader.report(reader.line_of("host"),
                  "\"monitoring.host\" is \"" + *host + "\"; it must be an IPv4 address of this gateway",
                  "\"monitoring.host\" 是 \"" + *host + "\"；应为本网关的 IPv4 地址");
    return monitoring;
  }
  monitoring.host = *address;
  if (address->front() != loopback_net && !monitoring.beyond_loopback) {
    reader.report(reader.line_of("host"),
                  "\"monitoring.host\" is \"" + *host +
                      "\", which others on the network can reach; use 127.0.0.1, or add "
                      "\"beyond_loopback\": true",
                  "\"monitoring.host\" 是 \"" + *host +
                      "\"，网络上其他设备可访问；请使用 127.0.0.1，或添加 \"beyond_loopback\": true");
  }
  return monitoring;
}

}  // namespace steward
