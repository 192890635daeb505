#include "edge/site/read_guard.hpp"

namespace steward {
namespace {

/// The floor of D behind a device server: what its buffer and a mobile network hold back.
constexpr std::uint32_t over_tcp_floor_ms = 10'000;

}  // namespace

void read_guard(ObjectReader& reader, BusSetup& bus) {
  if (bus.kind == BusKind::modbus_rtu_over_tcp) bus.delay_floor_ms = over_tcp_floor_ms;
  if (const auto timeout = reader.optional_integer("timeout_ms", {10, 10'000})) {
    bus.timeout_ms = static_cast<std::uint32_t>(*timeout);
  }
  if (const auto floor = reader.optional_integer("delay_floor_ms", {1, 300'000})) {
    bus.delay_floor_ms = static_cast<std::uint32_t>(*floor);
  }
  if (const auto share = reader.optional_integer("probe_permille", {1, 200})) {
    bus.probe_permille = static_cast<std::uint32_t>(*share);
  }
  if (const auto hours = reader.optional_integer("retire_hours", {1, 168})) {
    bus.retire_hours = static_cast<std::uint32_t>(*hours);
  }
  if (reader.member("retries", Json::Kind::integer, false) != nullptr) {
    reader.report(reader.line_of("retries"),
                  "\"" + reader.path("retries") +
                      "\" is gone: a meter that gives no value is asked again by its probe; remove the line",
                  "\"" + reader.path("retries") + "\" 已取消：无应答的表由探询自动重试；请删除该行");
  }
}

}  // namespace steward
