#include "tests/unit/contract/examples.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "contract/text/instant_text.hpp"
#include "contract/text/meter_event_text.hpp"
#include "contract/text/unit_text.hpp"
#include "contract/wire/closing_codec.hpp"
#include "kit/crypto/digest.hpp"
#include "kit/crypto/random.hpp"
#include "tests/support/test_keys.hpp"

namespace steward::test {
namespace {

constexpr std::int64_t midnight_ms =
    1'780'243'200'000;  // 2026-06-01 00:00 in Shanghai = 16:00 UTC the day before
constexpr Instant midnight = instant_from_ms(midnight_ms);
Instant after_ms(std::int64_t ms) { return instant_from_ms(midnight_ms + ms); }

Uuid uuid(std::string_view text) { return *uuid_from(text); }
Digest digest_of(std::string_view text) { return sha256(bytes_of(text)); }

LogId log_of(Stream stream) {
  return {SiteId("riverside"), GatewayId("gw1"), uuid("11111111-2222-4333-8444-555555555555"), stream};
}
ClockStamp stamp_at(std::int64_t ms) {
  return {uuid("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"), after_ms(ms), 86'400'000 + ms, ClockTrust::synced};
}
Block block_of(Stream stream, std::uint64_t first, std::uint64_t last, std::int64_t closed_ms,
               Records records) {
  return {log_of(stream), {first}, {last}, {}, stamp_at(closed_ms), std::move(records)};
}

const CatalogueChannel energy{{0}, "energy_import", ChannelUnit::wh, true, 2, 0};
const CatalogueChannel volume{{0}, "volume", ChannelUnit::litre, true, 4, 10'000'000'000};

std::vector<CatalogueEntry> catalogue() {
  const Digest sdm = digest_of("eastron-sdm630/1");
  const Digest tuf = digest_of("tuf-2000/1");
  return {{{0}, MeterId("E-0101"), ProfileId("eastron-sdm630/1"), sdm, {energy}},
          {{1}, MeterId("E-0102"), ProfileId("eastron-sdm630/1"), sdm, {energy}},
          {{2}, MeterId("W-0101"), ProfileId("tuf-2000/1"), tuf, {volume}}};
}

/// Two rounds. E-0102 is late in the second; W-0101 has gone backwards in it.
std::vector<Reading> readings() {
  const Instant second = after_ms(3'600'000);
  return {{midnight, after_ms(41), {0}, {0}, 1'234'560, Quality::good, Reason::none, {0x449a, 0x51ec}},
          {midnight, after_ms(83), {1}, {0}, 98'000, Quality::good, Reason::none, {0x42c4, 0x0000}},
          {midnight,
           after_ms(127),
           {2},
           {0},
           57'250,
           Quality::good,
           Reason::none,
           {0x0039, 0x0000, 0x0000, 0x3e80}},
          {second, after_ms(3'600'040), {0}, {0}, 1'234'810, Quality::good, Reason::none, {0x449a, 0x59ec}},
          {second, after_ms(3'730'082), {1}, {0}, 98'120, Quality::suspect, Reason::skew, {0x42c4, 0x3d71}},
          {second,
           after_ms(3'600'131),
           {2},
           {0},
           57'249,
           Quality::suspect,
           Reason::backwards,
           {0x0039, 0x0000, 0xf9db, 0x3e7e}}};
}

Closing closing_of(const CatalogueEntry& entry, const Reading& reading, std::uint64_t seq) {
  const LogId log = log_of(Stream::readings);
  const CatalogueChannel& channel = entry.channels.front();
  return {log.site,         log.gateway,        log.epoch,       {seq},           entry.meter,
          entry.profile,    entry.profile_hash, channel.name,    channel.unit,    reading.round_at,
          reading.taken_at, reading.value,      channel.modulus, reading.quality, reading.reason,
          reading.raw,      ClockTrust::synced};
}

std::vector<DoorEvent> door_events() {
  // Event 78 of reference vector "get status" (UT0311-L0x), asked for by index.
  auto raw = *from_hex("17b0000078372a184e00000002010301a1987c00202208230947062c");
  raw.resize(64);
  return {
      {"gate", 405'419'896, 78, 0, after_ms(1'500), 1'661'248'026'000, 2, true, 3, 1, 8'165'537, 44, raw}};
}

SiteConfigDocument site_config() {
  const auto unit = [](Protocol protocol, std::string_view text) { return *read_unit_text(protocol, text); };
  return {SiteId("riverside"),
          GatewayId("gw1"),
          7,
          {.every_s = 3600, .skew_limit_s = 120, .closing_minute_utc = 960},
          {{.bus = BusId("b1"), .tcp = {.host = "192.0.2.10"}},
           {.bus = BusId("line1"),
            .kind = BusKind::modbus_rtu,
            .line = {.device = "/dev/ttyS1", .baud = 2400, .parity = LineParity::even}},
           {.bus = BusId("shop"),
            .kind = BusKind::modbus_rtu_over_tcp,
            .tcp = {.host = "192.0.2.11", .port = 4001},
            .delay_floor_ms = 10'000},
           {.bus = BusId("pulses"),
            .kind = BusKind::pulse,
            .inputs = {{.unit = 1, .line = 17, .per_pulse = {10, 1}, .bias = PulseBias::pull_up}}}},
          {{MeterId("E-0101"), ProfileId("eastron-sdm630/1"), BusId("b1"), {1}, "一单元 101"},
           {MeterId("E-0102"), ProfileId("eastron-sdm630/1"), BusId("b1"), {2}, ""},
           {.meter = MeterId("E-0201"),
            .profile = ProfileId("dlt645-2007-1ph/1"),
            .bus = BusId("line1"),
            .unit = unit(Protocol::dlt645, "000000000201"),
            .serial = "000000000201"},
           {MeterId("W-0101"), ProfileId("cjt188-2004-cold-water/1"), BusId("line1"),
            unit(Protocol::cjt188, "10:00000000000012"), "一单元 101 水"},
           {MeterId("W-0001"), ProfileId("gpio-pulse-water/1"), BusId("pulses"), {1}, "总水表"}}};
}

/// Links `next` behind `block` and gives the bytes of `block`.
Digest hash_of(const Block& block) {
  const auto bytes = encode_block(block, gateway_key());
  REQUIRE_MESSAGE(bytes, bytes.error().message);
  return sha256(*bytes);
}

std::string hex_lines(ByteView bytes) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 32) {
    out += hex(bytes.subspan(at, std::min<std::size_t>(32, bytes.size() - at))) + "\n";
  }
  return out;
}

/// Two midnights and a settlement day as a DL/T 645 meter keeps them, read one afternoon.
std::vector<FrozenReading> frozen_readings() {
  const auto calendar = [](std::string_view text) { return ms_of(*read_instant(text)); };
  return {{after_ms(3'739'100),
           calendar("2026-05-31T00:00:00Z"),
           Freeze::day,
           {1},
           {0},
           97'100,
           Quality::good,
           Reason::none,
           {0x1000, 0x0097}},
          {after_ms(3'739'400),
           calendar("2026-05-01T00:00:00Z"),
           Freeze::month,
           {1},
           {0},
           81'230,
           Quality::suspect,
           Reason::clock,
           {0x3023, 0x0081}}};
}

/// A meter exchanged by a technician, and a dial that went past its end.
std::vector<EdgeEvent> meter_events() {
  MeterEvent exchange{MeterEventKind::exchange, MeterId("E-0102"), "energy_import", after_ms(36'000'000)};
  exchange.old_register = 98'120;
  exchange.new_register = 0;
  exchange.new_meter = MeterId("E-0177");
  exchange.old_ratio = Ratio{40, 1};
  exchange.new_ratio = Ratio{40, 1};
  exchange.by = "Li Wei";
  exchange.why = "glass broken";
  exchange.evidence = {Seq{8}};
  MeterEvent rollover{MeterEventKind::rollover, MeterId("W-0101"), "volume", after_ms(36'000'044)};
  rollover.since = after_ms(32'400'044);
  rollover.old_register = 99'999'750;
  rollover.new_register = 250;
  rollover.modulus = 100'000'000;
  rollover.most = 2'000;
  rollover.evidence = {Seq{9}, Seq{15}};
  return {edge_event_of(exchange), edge_event_of(rollover)};
}

template <class T>
std::string sealed(const Result<T>& bytes) {
  REQUIRE_MESSAGE(bytes, bytes.error().message);
  return hex_lines(*bytes);
}

}  // namespace

Examples make_examples() {
  Examples out;
  const auto entries = catalogue();
  const auto values = readings();
  out.catalogue = block_of(Stream::readings, 1, 3, 10, entries);
  out.readings = block_of(Stream::readings, 4, 9, 3'731'000, values);
  out.readings.previous = hash_of(out.catalogue);
  out.closing_records = {closing_of(entries[0], values[0], 10), closing_of(entries[2], values[2], 11)};
  SealedClosings sealed_closings;
  for (const auto& closing : out.closing_records) {
    sealed_closings.sealed.push_back(*seal_closing(closing, gateway_key()));
  }
  out.closings = block_of(Stream::readings, 10, 11, 3'731'000, sealed_closings);
  out.closings.previous = hash_of(out.readings);
  out.frozen = block_of(Stream::readings, 12, 13, 3'740'000, frozen_readings());
  out.frozen.previous = hash_of(out.closings);
  out.doors = block_of(Stream::doors, 1, 1, 1'501, door_events());
  out.patrol = block_of(Stream::patrol, 1, 1, 7'201'000,
                        std::vector<PatrolScan>{{ReaderId("lobby"), after_ms(7'200'250), "CP-B1-LOBBY"}});
  out.events = block_of(
      Stream::events, 1, 2, 5'000,
      std::vector<EdgeEvent>{{after_ms(0), "started", "", "steward-edge 0.1.0"},
                             {after_ms(4'900), "unit_silent", "E-0103", "no reply in 1000 ms, 3 times"}});
  out.meter_events = block_of(Stream::events, 3, 4, 36'001'000, meter_events());
  out.meter_events.previous = hash_of(out.events);
  out.hole = block_of(Stream::telemetry, 501, 1'500, 9'000,
                      Hole{{501}, {1'500}, "quota", digest_of("the last missing block")});
  out.ack = {
      uuid("99999999-8888-4777-8666-555555555555"),
      {{log_of(Stream::readings).epoch, Stream::readings, 11, digest_of("the block that ends at 11")},
       {log_of(Stream::doors).epoch, Stream::doors, 1, digest_of("the first door event's block")}},
      after_ms(3'731'200),
      {{log_of(Stream::telemetry).epoch, Stream::telemetry, 7, digest_of("a block of another history")}}};
  out.state = {SiteId("riverside"),
               GatewayId("gw1"),
               true,
               "0.1.0",
               stamp_at(0).boot,
               ClockTrust::synced,
               after_ms(3'731'300),
               {0, 1'000, 0, 1, 2},
               {{"unit_silent", "E-0103", after_ms(4'900), "no reply in 1000 ms, 3 times"}}};
  out.site_config = site_config();
  out.reported = {SiteId("riverside"),
                  GatewayId("gw1"),
                  7,
                  false,
                  {{"desired", 17, "there is no profile \"cjt188-2004-cold-water/1\" on this gateway",
                    "本网关没有表型 \"cjt188-2004-cold-water/1\""}}};
  out.command = {SiteId("riverside"), GatewayId("gw1"),    uuid("33333333-4444-4555-8666-777777777777"),
                 after_ms(3'800'000), after_ms(3'820'000), OpenDoor{"gate", 1}};
  out.command_result = {out.command.site,       out.command.gateway, out.command.id,
                        CommandOutcome::done,   after_ms(3'800'640), "",
                        {{"outcome", "opened"}}};
  return out;
}

std::vector<ExampleFile> write_examples(const Examples& of) {
  const SigningKey gateway = gateway_key();
  const SigningKey cloud = cloud_key();
  return {{"block-catalogue.hex", sealed(encode_block(of.catalogue, gateway))},
          {"block-readings.hex", sealed(encode_block(of.readings, gateway))},
          {"block-closings.hex", sealed(encode_block(of.closings, gateway))},
          {"block-doors.hex", sealed(encode_block(of.doors, gateway))},
          {"block-patrol.hex", sealed(encode_block(of.patrol, gateway))},
          {"block-events.hex", sealed(encode_block(of.events, gateway))},
          {"block-hole.hex", sealed(encode_block(of.hole, gateway))},
          {"block-frozen.hex", sealed(encode_block(of.frozen, gateway))},
          {"block-meter-events.hex", sealed(encode_block(of.meter_events, gateway))},
          {"closing.hex", sealed(seal_closing(of.closing_records.front(), gateway))},
          {"ack.hex", sealed(encode_ack(of.ack, cloud))},
          {"desired.hex", sealed(encode_desired(of.site_config, cloud))},
          {"command.hex", sealed(encode_command(of.command, cloud))},
          {"command-result.hex", hex_lines(encode_command_result(of.command_result, gateway))},
          {"site-config.json", print_site_config(of.site_config) + "\n"},
          {"reported.json", encode_reported(of.reported) + "\n"},
          {"state.json", encode_state(of.state) + "\n"},
          {"state-last-will.json", last_will(of.state) + "\n"},
          {"gateway-key.pub.pem", VerifyingKey(gateway.public_key()).pem()},
          {"cloud-key.pub.pem", VerifyingKey(cloud.public_key()).pem()}};
}

std::string example_text(const std::string& name) {
  std::ifstream in(std::string(STEWARD_SOURCE_DIR) + "/contract/examples/" + name, std::ios::binary);
  REQUIRE_MESSAGE(in, "no example " << name);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Bytes example_bytes(const std::string& name) {
  std::string text = example_text(name);
  std::erase(text, '\n');
  const auto bytes = from_hex(text);
  REQUIRE(bytes);
  return *bytes;
}

}  // namespace steward::test
