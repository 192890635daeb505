#include <doctest/doctest.h>

#include <map>
#include <string>

#include "edge/site/read_site.hpp"

using namespace steward;

namespace {

constexpr const char* good_config = R"({
  // the estate by the river
  "schema": 1, "site": "riverside", "gateway": "gw1",
  "data": "data", "enrolment": "enrolment", "meters": "meters.csv", "profiles": "/p",
  "broker": { "host": "127.0.0.1", "port": 18883 },
  "rounds": { "every_minutes": 30, "skew_limit_s": 90, "closing_minute_utc": 960 },
  "buses": [ { "bus": "b1", "kind": "modbus_tcp", "host": "127.0.0.1", "port": 15020 },
             { "bus": "line1", "kind": "modbus_rtu", "device": "line1.tty", "baud": 2400, "parity": "even",
               "stop_bits": 2, "timeout_ms": 300, "delay_floor_ms": 200 } ],
  "doors": [ { "controller": "gate", "serial": 405419896, "host": "127.0.0.1", "port": 60001 } ],
  "door_pushes": { "host": "192.168.1.20", "port": 60002 },
  "readers": [ { "reader": "lobby", "device": "reader1.tty", "baud": 115200 } ],
  "monitoring": { "port": 9000, "host": "192.168.1.20", "beyond_loopback": true }
})";

const std::vector<KnownProfile> chinese{
    {ProfileId("tuf-2000/1")},
    {ProfileId("dlt645-2007-1ph/1"), Protocol::dlt645, LineParity::even},
    {ProfileId("cjt188-2004-cold-water/1"), Protocol::cjt188, LineParity::even}};
const std::vector<KnownProfile> profiles{{ProfileId("eastron-sdm630/1")}, {ProfileId("tuf-2000/1")}};

/// One change to the good config, and the only problem it must give.
struct ConfigCase {
  const char* name;
  const char* from;
  const char* to;
  std::uint32_t line;
  const char* en;
  const char* zh;
};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

