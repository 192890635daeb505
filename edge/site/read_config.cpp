#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "contract/text/address_text.hpp"
#include "edge/site/object_reader.hpp"
#include "edge/site/read_direction.hpp"
#include "edge/site/read_guard.hpp"
#include "edge/site/read_monitoring.hpp"
#include "edge/site/read_pulse.hpp"
#include "edge/site/read_site.hpp"

namespace steward {
namespace {

constexpr std::size_t path_bytes = 1024;
constexpr std::size_t host_bytes = 253;  // RFC 1035, 2.3.4: 255 octets on the wire
constexpr IntegerRange port_range{1, 65535};
constexpr std::int64_t day_minutes = 24 * 60;
constexpr std::string_view parity_words[] = {"none", "even", "odd"};
constexpr std::string_view channel_words[] = {"billing", "all"};
constexpr std::string_view kind_words[] = {"modbus_tcp", "modbus_rtu", "modbus_rtu_over_tcp", "pulse",
                                           "serial"};
constexpr std::size_t serial_word = 4;  // what modbus_rtu is called since it carries other protocols too
constexpr std::string_view path_words[] = {"gateway", "native"};
// The rates every UART driver has and meters offer.
constexpr std::int64_t baud_rates[] = {1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200};

/// "buses[2]"
std::string item(std::string_view list, std::size_t at) {
  return std::string(list) + "[" + std::to_string(at) + "]";
}

/// The config file on its way to a SiteSetup.
class ConfigReader {
 public:
  ConfigReader(std::string_view file, std::string_view folder, Problems& problems)
      : file_(file), folder_(folder), problems_(problems) {}

  SiteSetup read(const Json& root);

 private:
  std::string path_of(const std::string& path) const {
    if (path.starts_with('/') || folder_.empty()) return path;
    return std::string(folder_) + "/" + path;
  }
  void report(std::uint32_t line, std::string en, std::string zh) {
    problems_.push_back({std::string(file_), line, std::move(en), std::move(zh)});
  }
  void read_rounds(const Json& json);
  void read_interval(ObjectReader& reader, RoundSetup& rounds);
  void read_broker(const Json& json);
  void read_bus(const Json& json, std::size_t at);
  void read_line(ObjectReader& reader, SerialLine& line);
  void read_door(const Json& json, std::size_t at);
  void read_door_pushes(const Json& json);
  void read_reader(const Json& json, std::size_t at);
  /// Calls `read_item` for each object in the list `key`; reports other kinds and too many.
  template <class ReadItem>
  void read_list(ObjectReader& root, std::string_view key, std::size_t most, bool required,
                 const ReadItem& read_item);
  /// True the first time a name is seen among its kind; reports the second.
  bool is_new(std::map<std::string, std::uint32_t>& seen, const std::string& name, std::string_view en,
              std::string_view zh, std::uint32_t line);

