#include "drivers/sim/edge_config.hpp"

#include "contract/text/json.hpp"

namespace steward::sim {
namespace {

constexpr const char* loopback = "127.0.0.1";
/// No reply on this machine's loopback or its ptys is later; a real line's floor is seconds.
constexpr int delay_floor_ms = 50;

Json buses(const EdgeFacts& facts) {
  Json list = Json::array();
  for (const auto& [bus, port] : facts.tcp) {
    Json entry = Json::object();
    entry.set("bus", bus.text).set("kind", "modbus_tcp").set("host", loopback).set("port", int{port});
    entry.set("delay_floor_ms", delay_floor_ms);
    list.push(std::move(entry));
  }
  Json line = Json::object();
  line.set("bus", "line1").set("kind", "modbus_rtu").set("device", facts.line_device);
  line.set("baud", 9600).set("parity", "none").set("stop_bits", 1).set("delay_floor_ms", delay_floor_ms);
  list.push(std::move(line));
  if (facts.items_device.empty()) return list;
  Json items = Json::object();
  items.set("bus", "line2").set("kind", "serial").set("device", facts.items_device);
  items.set("baud", 2400).set("parity", "even").set("stop_bits", 1).set("delay_floor_ms", delay_floor_ms);
  list.push(std::move(items));
  return list;
}

Json doors(const EdgeFacts& facts) {
  Json list = Json::array();
  if (facts.controller.empty()) return list;
  Json entry = Json::object();
  entry.set("controller", facts.controller).set("serial", std::int64_t{facts.controller_serial});
  entry.set("host", loopback).set("port", int{facts.controller_port});
  return list.push(std::move(entry));
}

Json readers(const EdgeFacts& facts) {
  Json list = Json::array();
  if (facts.reader.empty()) return list;
  Json entry = Json::object();
  entry.set("reader", facts.reader).set("device", facts.reader_device).set("baud", 9600);
  return list.push(std::move(entry));
}

}  // namespace

std::string edge_config(const EdgeFacts& facts) {
  Json broker = Json::object();
  broker.set("host", facts.broker_host).set("port", int{facts.broker_port});
  Json rounds = Json::object();
  // A round of the line at 2400 baud takes two real seconds: three a day bill a month as well.
  const int every_minutes = facts.items_device.empty() ? 60 : 480;
  rounds.set("every_minutes", every_minutes)
      .set("skew_limit_s", 120)
      .set("closing_minute_utc", closing_minute_utc);
  Json config = Json::object();
  config.set("schema", 1).set("site", site_code).set("gateway", gateway_code);
  config.set("data", "data").set("enrolment", facts.enrolment).set("profiles", facts.profiles);
  config.set("meters", "meters.csv").set("broker", std::move(broker)).set("rounds", std::move(rounds));
  config.set("buses", buses(facts)).set("doors", doors(facts)).set("readers", readers(facts));
  if (facts.push_port != 0) {
    config.set("door_pushes", Json::object().set("host", loopback).set("port", int{facts.push_port}));
  }
  return "// Written by steward-sim: a simulated estate on this machine's loopback.\n" + config.dump(2) +
         "\n";
}

}  // namespace steward::sim