const ConfigCase config_cases[] = {
    {"unknown key", "\"gateway\"", "\"gatway\": \"x\", \"gateway\"", 3,
     "unknown key \"gatway\"; did you mean \"gateway\"?", "未知的键 \"gatway\"；是否想写 \"gateway\"？"},
    {"unknown key of a bus, not near to any", "\"port\": 15020", "\"colour\": 1", 7,
     "unknown key \"buses[0].colour\"; known here are bus, kind, timeout_ms, delay_floor_ms, probe_permille, "
     "retire_hours, host, port, path or retries",
     "未知的键 "
     "\"buses[0].colour\"；此处可用：bus、kind、timeout_ms、delay_floor_ms、probe_permille、retire_"
     "hours、host、port、path 或 retries"},
    {"retries, which are gone", "\"port\": 15020", "\"retries\": 1", 7,
     "\"buses[0].retries\" is gone: a meter that gives no value is asked again by its probe; remove the line",
     "\"buses[0].retries\" 已取消：无应答的表由探询自动重试；请删除该行"},
    {"a path that is none", "\"port\": 15020", "\"path\": \"direct\"", 7,
     "\"buses[0].path\" is \"direct\"; it must be gateway or native",
     "\"buses[0].path\" 是 \"direct\"；应为 gateway 或 native"},
    {"a floor beyond reason", "\"delay_floor_ms\": 200", "\"delay_floor_ms\": 0", 9,
     "\"buses[1].delay_floor_ms\" is 0; it must be 1 to 300000",
     "\"buses[1].delay_floor_ms\" 是 0；应为 1 至 300000"},
    {"schema of a later version", "\"schema\": 1", "\"schema\": 2", 3, "\"schema\" is 2; it must be 1 to 1",
     "\"schema\" 是 2；应为 1 至 1"},
    {"site name", "\"riverside\"", "\"River Side\"", 3,
     "\"site\" is \"River Side\"; a name is 1 to 32 of a-z, 0-9 and \"-\"",
     "\"site\" 是 \"River Side\"；名称应为 1 至 32 个 a-z、0-9 或 \"-\""},
    {"missing key", "\"data\": \"data\", ", "", 1, "\"data\" is missing", "缺少 \"data\""},
    {"wrong kind", "\"port\": 18883", "\"port\": \"18883\"", 5,
     "\"broker.port\" is a text in quotes; it must be a number", "\"broker.port\" 是带引号的文字；应为数字"},
    {"port out of range", "\"port\": 18883", "\"port\": 0", 5, "\"broker.port\" is 0; it must be 1 to 65535",
     "\"broker.port\" 是 0；应为 1 至 65535"},
    {"interval that does not divide a day", "\"every_minutes\": 30", "\"every_minutes\": 7", 6,
     "\"rounds.every_minutes\" is 7, which does not divide a day; 5, 10, 15, 20, 30, 60, 120, 240 or 1440 do",
     "\"rounds.every_minutes\" 是 7，不能整除一天；可用 5、10、15、20、30、60、120、240 或 1440"},
    {"seconds that do not divide a day", "\"every_minutes\": 30", "\"every_seconds\": 7", 6,
     "\"rounds.every_seconds\" is 7, which does not divide a day; 1, 5, 10, 30 or 60 do",
     "\"rounds.every_seconds\" 是 7，不能整除一天；可用 1、5、10、30 或 60"},
    {"two intervals", "\"every_minutes\": 30", "\"every_minutes\": 30, \"every_seconds\": 5", 6,
     "\"rounds\" has both \"every_minutes\" and \"every_seconds\"; keep one",
     "\"rounds\" 同时有 \"every_minutes\" 和 \"every_seconds\"；请只留一个"},
    {"channels", "\"every_minutes\": 30", "\"channels\": \"some\"", 6,
     "\"rounds.channels\" is \"some\"; it must be billing or all",
     "\"rounds.channels\" 是 \"some\"；应为 billing 或 all"},
    {"closing between two rounds", "\"closing_minute_utc\": 960", "\"closing_minute_utc\": 965", 6,
     "\"rounds.closing_minute_utc\" is 965, when no round is read; rounds are every 30 minutes from 00:00 "
     "UTC",
     "\"rounds.closing_minute_utc\" 是 965，该时刻没有抄表；从 UTC 00:00 起每 30 分钟抄表一次"},
    {"bus kind", "\"modbus_tcp\"", "\"modbus\"", 7,
     "\"buses[0].kind\" is \"modbus\"; it must be modbus_tcp, modbus_rtu, modbus_rtu_over_tcp, pulse or "
     "serial",
     "\"buses[0].kind\" 是 \"modbus\"；应为 modbus_tcp、modbus_rtu、modbus_rtu_over_tcp、pulse 或 serial"},
    {"one bus name twice", "\"line1\"", "\"b1\"", 8,
     "the bus \"b1\" stands here a second time (first on line 7)",
     "总线 \"b1\" 在此重复出现（首次在第 7 行）"},
    {"baud rate no meter has", "\"baud\": 2400", "\"baud\": 9601", 8,
     "\"buses[1].baud\" is 9601; it must be 1200, 2400, 4800, 9600, 19200, 38400, 57600 or 115200",
     "\"buses[1].baud\" 是 9601；应为 1200、2400、4800、9600、19200、38400、57600 或 115200"},
    {"parity", "\"even\"", "\"mark\"", 8, "\"buses[1].parity\" is \"mark\"; it must be none, even or odd",
     "\"buses[1].parity\" 是 \"mark\"；应为 none、even 或 odd"},
    {"a direction nobody turns", "\"stop_bits\": 2", "\"stop_bits\": 2, \"direction\": \"dtr\"", 9,
     "\"buses[1].direction\" is \"dtr\"; it must be auto, kernel, rts or rts_inverted",
     "\"buses[1].direction\" 是 \"dtr\"；应为 auto、kernel、rts 或 rts_inverted"},
    {"a rest where nobody turns", "\"stop_bits\": 2", "\"stop_bits\": 2, \"rts_after_ms\": 1", 9,
     "\"buses[1].rts_after_ms\" means nothing when the converter turns by itself; remove it, or set "
     "\"direction\" to \"kernel\" or \"rts\"",
     "\"buses[1].rts_after_ms\" 在转换器自动换向时无意义；请删除，或将 \"direction\" 设为 \"kernel\" 或 "
     "\"rts\""},
    {"a rest that swallows replies", "\"stop_bits\": 2",
     "\"stop_bits\": 2, \"direction\": \"rts\", \"rts_before_ms\": 101", 9,
     "\"buses[1].rts_before_ms\" is 101; it must be 0 to 100",
     "\"buses[1].rts_before_ms\" 是 101；应为 0 至 100"},
    {"stop bits", "\"stop_bits\": 2", "\"stop_bits\": 3", 9, "\"buses[1].stop_bits\" is 3; it must be 1 to 2",
     "\"buses[1].stop_bits\" 是 3；应为 1 至 2"},
    {"a serial key on a TCP bus", "\"port\": 15020", "\"baud\": 9600", 7,
     "unknown key \"buses[0].baud\"; known here are bus, kind, timeout_ms, delay_floor_ms, probe_permille, "
     "retire_hours, host, port, path or retries",
     "未知的键 "
     "\"buses[0].baud\"；此处可用：bus、kind、timeout_ms、delay_floor_ms、probe_permille、retire_"
     "hours、host、port、path 或 retries"},
    {"one device on two lines", "\"reader1.tty\"", "\"line1.tty\"", 12,
     "the serial device \"/etc/steward/line1.tty\" stands here a second time (first on line 8)",
     "串口设备 \"/etc/steward/line1.tty\" 在此重复出现（首次在第 8 行）"},
    {"door serial", "405419896", "0", 10, "\"doors[0].serial\" is 0; it must be 1 to 4294967295",
     "\"doors[0].serial\" 是 0；应为 1 至 4294967295"},
    {"a name where controllers need an address", "192.168.1.20", "gateway.local", 11,
     "\"door_pushes.host\" is \"gateway.local\"; it must be this gateway's own IPv4 address, which the "
     "controllers are told",
     "\"door_pushes.host\" 是 \"gateway.local\"；应为本网关的 IPv4 地址，控制器将向它上报"},
    {"an address with a leading zero, which some read as octal", "192.168.1.20", "192.168.1.020", 11,
     "\"door_pushes.host\" is \"192.168.1.020\"; it must be this gateway's own IPv4 address, which the "
     "controllers are told",
     "\"door_pushes.host\" 是 \"192.168.1.020\"；应为本网关的 IPv4 地址，控制器将向它上报"},
    {"every address instead of the gateway's", "192.168.1.20", "0.0.0.0", 11,
     "\"door_pushes.host\" is \"0.0.0.0\"; it must be this gateway's own IPv4 address, which the controllers "
     "are told",
     "\"door_pushes.host\" 是 \"0.0.0.0\"；应为本网关的 IPv4 地址，控制器将向它上报"},
    {"pushes to the controllers' own port", "60002", "60000", 11,
     "\"door_pushes.port\" is 60000, the controllers' own; 60001 is usual",
     "\"door_pushes.port\" 是 60000，为控制器自用；通常用 60001"},
    {"monitoring that others could read, and nobody said so", ", \"beyond_loopback\": true", "", 13,
     "\"monitoring.host\" is \"192.168.1.20\", which others on the network can reach; use 127.0.0.1, or add "
     "\"beyond_loopback\": true",
     "\"monitoring.host\" 是 \"192.168.1.20\"，网络上其他设备可访问；请使用 127.0.0.1，或添加 "
     "\"beyond_loopback\": true"},
    {"monitoring on a name", "\"host\": \"192.168.1.20\", \"beyond", "\"host\": \"gw1\", \"beyond", 13,
     "\"monitoring.host\" is \"gw1\"; it must be an IPv4 address of this gateway",
     "\"monitoring.host\" 是 \"gw1\"；应为本网关的 IPv4 地址"},
    {"a list entry that is no object", "\"readers\": [ {", "\"readers\": [ 5, {", 12,
     "\"readers[0]\" must be an object { }", "\"readers[0]\" 应为对象 { }"},
};

}  // namespace

