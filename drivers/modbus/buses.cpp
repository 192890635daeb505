#include "drivers/modbus/buses.hpp"

#include "drivers/bus/guarded_bus.hpp"
#include "drivers/modbus/gateway_wire.hpp"
#include "drivers/modbus/rtu_codec.hpp"
#include "drivers/modbus/rtu_port.hpp"

namespace steward {

std::unique_ptr<RegisterBus> make_rtu_bus(Loop& loop, LineBusSetup setup, GuardBook& book) {
  setup.open = open_rtu(setup.device, setup.direction);
  if (setup.codec == nullptr) setup.codec = &rtu_codec();
  return make_line_bus(loop, std::move(setup), book);
}

std::unique_ptr<RegisterBus> make_gateway_bus(Loop& loop, GatewayBusSetup setup, GuardBook& book) {
  LineRules rules;
  rules.reply_timeout = setup.reply_timeout;
  rules.probe_permille = setup.probe_permille;
  std::string name = setup.place.host + ":" + std::to_string(setup.place.port);
  const auto& codec = setup.codec == nullptr ? rtu_codec() : *setup.codec;
  auto wire = setup.rtu_frames ? make_over_tcp_wire(loop, std::move(setup.place), codec)
                               : make_gateway_wire(loop, std::move(setup.place));
  return make_guarded_bus(loop, std::move(name), std::move(wire), std::move(setup.units), rules, book);
}

}  // namespace steward