  std::string_view file_;
  std::string_view folder_;
  Problems& problems_;
  SiteSetup setup_;
  std::map<std::string, std::uint32_t> bus_names_;
  std::map<std::string, std::uint32_t> door_names_;
  std::map<std::string, std::uint32_t> door_serials_;
  std::map<std::string, std::uint32_t> reader_names_;
  std::map<std::string, std::uint32_t> devices_;
};

bool ConfigReader::is_new(std::map<std::string, std::uint32_t>& seen, const std::string& name,
                          std::string_view en, std::string_view zh, std::uint32_t line) {
  const auto [at, fresh] = seen.emplace(name, line);
  if (fresh) return true;
  const auto first = std::to_string(at->second);
  report(line, std::string(en) + " \"" + name + "\" stands here a second time (first on line " + first + ")",
         std::string(zh) + " \"" + name + "\" 在此重复出现（首次在第 " + first + " 行）");
  return false;
}

template <class ReadItem>
void ConfigReader::read_list(ObjectReader& root, std::string_view key, std::size_t most, bool required,
                             const ReadItem& read_item) {
  const auto* list = root.member(key, Json::Kind::array, required);
  if (list == nullptr) return;
  const auto count = list->items().size();
  if (count > most) {
    report(list->line(),
           "\"" + std::string(key) + "\" has " + std::to_string(count) +
               " entries; one gateway takes at most " + std::to_string(most),
           "\"" + std::string(key) + "\" 有 " + std::to_string(count) + " 项；一台网关最多 " +
               std::to_string(most) + " 项");
    return;
  }
  if (required && count == 0) {
    report(list->line(), "\"" + std::string(key) + "\" is empty; at least one is needed",
           "\"" + std::string(key) + "\" 为空；至少需要一项");
  }
  for (std::size_t at = 0; at < count; ++at) {
    const auto& entry = list->items()[at];
    if (entry.is(Json::Kind::object)) {
      read_item(entry, at);
    } else {
      report(entry.line(), "\"" + item(key, at) + "\" must be an object { }",
             "\"" + item(key, at) + "\" 应为对象 { }");
    }
  }
}

void ConfigReader::read_interval(ObjectReader& reader, RoundSetup& rounds) {
  const auto minutes = reader.optional_integer("every_minutes", {1, day_minutes});
  const auto seconds = reader.optional_integer("every_seconds", {1, day_minutes * 60});
  if (minutes && seconds) {
    reader.report(reader.line_of("every_seconds"),
                  "\"rounds\" has both \"every_minutes\" and \"every_seconds\"; keep one",
                  "\"rounds\" 同时有 \"every_minutes\" 和 \"every_seconds\"；请只留一个");
  } else if (minutes && day_minutes % *minutes != 0) {
    const auto is = std::to_string(*minutes);
    reader.report(
        reader.line_of("every_minutes"),
        "\"rounds.every_minutes\" is " + is +
            ", which does not divide a day; 5, 10, 15, 20, 30, 60, 120, 240 or 1440 do",
        "\"rounds.every_minutes\" 是 " + is + "，不能整除一天；可用 5、10、15、20、30、60、120、240 或 1440");
  } else if (seconds && day_minutes * 60 % *seconds != 0) {
    const auto is = std::to_string(*seconds);
    reader.report(
        reader.line_of("every_seconds"),
        "\"rounds.every_seconds\" is " + is + ", which does not divide a day; 1, 5, 10, 30 or 60 do",
        "\"rounds.every_seconds\" 是 " + is + "，不能整除一天；可用 1、5、10、30 或 60");
  } else if (minutes || seconds) {
    rounds.every_s = static_cast<std::uint32_t>(minutes ? *minutes * 60 : *seconds);
  }
}

void ConfigReader::read_rounds(const Json& json) {
  static constexpr std::string_view keys[] = {"every_minutes",     "every_seconds",      "channels",
                                              "skew_limit_s",      "closing_minute_utc", "live",
                                              "utc_offset_minutes"};
  ObjectReader reader(file_, "rounds", json, keys, problems_);
  auto& rounds = setup_.rounds;
  read_interval(reader, rounds);
  if (const auto channels = reader.optional_word("channels", channel_words)) {
    rounds.channels = static_cast<RoundChannels>(*channels);
  }
  if (const auto skew = reader.optional_integer("skew_limit_s", {1, 3600})) {
    rounds.skew_limit_s = static_cast<std::uint32_t>(*skew);
  }
  if (const auto live = reader.optional_boolean("live")) rounds.live = *live;
  const auto offset = reader.optional_integer("utc_offset_minutes", {-720, 840});  // as the estate import
  rounds.utc_offset_minutes = static_cast<std::int32_t>(offset.value_or(480));
  if (const auto closing = reader.optional_integer("closing_minute_utc", {0, day_minutes - 1})) {
    rounds.closing_minute_utc = static_cast<std::uint32_t>(*closing);
  }
  if (rounds.closing_minute_utc * 60 % rounds.every_s != 0) {
    const auto is = std::to_string(rounds.closing_minute_utc);
    const bool whole = rounds.every_s % 60 == 0;
    const auto every = std::to_string(whole ? rounds.every_s / 60 : rounds.every_s);
    reader.report(reader.line_of("closing_minute_utc"),
                  "\"rounds.closing_minute_utc\" is " + is + ", when no round is read; rounds are every " +
                      every + (whole ? " minutes" : " seconds") + " from 00:00 UTC",
                  "\"rounds.closing_minute_utc\" 是 " + is + "，该时刻没有抄表；从 UTC 00:00 起每 " + every +
                      (whole ? " 分钟" : " 秒") + "抄表一次");
  }
}

void ConfigReader::read_broker(const Json& json) {
  static constexpr std::string_view keys[] = {"host", "port"};
  ObjectReader reader(file_, "broker", json, keys, problems_);
  setup_.broker.host = reader.required_text("host", host_bytes).value_or("");
  if (const auto port = reader.optional_integer("port", port_range)) {
    setup_.broker.port = static_cast<std::uint16_t>(*port);
  }
}

void ConfigReader::read_line(ObjectReader& reader, SerialLine& line) {
  if (const auto device = reader.required_text("device", path_bytes)) {
    line.device = path_of(*device);
    is_new(devices_, line.device, "the serial device", "串口设备", reader.line_of("device"));
  }
  if (const auto baud = reader.optional_integer("baud", {1, 10'000'000})) {
    if (std::find(std::begin(baud_rates), std::end(baud_rates), *baud) == std::end(baud_rates)) {
      const auto is = std::to_string(*baud);
      reader.report(reader.line_of("baud"),
                    "\"" + reader.path("baud") + "\" is " + is +
                        "; it must be 1200, 2400, 4800, 9600, 19200, 38400, 57600 or 115200",
                    "\"" + reader.path("baud") + "\" 是 " + is +
                        "；应为 1200、2400、4800、9600、19200、38400、57600 或 115200");
    } else {
      line.baud = static_cast<std::uint32_t>(*baud);
    }
  }
  if (const auto parity = reader.optional_word("parity", parity_words)) {
    line.parity = static_cast<LineParity>(*parity);
  }
  if (const auto stop = reader.optional_integer("stop_bits", {1, 2})) {
    line.stop_bits = static_cast<std::uint8_t>(*stop);
  }
}

void ConfigReader::read_bus(const Json& json, std::size_t at) {
  static constexpr std::string_view tcp_keys[] = {
      "bus",          "kind", "timeout_ms", "delay_floor_ms", "probe_permille",
      "retire_hours", "host", "port",       "path",           "retries"};
  static constexpr std::string_view over_tcp_keys[] = {
      "bus",          "kind", "timeout_ms", "delay_floor_ms", "probe_permille",
      "retire_hours", "host", "port",       "retries"};
  static constexpr std::string_view rtu_keys[] = {
      "bus",  "kind",   "timeout_ms", "delay_floor_ms", "probe_permille", "retire_hours", "device",
      "baud", "parity", "stop_bits",  "direction",      "rts_before_ms",  "rts_after_ms", "retries"};
  static constexpr std::string_view pulse_keys[] = {"bus", "kind", "inputs"};
  constexpr std::span<const std::string_view> keys_of[] = {tcp_keys, rtu_keys, over_tcp_keys, pulse_keys};
  const auto* kind_text = json.find("kind");
  const auto is = [&](BusKind kind) {
    return kind_text != nullptr && kind_text->is(Json::Kind::text) &&
           kind_text->text() == kind_words[static_cast<std::size_t>(kind)];
  };
  BusSetup bus;
  const bool serial =
      kind_text != nullptr && kind_text->is(Json::Kind::text) && kind_text->text() == kind_words[serial_word];
  if (serial || is(BusKind::modbus_rtu)) bus.kind = BusKind::modbus_rtu;
  if (is(BusKind::modbus_rtu_over_tcp)) bus.kind = BusKind::modbus_rtu_over_tcp;
  if (is(BusKind::pulse)) bus.kind = BusKind::pulse;
  ObjectReader reader(file_, item("buses", at), json, keys_of[static_cast<std::size_t>(bus.kind)], problems_);
  bus.file_line = {json.line()};
  const auto name = reader.required_name("bus");
  if (name) {
    bus.bus = BusId(*name);
    is_new(bus_names_, *name, "the bus", "总线", reader.line_of("bus"));
  }
  const auto kind = reader.required_word("kind", kind_words);
  if (bus.kind != BusKind::pulse) read_guard(reader, bus);
  if (bus.kind == BusKind::pulse) {
    read_pulse_inputs(file_, item("buses", at), reader, bus, problems_);
  } else if (bus.kind == BusKind::modbus_rtu) {
    read_line(reader, bus.line);
    read_direction(reader, bus.line);
  } else if (kind) {
    bus.tcp.host = reader.required_text("host", host_bytes).value_or("");
    if (const auto port = reader.optional_integer("port", port_range)) {
      bus.tcp.port = static_cast<std::uint16_t>(*port);
    }
    if (bus.kind == BusKind::modbus_tcp) {
      if (const auto path = reader.optional_word("path", path_words))
        bus.tcp.path = static_cast<TcpPath>(*path);
    }
  }
  setup_.buses.push_back(std::move(bus));
}

void ConfigReader::read_door(const Json& json, std::size_t at) {
  static constexpr std::string_view keys[] = {"controller", "serial", "host", "port"};
  ObjectReader reader(file_, item("doors", at), json, keys, problems_);
  DoorSetup door;
  if (const auto name = reader.required_name("controller")) {
    door.controller = *name;
    is_new(door_names_, *name, "the controller", "门禁控制器", reader.line_of("controller"));
  }
  if (const auto serial = reader.required_integer("serial", {1, 4294967295})) {
    door.serial = static_cast<std::uint32_t>(*serial);
    is_new(door_serials_, std::to_string(*serial), "the controller serial", "门禁控制器序列号",
           reader.line_of("serial"));
  }
  door.host = reader.required_text("host", host_bytes).value_or("");
  if (const auto port = reader.optional_integer("port", port_range))
    door.port = static_cast<std::uint16_t>(*port);
  setup_.doors.push_back(std::move(door));
}

void ConfigReader::read_door_pushes(const Json& json) {
  static constexpr std::string_view keys[] = {"host", "port"};
  ObjectReader reader(file_, "door_pushes", json, keys, problems_);
  DoorPushSetup pushes;
  if (const auto host = reader.required_text("host", host_bytes)) {
    // The boards are told it, so it must be one machine's: not "any" (0.0.0.0), not a group's.
    const auto address = read_ipv4(*host);
    if (address && address->front() != 0 && address->front() < 224) {
      pushes.host = *address;
    } else {
      reader.report(reader.line_of("host"),
                    "\"door_pushes.host\" is \"" + *host +
                        "\"; it must be this gateway's own IPv4 address, which the controllers are told",
                    "\"door_pushes.host\" 是 \"" + *host + "\"；应为本网关的 IPv4 地址，控制器将向它上报");
    }
  }
  if (const auto port = reader.optional_integer("port", port_range)) {
    pushes.port = static_cast<std::uint16_t>(*port);
    if (pushes.port == DoorSetup{}.port) {
      reader.report(reader.line_of("port"),
                    "\"door_pushes.port\" is 60000, the controllers' own; 60001 is usual",
                    "\"door_pushes.port\" 是 60000，为控制器自用；通常用 60001");
    }
  }
  setup_.door_pushes = pushes;
}

void ConfigReader::read_reader(const Json& json, std::size_t at) {
  static constexpr std::string_view keys[] = {"reader", "device", "baud"};  // readers are 8N1
  ObjectReader reader(file_, item("readers", at), json, keys, problems_);
  ReaderSetup setup;
  setup.file_line = {json.line()};
  if (const auto name = reader.required_name("reader")) {
    setup.reader = ReaderId(*name);
    is_new(reader_names_, *name, "the reader", "读码器", reader.line_of("reader"));
  }
  read_line(reader, setup.line);
  setup_.readers.push_back(std::move(setup));
}

SiteSetup ConfigReader::read(const Json& root) {
  static constexpr std::string_view keys[] = {"schema", "site",        "gateway",  "data",      "enrolment",
                                              "meters", "broker",      "profiles", "rounds",    "buses",
                                              "doors",  "door_pushes", "readers",  "monitoring"};
  ObjectReader reader(file_, "", root, keys, problems_);
  reader.required_integer("schema", {1, 1});
  setup_.site = SiteId(reader.required_name("site").value_or(""));
  setup_.gateway = GatewayId(reader.required_name("gateway").value_or(""));
  const auto path = [&](std::string_view key) {
    const auto text = reader.required_text(key, path_bytes);
    return text ? path_of(*text) : std::string();
  };
  setup_.data = path("data");
  setup_.enrolment = path("enrolment");
  setup_.meters_file = path("meters");
  setup_.profiles = "/usr/share/steward/profiles";
  if (const auto profiles = reader.optional_text("profiles", path_bytes))
    setup_.profiles = path_of(*profiles);
  if (const auto* broker = reader.member("broker", Json::Kind::object, true)) read_broker(*broker);
  if (const auto* rounds = reader.member("rounds", Json::Kind::object, false)) read_rounds(*rounds);
  read_list(reader, "buses", max_buses, true, [&](const Json& json, std::size_t at) { read_bus(json, at); });
  read_list(reader, "doors", max_doors, false,
            [&](const Json& json, std::size_t at) { read_door(json, at); });
  if (const auto* pushes = reader.member("door_pushes", Json::Kind::object, false)) read_door_pushes(*pushes);
  read_list(reader, "readers", max_readers, false,
            [&](const Json& json, std::size_t at) { read_reader(json, at); });
  if (const auto* monitoring = reader.member("monitoring", Json::Kind::object, false))
    setup_.monitoring = read_monitoring(file_, *monitoring, problems_);
  const auto lines = std::count_if(setup_.buses.begin(), setup_.buses.end(),
                                   [](const BusSetup& bus) { return bus.kind == BusKind::modbus_rtu; });
  if (static_cast<std::size_t>(lines) > max_lines) {
    reader.report(
        reader.line_of("buses"),
        std::to_string(lines) + " serial buses; one gateway takes at most " + std::to_string(max_lines),
        "有 " + std::to_string(lines) + " 条串行总线；一台网关最多 " + std::to_string(max_lines) + " 条");
  }
  return std::move(setup_);
}

/// "line 12: ..." → 12 and the rest; 0 when no line is named.
std::pair<std::uint32_t, std::string_view> split_line(std::string_view message) {
  constexpr std::string_view start = "line ";
  std::uint32_t line = 0;
  if (!message.starts_with(start)) return {0, message};
  const auto* from = message.data() + start.size();
  const auto [end, error] = std::from_chars(from, message.data() + message.size(), line);
  const auto used = static_cast<std::size_t>(end - message.data());
  if (error != std::errc() || !message.substr(used).starts_with(": ")) return {0, message};
  return {line, message.substr(used + 2)};
}

}  // namespace

SiteSetup read_edge_config(std::string_view file, std::string_view folder, std::string_view text,
                           Problems& problems) {
  JsonLimits limits;
  limits.bytes = 1024 * 1024;  // 256 buses of some hundred bytes, with room for comments
  limits.comments = true;
  const auto root = Json::parse(text, limits);
  if (!root) {
    const auto [line, why] = split_line(root.error().message);
    problems.push_back({std::string(file), line, "this is not JSON: " + std::string(why),
                        "不是有效的 JSON：" + std::string(why)});
    return {};
  }
  if (!root->is(Json::Kind::object)) {
    problems.push_back(
        {std::string(file), root->line(), "the config must be one object { }", "配置应为一个对象 { }"});
    return {};
  }
  if (const auto* unedited = root->find("unedited")) {
    problems.push_back(
        {std::string(file), unedited->line(),
         "this is the config as it was installed: say which site and gateway this is, where its "
         "broker and meters are, and take the line \"unedited\" out; man steward-edge.json",
         "这是安装时的示例配置：请填写小区、网关、消息代理和表计，并删除 \"unedited\" 一行；详见 "
         "man steward-edge.json"});
    return {};
  }
  return ConfigReader(file, folder, problems).read(*root);
}

}  // namespace steward