TEST_SUITE("edge/site") {
  TEST_CASE("a sound config is read whole, relative paths against its own folder") {
    Problems problems;
    const auto setup = read_edge_config("edge.json", "/etc/steward", good_config, problems);
    CHECK(problems == Problems{});
    CHECK(setup.site == SiteId("riverside"));
    CHECK(setup.gateway == GatewayId("gw1"));
    CHECK(setup.data == "/etc/steward/data");
    CHECK(setup.profiles == "/p");
    CHECK(setup.broker == BrokerSetup{"127.0.0.1", 18883});
    CHECK(setup.rounds == RoundSetup{1800, RoundChannels::billing, 90, 960});
    REQUIRE(setup.buses.size() == 2);
    CHECK(setup.buses[0].tcp == TcpPeer{"127.0.0.1", 15020});
    CHECK(setup.buses[1].line == SerialLine{"/etc/steward/line1.tty", 2400, LineParity::even, 2});
    CHECK(setup.buses[1].timeout_ms == 300);
    CHECK(setup.buses[1].delay_floor_ms == 200);
    CHECK(setup.buses[0].delay_floor_ms == 3000);
    CHECK(setup.buses[0].tcp.path == TcpPath::gateway);
    REQUIRE(setup.doors.size() == 1);
    CHECK(setup.doors[0] == DoorSetup{"gate", 405419896, "127.0.0.1", 60001});
    CHECK(setup.door_pushes == DoorPushSetup{{192, 168, 1, 20}, 60002});
    REQUIRE(setup.readers.size() == 1);
    CHECK(setup.readers[0].line.baud == 115200);
    CHECK(setup.monitoring == MonitoringSetup{{192, 168, 1, 20}, 9000, true});
  }

  TEST_CASE("nobody is answered about health unless the config asks for it, and then on this machine alone") {
    Problems problems;
    const std::string line =
        ",\n  \"monitoring\": { \"port\": 9000, \"host\": \"192.168.1.20\", \"beyond_loopback\": true }";
    CHECK(read_edge_config("edge.json", "", replaced(good_config, line, ""), problems).monitoring ==
          std::nullopt);
    CHECK(read_edge_config("edge.json", "", replaced(good_config, line, ",\n \"monitoring\": {}"), problems)
              .monitoring == MonitoringSetup{{127, 0, 0, 1}, 9464, false});
    CHECK(problems == Problems{});
  }

  TEST_CASE(
      "the config as it is installed is refused by one sentence that says what to do, whatever else is "
      "wrong") {
    Problems problems;
    (void)read_edge_config("edge.json", "", "{\n \"unedited\": true,\n \"site\": 5 }", problems);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].line == 2);
    CHECK(problems[0].en.find("take the line \"unedited\" out") != std::string::npos);
    CHECK(problems[0].zh.find("删除 \"unedited\" 一行") != std::string::npos);
  }

  TEST_CASE("who turns a line's transceiver is read with its rests, and is nobody unless said") {
    Problems problems;
    const auto text = replaced(good_config, "\"stop_bits\": 2",
                               "\"stop_bits\": 2, \"direction\": \"rts_inverted\", \"rts_after_ms\": 2");
    const auto setup = read_edge_config("edge.json", "/etc/steward", text, problems);
    CHECK(problems == Problems{});
    CHECK(setup.buses[1].line.turn == LineTurn::rts_inverted);
    CHECK(setup.buses[1].line.rts_before_ms == 0);
    CHECK(setup.buses[1].line.rts_after_ms == 2);
    CHECK(SerialLine{}.turn == LineTurn::automatic);
  }

  TEST_CASE("without the key no controller is told to push, and nothing listens") {
    Problems problems;
    const auto text =
        replaced(good_config, "\"door_pushes\": { \"host\": \"192.168.1.20\", \"port\": 60002 },", "");
    CHECK_FALSE(read_edge_config("edge.json", "/etc/steward", text, problems).door_pushes);
    CHECK(problems == Problems{});
  }

  TEST_CASE("each mistake in the config is named with its line and what would be right") {
    for (const auto& mistake : config_cases) {
      CAPTURE(mistake.name);
      Problems problems;
      read_edge_config("edge.json", "/etc/steward", replaced(good_config, mistake.from, mistake.to),
                       problems);
      REQUIRE(problems.size() == 1);
      CHECK(problems[0].file == "edge.json");
      CHECK(problems[0].line == mistake.line);
      CHECK(problems[0].en == mistake.en);
      CHECK(problems[0].zh == mistake.zh);
    }
  }

  TEST_CASE("all mistakes come at once, not one per attempt") {
    std::string text = good_config;
    for (const auto* name : {"site name", "port out of range", "parity", "door serial"}) {
      for (const auto& mistake : config_cases) {
        if (std::string(mistake.name) == name) text = replaced(text, mistake.from, mistake.to);
      }
    }
    Problems problems;
    read_edge_config("edge.json", "", text, problems);
    CHECK(problems.size() == 4);
  }

  TEST_CASE("a config that is not JSON is refused with the line") {
    Problems problems;
    read_edge_config("edge.json", "", "{\n  \"schema\": 1,\n  oops\n}", problems);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].line == 3);
    CHECK(problems[0].en.starts_with("this is not JSON: "));
  }

  TEST_CASE("a meter list is read in file order") {
    Problems problems;
    auto setup = read_edge_config("edge.json", "", good_config, problems);
    read_meter_list(
        "meters.csv",
        "meter,profile,bus,unit,name\nE-1,eastron-sdm630/1,b1,1,flat 101\nW-1,tuf-2000/1,line1,1,\n",
        profiles, setup, problems);
    CHECK(problems == Problems{});
    REQUIRE(setup.meters.size() == 2);
    CHECK(setup.meters[0] ==
          MeterSetup{
              MeterId("E-1"), ProfileId("eastron-sdm630/1"), BusId("b1"), UnitAddress{1}, "flat 101", {2}});
    CHECK(setup.meters[1].bus == BusId("line1"));
  }

  TEST_CASE("every mistake in the meter list is named with its line") {
    Problems problems;
    auto setup = read_edge_config("edge.json", "", good_config, problems);
    read_meter_list("meters.csv",
                    "meter,profile,bus,unit\n"
                    "E-1,eastron-sdm603/1,b1,1\n"    // 2: profile mistyped
                    "E-2,eastron-sdm630/1,b7,2\n"    // 3: bus near to b1
                    "E-3,eastron-sdm630/1,b1,248\n"  // 4: reserved address
                    "E-1,eastron-sdm630/1,b1,4\n"    // 5: second E-1
                    "E-5,tuf-2000/1,b1,4\n"          // 6: address of line 5
                    ",tuf-2000/1,b1,6\n",            // 7: no plate
                    profiles, setup, problems);
    const Problems expected{
        {"meters.csv", 2, "unknown profile \"eastron-sdm603/1\"; did you mean \"eastron-sdm630/1\"?",
         "未知的表型 \"eastron-sdm603/1\"；是否想写 \"eastron-sdm630/1\"？"},
        {"meters.csv", 3, "unknown bus \"b7\"; did you mean \"b1\"?", "未知的总线 \"b7\"；是否想写 \"b1\"？"},
        {"meters.csv", 4, "unit \"248\" is not a Modbus address; it must be 1 to 247",
         "从站地址 \"248\" 无效；应为 1 至 247"},
        {"meters.csv", 5,
         "meter \"E-1\" stands here a second time (first on line 2); take one of the rows out",
         "电表或水表 \"E-1\" 在此重复出现（首次在第 2 行）；请删除其中一行"},
        {"meters.csv", 6,
         "meters \"E-1\" (line 5) and \"E-5\" are both at unit 4 of bus \"b1\"; two meters at one address "
         "would answer at once: give one of them another address",
         "表 \"E-1\"（第 5 行）与 \"E-5\" 同在总线 \"b1\" 的地址 "
         "4；同一地址的两块表会同时应答，请为其中一块改用其他地址"},
        {"meters.csv", 7, "\"meter\" must be the serial plate, 1 to 64 bytes",
         "\"meter\" 应为表号，1 至 64 字节"},
    };
    REQUIRE(problems.size() == expected.size());
    for (std::size_t at = 0; at < expected.size(); ++at) {
      CHECK(problems[at].line == expected[at].line);
      CHECK(problems[at].en == expected[at].en);
      CHECK(problems[at].zh == expected[at].zh);
    }
  }

  TEST_CASE("a line takes meters of every protocol, each with its own kind of address") {
    Problems problems;
    auto setup =
        read_edge_config("edge.json", "", replaced(good_config, "\"modbus_rtu\"", "\"serial\""), problems);
    CHECK(setup.buses[1].kind == BusKind::modbus_rtu);
    read_meter_list("meters.csv",
                    "meter,profile,bus,unit\n"
                    "W-1,tuf-2000/1,line1,1\n"
                    "E-1,dlt645-2007-1ph/1,line1,000000000001\n"
                    "W-2,cjt188-2004-cold-water/1,line1,10:00000000000012\n",
                    chinese, setup, problems);
    CHECK(problems == Problems{});
    REQUIRE(setup.meters.size() == 3);
    setup.buses[0].kind = BusKind::modbus_rtu_over_tcp;  // a device server passes them all
    read_meter_list("meters.csv", "meter,profile,bus,unit\nE-9,dlt645-2007-1ph/1,b1,000000000009\n", chinese,
                    setup, problems);
    CHECK(problems == Problems{});
    CHECK(setup.meters[1].unit == UnitAddress{1, Protocol::dlt645});
    CHECK(setup.meters[2].unit == UnitAddress{0x10 * 100'000'000'000'000ULL + 12, Protocol::cjt188});
  }

  TEST_CASE("an address of another protocol, or on a bus that cannot carry it, is named with what is right") {
    Problems problems;
    auto setup = read_edge_config("edge.json", "", replaced(good_config, "\"even\"", "\"odd\""), problems);
    REQUIRE(problems.empty());
    read_meter_list("meters.csv",
                    "meter,profile,bus,unit\n"
                    "E-1,dlt645-2007-1ph/1,b1,000000000001\n"                 // 2: a bus of Modbus TCP
                    "E-2,dlt645-2007-1ph/1,b1,1\n"                            // 3: and a Modbus address
                    "W-2,cjt188-2004-cold-water/1,line1,10:00000000000012\n"  // 4: odd parity
                    "W-3,tuf-2000/1,line1,000000000001\n"                     // 5: no Modbus address
                    "E-5,dlt645-2007-2ph/1,b1,000000000005\n",                // 6: no such profile
                    chinese, setup, problems);
    const std::vector<std::pair<std::uint32_t, std::string>> expected{
        {2,
         "meter \"E-1\" speaks dlt645, which bus \"b1\" does not carry; it needs a bus of kind \"serial\" or "
         "\"modbus_rtu_over_tcp\""},
        {3, "unit \"1\" is not a DL/T 645 address; it must be the 12 digits on the meter, leading zeros too"},
        {3,
         "meter \"E-2\" speaks dlt645, which bus \"b1\" does not carry; it needs a bus of kind \"serial\" or "
         "\"modbus_rtu_over_tcp\""},
        {4,
         "meter \"W-2\" (cjt188) sends with even parity, bus \"line1\" is set to odd; set the bus to even, "
         "and "
         "move what cannot follow to another line"},
        {5, "unit \"000000000001\" is not a Modbus address; it must be 1 to 247"},
        {6, "unknown profile \"dlt645-2007-2ph/1\"; did you mean \"dlt645-2007-1ph/1\"?"}};
    REQUIRE(problems.size() == expected.size());
    for (std::size_t at = 0; at < expected.size(); ++at) {
      CHECK(problems[at].line == expected[at].first);
      CHECK(problems[at].en == expected[at].second);
      CHECK(problems[at].zh.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789 ") != std::string::npos);
    }
  }

  TEST_CASE("the same digits are two meters where they are of two protocols, and one where they are of one") {
    Problems problems;
    auto setup = read_edge_config("edge.json", "", good_config, problems);
    read_meter_list("meters.csv",
                    "meter,profile,bus,unit\n"
                    "W-1,tuf-2000/1,line1,1\n"
                    "E-1,dlt645-2007-1ph/1,line1,000000000001\n"
                    "E-2,dlt645-2007-1ph/1,line1,000000000001\n",
                    chinese, setup, problems);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].line == 4);
    CHECK(problems[0].en.find("both at unit 000000000001 of bus \"line1\"") != std::string::npos);
  }

  TEST_CASE("an empty meter list is a problem, not a quiet gateway") {
    Problems problems;
    auto setup = read_edge_config("edge.json", "", good_config, problems);
    read_meter_list("meters.csv", "meter,profile,bus,unit\n", profiles, setup, problems);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].en == "the meter list has no meters; write one row per meter");
  }

  TEST_CASE("paths that are not there are named, each with the next step") {
    Problems problems;
    const auto setup = read_edge_config("edge.json", "/e", good_config, problems);
    std::map<std::string, PathKind> tree{{"/e/enrolment", PathKind::folder},
                                         {"/e/enrolment/ca.pem", PathKind::file},
                                         {"/e/enrolment/gateway.pem", PathKind::file},
                                         {"/e/enrolment/cloud-key.pub.pem", PathKind::file},
                                         {"/e/enrolment/enrolment.json", PathKind::file},
                                         {"/e/data", PathKind::file},
                                         {"/e/meters.csv", PathKind::file},
                                         {"/e/line1.tty", PathKind::file},
                                         {"/e/reader1.tty", PathKind::device}};
    const PathProbe probe = [&](const std::string& path) {
      const auto found = tree.find(path);
      return found == tree.end() ? PathKind::missing : found->second;
    };
    check_paths("edge.json", setup, probe, problems);
    REQUIRE(problems.size() == 4);
    CHECK(
        problems[0].en ==
        "the enrolment folder has no file /e/enrolment/block-key.pem; finish with `steward-edge enrol accept "
        "FILE`, or begin anew with `steward-edge enrol request`");
    CHECK(problems[1].en ==
          "\"profiles\": there is no folder /p; name the folder with the meter profiles, or give --profiles");
    CHECK(problems[2].en == "\"data\": /e/data is not a folder; name a folder (it is made if it is missing)");
    CHECK(problems[3].en ==
          "bus \"line1\": there is no serial device /e/line1.tty; is the adapter plugged in?");
    CHECK(problems[3].line == 8);
  }

  TEST_CASE("a word is suggested only when it was nearly written") {
    const std::string_view known[] = {"every_minutes", "skew_limit_s"};
    CHECK(nearest("every_minute", known) == "every_minutes");
    CHECK(nearest("interval", known).empty());
    // Two letters swapped are one slip, and nearer than two others.
    const std::vector<std::string_view> models{"eastron-sdm120/1", "eastron-sdm630/1"};
    CHECK(nearest("eastron-sdm360/1", models) == "eastron-sdm630/1");
    CHECK(nearest("", known).empty());
  }

  TEST_CASE("a problem is printed with its place, in both languages") {
    CHECK(print({"edge.json", 3, "wrong", "错误"}) == "edge.json:3: wrong\nedge.json:3：错误");
    CHECK(print({"edge.json", 0, "wrong", "错误"}) == "edge.json: wrong\nedge.json：错误");
  }
}
