#include "contract/wire/field_json.hpp"

#include <algorithm>

#include "contract/text/unit_text.hpp"
#include "contract/wire/json_fields.hpp"
#include "contract/wire/limits.hpp"

namespace steward {
namespace {

constexpr std::int64_t minutes_a_day = 24 * 60;
constexpr std::int64_t seconds_a_day = minutes_a_day * 60;
constexpr std::size_t host_bytes = 253;    // RFC 1035, 2.3.4
constexpr std::size_t device_bytes = 128;  // a path under /dev
constexpr std::size_t serial_bytes = 32;   // as a meter list's
// The rates every UART driver has and meters offer.
constexpr std::int64_t baud_rates[] = {1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200};

constexpr std::string_view kind_words[] = {"modbus_tcp", "serial", "modbus_rtu_over_tcp", "pulse"};
constexpr std::string_view path_words[] = {"gateway", "native"};
constexpr std::string_view parity_words[] = {"none", "even", "odd"};
constexpr std::string_view turn_words[] = {"auto", "kernel", "rts", "rts_inverted"};
constexpr std::string_view active_words[] = {"low", "high"};
constexpr std::string_view bias_words[] = {"as_is", "pull_up", "pull_down", "none"};
constexpr std::string_view channel_words[] = {"billing", "all"};

/// A whole number of a few bits, once it has been held to its range.
template <class Int>
Int integer(JsonFields& in, std::string_view key, std::int64_t least, std::int64_t most) {
  return static_cast<Int>(in.integer(key, least, most));
}

template <class Enum>
Enum word(JsonFields& in, std::string_view key, std::initializer_list<std::string_view> words) {
  return static_cast<Enum>(in.word(key, words));
}

/// What a bus with a guard has, whatever it is made of.
void set_guard(Json& json, const BusSetup& bus) {
  json.set("timeout_ms", static_cast<std::int64_t>(bus.timeout_ms))
      .set("delay_floor_ms", static_cast<std::int64_t>(bus.delay_floor_ms))
      .set("probe_permille", static_cast<std::int64_t>(bus.probe_permille))
      .set("retire_hours", static_cast<std::int64_t>(bus.retire_hours));
}

void read_guard(JsonFields& in, BusSetup& bus) {
  bus.timeout_ms = integer<std::uint32_t>(in, "timeout_ms", 10, 10'000);
  bus.delay_floor_ms = integer<std::uint32_t>(in, "delay_floor_ms", 1, 300'000);
  bus.probe_permille = integer<std::uint32_t>(in, "probe_permille", 1, 200);
  bus.retire_hours = integer<std::uint32_t>(in, "retire_hours", 1, 168);
}

Json json_of(const PulseInputSetup& input) {
  return Json::object()
      .set("unit", std::int64_t{input.unit})
      .set("chip", input.chip)
      .set("line", static_cast<std::int64_t>(input.line))
      .set("per_pulse", Json::array().push(input.per_pulse[0]).push(input.per_pulse[1]))
      .set("debounce_ms", static_cast<std::int64_t>(input.debounce_ms))
      .set("active", active_words[input.active_low ? 0 : 1])
      .set("bias", bias_words[static_cast<std::size_t>(input.bias)]);
}

void read_line(JsonFields& in, SerialLine& line) {
  line.device = in.text("device", 1, device_bytes);
  if (!line.device.empty() && !line.device.starts_with('/'))
    in.report(in.line_of("device"), "\"" + in.path("device") + "\" must be an absolute path, as /dev/ttyS1",
              "\"" + in.path("device") + "\" 应为绝对路径，如 /dev/ttyS1");
  line.baud = integer<std::uint32_t>(in, "baud", 1200, 115200);
  if (std::ranges::find(baud_rates, std::int64_t{line.baud}) == std::end(baud_rates))
    in.report(in.line_of("baud"),
              "\"" + in.path("baud") + "\" must be 1200, 2400, 4800, 9600, 19200, 38400, 57600 or 115200",
              "\"" + in.path("baud") + "\" 应为 1200、2400、4800、9600、19200、38400、57600 或 115200");
  line.parity = word<LineParity>(in, "parity", {parity_words[0], parity_words[1], parity_words[2]});
  line.stop_bits = integer<std::uint8_t>(in, "stop_bits", 1, 2);
  line.turn = word<LineTurn>(in, "direction", {turn_words[0], turn_words[1], turn_words[2], turn_words[3]});
  line.rts_before_ms = integer<std::uint32_t>(in, "rts_before_ms", 0, 100);
  line.rts_after_ms = integer<std::uint32_t>(in, "rts_after_ms", 0, 100);
  if (line.turn == LineTurn::automatic && (line.rts_before_ms != 0 || line.rts_after_ms != 0))
    in.report(
        in.line_of("rts_before_ms"),
        "\"" + in.path("rts_before_ms") + "\" and rts_after_ms must be 0 where the converter turns by itself",
        "转换器自动换向时，\"" + in.path("rts_before_ms") + "\" 与 rts_after_ms 应为 0");
}

PulseInputSetup read_input(std::string_view file, const std::string& where, const Json& json,
                           Problems& problems) {
  JsonFields in(file, where, json, {"unit", "chip", "line", "per_pulse", "debounce_ms", "active", "bias"},
                problems);
  PulseInputSetup input;
  input.unit = integer<std::uint8_t>(in, "unit", 1, 247);
  input.chip = in.text("chip", 1, device_bytes);
  input.line = integer<std::uint32_t>(in, "line", 0, 1023);
  const auto& pair = in.array("per_pulse", 2).items();
  const auto fits = [](const Json& one) {
    return one.is(Json::Kind::integer) && one.integer() >= 1 && one.integer() <= 1'000'000'000;
  };
  if (pair.size() == 2 && fits(pair[0]) && fits(pair[1])) {
    input.per_pulse = {pair[0].integer(), pair[1].integer()};
  } else {
    in.report(
        in.line_of("per_pulse"),
        "\"" + in.path("per_pulse") + "\" must be two whole numbers, litres or Wh a pulse as a fraction",
        "\"" + in.path("per_pulse") + "\" 应为两个整数，即每脉冲的升数或瓦时数（分数）");
  }
  input.debounce_ms = integer<std::uint32_t>(in, "debounce_ms", 1, 1000);
  input.active_low = in.word("active", {active_words[0], active_words[1]}) == 0;
  input.bias = word<PulseBias>(in, "bias", {bias_words[0], bias_words[1], bias_words[2], bias_words[3]});
  return input;
}

void read_inputs(std::string_view file, const std::string& where, JsonFields& in, BusSetup& bus,
                 Problems& problems) {
  const auto& list = in.array("inputs", max_pulse_inputs).items();
  if (list.empty())
    in.report(in.line_of("inputs"), "\"" + in.path("inputs") + "\" must have at least one input",
              "\"" + in.path("inputs") + "\" 至少需要一个输入");
  for (const Json& each : list) {
    const auto name = where + ".inputs[" + std::to_string(bus.inputs.size()) + "]";
    auto input = read_input(file, name, each, problems);
    const bool taken = std::ranges::any_of(bus.inputs, [&](const PulseInputSetup& other) {
      return other.unit == input.unit || (other.chip == input.chip && other.line == input.line);
    });
    if (taken)
      in.report(each.line(), "\"" + name + "\" has the unit or the line of an input before it",
                "\"" + name + "\" 与前面的输入使用了相同的 unit 或 line");
    bus.inputs.push_back(std::move(input));
  }
}

/// The kind, before it is known which keys may be there; modbus_tcp where it is none.
BusKind kind_of(const Json& json) {
  const Json* kind = json.is(Json::Kind::object) ? json.find("kind") : nullptr;
  for (std::size_t at = 0; kind != nullptr && at < std::size(kind_words); ++at) {
    if (*kind == Json(kind_words[at])) return static_cast<BusKind>(at);
  }
  return BusKind::modbus_tcp;
}

}  // namespace

Json json_of(const RoundSetup& rounds) {
  return Json::object()
      .set("every_s", static_cast<std::int64_t>(rounds.every_s))
      .set("channels", channel_words[static_cast<std::size_t>(rounds.channels)])
      .set("skew_limit_s", static_cast<std::int64_t>(rounds.skew_limit_s))
      .set("closing_minute_utc", static_cast<std::int64_t>(rounds.closing_minute_utc))
      .set("utc_offset_minutes", std::int64_t{rounds.utc_offset_minutes})
      .set("live", rounds.live);
}

Json json_of(const BusSetup& bus) {
  Json json = Json::object();
  json.set("bus", bus.bus.text).set("kind", kind_words[static_cast<std::size_t>(bus.kind)]);
  switch (bus.kind) {
    case BusKind::modbus_tcp:
      json.set("host", bus.tcp.host)
          .set("port", bus.tcp.port)
          .set("path", path_words[static_cast<std::size_t>(bus.tcp.path)]);
      break;
    case BusKind::modbus_rtu_over_tcp: json.set("host", bus.tcp.host).set("port", bus.tcp.port); break;
    case BusKind::modbus_rtu:
      json.set("device", bus.line.device)
          .set("baud", static_cast<std::int64_t>(bus.line.baud))
          .set("parity", parity_words[static_cast<std::size_t>(bus.line.parity)])
          .set("stop_bits", std::int64_t{bus.line.stop_bits})
          .set("direction", turn_words[static_cast<std::size_t>(bus.line.turn)])
          .set("rts_before_ms", static_cast<std::int64_t>(bus.line.rts_before_ms))
          .set("rts_after_ms", static_cast<std::int64_t>(bus.line.rts_after_ms));
      break;
    case BusKind::pulse: {
      Json inputs = Json::array();
      for (const auto& input : bus.inputs) inputs.push(json_of(input));
      return json.set("inputs", std::move(inputs));  // no guard: nothing is asked on a wire
    }
  }
  set_guard(json, bus);
  return json;
}

Json json_of(const MeterSetup& meter) {
  return Json::object()
      .set("meter", meter.meter.text)
      .set("profile", meter.profile.text)
      .set("bus", meter.bus.text)
      .set("unit", unit_text(meter.unit))
      .set("name", meter.name)
      .set("serial", meter.serial);
}

RoundSetup read_rounds(std::string_view file, const Json& json, Problems& problems) {
  JsonFields in(file, "rounds", json,
                {"every_s", "channels", "skew_limit_s", "closing_minute_utc", "utc_offset_minutes", "live"},
                problems);
  RoundSetup rounds;
  rounds.every_s = integer<std::uint32_t>(in, "every_s", 1, seconds_a_day);
  rounds.channels = word<RoundChannels>(in, "channels", {channel_words[0], channel_words[1]});
  rounds.skew_limit_s = integer<std::uint32_t>(in, "skew_limit_s", 1, 3600);
  rounds.closing_minute_utc = integer<std::uint32_t>(in, "closing_minute_utc", 0, minutes_a_day - 1);
  rounds.utc_offset_minutes = integer<std::int32_t>(in, "utc_offset_minutes", -720, 840);
  rounds.live = in.boolean("live");
  if (seconds_a_day % rounds.every_s != 0) {
    in.report(in.line_of("every_s"), "\"rounds.every_s\" must divide a day, as 900, 1800 and 3600 do",
              "\"rounds.every_s\" 应能整除一天，如 900、1800、3600");
  } else if (rounds.closing_minute_utc * 60 % rounds.every_s != 0) {
    in.report(in.line_of("closing_minute_utc"), "\"rounds.closing_minute_utc\" must fall on a round",
              "\"rounds.closing_minute_utc\" 应落在抄表时刻上");
  }
  return rounds;
}

BusSetup read_bus(std::string_view file, const std::string& where, const Json& json, Problems& problems) {
  BusSetup bus;
  bus.kind = kind_of(json);
  const auto read = [&](std::initializer_list<std::string_view> keys, auto rest) {
    JsonFields in(file, where, json, keys, problems);
    bus.bus = BusId(in.code("bus"));
    in.word("kind", {kind_words[0], kind_words[1], kind_words[2], kind_words[3]});
    rest(in);
    if (bus.kind != BusKind::pulse) read_guard(in, bus);
  };
  const auto peer = [&](JsonFields& in) {
    bus.tcp.host = in.text("host", 1, host_bytes);
    bus.tcp.port = integer<std::uint16_t>(in, "port", 1, 65535);
  };
  bus.file_line = {json.line()};
  switch (bus.kind) {
    case BusKind::modbus_tcp:
      read({"bus", "kind", "host", "port", "path", "timeout_ms", "delay_floor_ms", "probe_permille",
            "retire_hours"},
           [&](JsonFields& in) {
             peer(in);
             bus.tcp.path = word<TcpPath>(in, "path", {path_words[0], path_words[1]});
           });
      break;
    case BusKind::modbus_rtu_over_tcp:
      read({"bus", "kind", "host", "port", "timeout_ms", "delay_floor_ms", "probe_permille", "retire_hours"},
           peer);
      break;
    case BusKind::modbus_rtu:
      read({"bus", "kind", "device", "baud", "parity", "stop_bits", "direction", "rts_before_ms",
            "rts_after_ms", "timeout_ms", "delay_floor_ms", "probe_permille", "retire_hours"},
           [&](JsonFields& in) { read_line(in, bus.line); });
      break;
    case BusKind::pulse:
      read({"bus", "kind", "inputs"}, [&](JsonFields& in) { read_inputs(file, where, in, bus, problems); });
      break;
  }
  return bus;
}

MeterSetup read_meter(std::string_view file, const std::string& where, const Json& json, Problems& problems) {
  JsonFields in(file, where, json, {"meter", "profile", "bus", "unit", "name", "serial"}, problems);
  MeterSetup meter;
  meter.file_line = {json.line()};
  meter.meter = MeterId(in.text("meter", 1, wire_limit::name_bytes));
  meter.profile = ProfileId(in.text("profile", 1, wire_limit::name_bytes));
  meter.bus = BusId(in.code("bus"));
  const auto unit = in.text("unit", 1, wire_limit::name_bytes);
  // No text is an address of two protocols: they differ in length.
  for (const auto protocol : {Protocol::modbus, Protocol::dlt645, Protocol::cjt188}) {
    if (const auto read = read_unit_text(protocol, unit)) meter.unit = *read;
  }
  if (meter.unit == UnitAddress{} && !unit.empty()) {
    const auto path = in.path("unit");
    in.report(
        in.line_of("unit"),
        "\"" + path +
            "\" must be an address: \"1\" to \"247\" (Modbus), 12 digits (DL/T 645), or the type and 14 "
            "digits like \"10:00000000000012\" (CJ/T 188)",
        "\"" + path +
            "\" 应为地址：\"1\" 至 \"247\"（Modbus）、12 位数字（DL/T 645），或类型加 14 位数字如 "
            "\"10:00000000000012\"（CJ/T 188）");
  }
  meter.name = in.text("name", 0, wire_limit::name_bytes);
  meter.serial = in.text("serial", 0, serial_bytes);
  if (std::ranges::any_of(meter.serial, [](char c) { return c <= 0x20 || c >= 0x7F; }))
    in.report(in.line_of("serial"),
              "\"" + in.path("serial") + "\" must be letters and digits without spaces, or empty",
              "\"" + in.path("serial") + "\" 应为不含空格的字母数字，或留空");
  return meter;
}

}  // namespace steward
