#include "tests/unit/contract/random_messages.hpp"

#include <limits>

#include "contract/wire/limits.hpp"

namespace steward::test {

std::int64_t RandomMessages::number() {
  constexpr auto limits = std::numeric_limits<std::int64_t>();
  switch (below(6)) {
    case 0: return 0;
    case 1: return limits.max();
    case 2: return limits.min();
    case 3: return static_cast<std::int64_t>(below(300)) - 150;
    default: return static_cast<std::int64_t>(engine_()) >> below(64);
  }
}

Instant RandomMessages::instant() {
  if (one_in(20)) return instant_from_ms(one_in(2) ? 0 : wire_limit::instant_ms);
  return instant_from_ms(1'780'000'000'000 + static_cast<std::int64_t>(below(10'000'000)));
}

std::string RandomMessages::text(std::size_t least, std::size_t most) {
  static constexpr std::string_view characters[] = {"a",  "Z", "0", "-",  " ",  "\"",
                                                    "\\", "/", "é", "表", "公", "🔌"};
  const std::size_t wanted =
      one_in(8) ? most : least + size_below(std::min<std::size_t>(most - least, 20) + 1);
  std::string out;
  while (out.size() < wanted) {
    const auto next = characters[size_below(std::size(characters))];
    out += out.size() + next.size() <= most ? next : "x";
  }
  return out;
}

std::string RandomMessages::code() {
  static constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789-";
  std::string out(1 + size_below(wire_limit::code_bytes), 'a');
  for (auto& letter : out) letter = letters[size_below(letters.size())];
  return out;
}

Words RandomMessages::words() {
  Words out(size_below(wire_limit::raw_words + 1));
  for (auto& word : out) word = static_cast<std::uint16_t>(engine_());
  return out;
}

std::vector<Reading> RandomMessages::readings(std::size_t count) {
  std::vector<Reading> out;
  Reading next{.round_at = instant()};
  for (std::size_t i = 0; i < count; ++i) {
    if (one_in(10)) next.round_at = instant();
    if (one_in(5)) {
      next.quality = static_cast<Quality>(below(5));
      next.reason = static_cast<Reason>(below(256));
    }
    if (one_in(3)) next.raw = words();
    next.taken_at = one_in(10) ? instant() : next.taken_at;
    next.meter_no = {static_cast<std::uint16_t>(one_in(10) ? engine_() : next.meter_no.value + 1U)};
    next.channel_no = {static_cast<std::uint8_t>(engine_())};
    next.value = number();
    out.push_back(next);
  }
  return out;
}

CatalogueEntry RandomMessages::catalogue_entry() {
  CatalogueEntry entry{.meter_no = {static_cast<std::uint16_t>(engine_())},
                       .meter = MeterId(text(1, wire_limit::name_bytes)),
                       .profile = ProfileId(text(1, wire_limit::name_bytes)),
                       .profile_hash = octets<32>()};
  const std::size_t channels = one_in(10) ? wire_limit::channels : size_below(5);
  for (std::size_t i = 0; i < channels; ++i) {
    entry.channels.push_back({.channel_no = {static_cast<std::uint8_t>(2 * i + below(2))},
                              .name = text(1, wire_limit::word_bytes),
                              .unit = static_cast<ChannelUnit>(below(256)),
                              .cumulative = one_in(2),
                              .words = static_cast<std::uint8_t>(below(wire_limit::raw_words + 1)),
                              .modulus = number() & std::numeric_limits<std::int64_t>::max()});
  }
  return entry;
}

DoorEvent RandomMessages::door_event() {
  DoorEvent event{.controller = text(1, wire_limit::name_bytes),
                  .serial = static_cast<std::uint32_t>(engine_()),
                  .index = static_cast<std::uint32_t>(engine_()),
                  .generation = static_cast<std::uint32_t>(below(3)),
                  .received_at = instant(),
                  .controller_time_ms = one_in(3) ? 0 : ms_of(instant()) * (one_in(9) ? -1 : 1),
                  .type = static_cast<std::uint8_t>(engine_()),
                  .granted = one_in(2),
                  .door = static_cast<std::uint8_t>(engine_()),
                  .direction = static_cast<std::uint8_t>(engine_()),
                  .card = static_cast<std::uint32_t>(engine_()),
                  .reason = static_cast<std::uint8_t>(engine_())};
  event.raw.resize(size_below(wire_limit::door_packet_bytes + 1));
  for (auto& octet : event.raw) octet = static_cast<std::uint8_t>(engine_());
  return event;
}

FrozenReading RandomMessages::frozen_reading() {
  FrozenReading reading{.read_at = instant(),
                        .frozen_at_ms = one_in(2) ? ms_of(instant()) : -ms_of(instant()),
                        .freeze = static_cast<Freeze>(engine_()),
                        .meter_no = {static_cast<std::uint16_t>(engine_())},
                        .channel_no = {static_cast<std::uint8_t>(engine_())},
                        .value = number(),
                        .quality = static_cast<Quality>(below(5)),
                        .reason = static_cast<Reason>(below(256))};
  reading.raw.resize(size_below(wire_limit::raw_words + 1));
  for (auto& word : reading.raw) word = static_cast<std::uint16_t>(engine_());
  return reading;
}

MeterEvent RandomMessages::meter_event() {
  const auto label = [&](std::size_t most) {
    auto words = text(1, most);
    for (auto& c : words) {
      if (c == '"' || c == '\\') c = '_';
    }
    return words;
  };
  const auto count = [&] { return static_cast<std::int64_t>(below(1'000'000'000)); };
  MeterEvent event{static_cast<MeterEventKind>(below(meter_event_kinds)),
                   MeterId(text(1, wire_limit::name_bytes)), label(wire_limit::word_bytes), instant()};
  event.old_register = 1 + count();
  const bool ends = event.kind == MeterEventKind::sealed || event.kind == MeterEventKind::removed;
  if (!ends)
    event.new_register = static_cast<std::int64_t>(below(static_cast<std::uint64_t>(*event.old_register)));
  if (event.kind == MeterEventKind::rollover) event.modulus = *event.old_register + 1 + count();
  if (event.kind == MeterEventKind::rollover && one_in(2)) event.most = 1 + count();
  if (event.kind == MeterEventKind::exchange) event.new_meter = MeterId(label(wire_limit::name_bytes));
  if (event.kind == MeterEventKind::exchange && one_in(2))
    event.old_serial = label(meter_event_limit::serial);
  if (event.kind == MeterEventKind::serial_changed) event.new_serial = label(meter_event_limit::serial);
  if (event.kind == MeterEventKind::ratio_change) {
    event.old_ratio = Ratio{1 + static_cast<std::int64_t>(below(100'000)), 1};
    event.new_ratio =
        Ratio{1 + static_cast<std::int64_t>(below(100'000)), 1 + static_cast<std::int64_t>(below(9))};
  }
  const bool persons = event.kind == MeterEventKind::exchange || ends;
  if (event.kind != MeterEventKind::fell && (persons || one_in(2))) event.by = label(meter_event_limit::by);
  if (event.kind == MeterEventKind::fell || (!persons && one_in(2)))
    event.since = event.at - Milliseconds(below(2));
  if (event.since && *event.since < Instant{}) event.since = event.at;
  if (one_in(2)) event.why = label(meter_event_limit::why);
  for (std::uint64_t left = below(3); left > 0; --left)
    event.evidence.push_back({1 + below(wire_limit::seq)});
  return event;
}

Records RandomMessages::records(Stream stream, Seq first, Seq last) {
  const auto count = static_cast<std::size_t>(last.value - first.value + 1);
  const auto rows = [&]<class Record>(std::vector<Record> out, auto make) {
    for (std::size_t i = 0; i < count; ++i) out.push_back(make());
    return out;
  };
  switch (stream) {
    case Stream::readings:
      if (one_in(3)) {
        return SealedClosings{rows(std::vector<std::vector<std::uint8_t>>{}, [&] {
          const std::string octets = text(1, wire_limit::closing_bytes);
          return std::vector<std::uint8_t>(octets.begin(), octets.end());
        })};
      }
      if (one_in(5)) return rows(std::vector<FrozenReading>{}, [&] { return frozen_reading(); });
      [[fallthrough]];
    case Stream::telemetry:
      if (one_in(4)) return rows(std::vector<CatalogueEntry>{}, [&] { return catalogue_entry(); });
      return readings(count);
    case Stream::doors: return rows(std::vector<DoorEvent>{}, [&] { return door_event(); });
    case Stream::patrol:
      return rows(std::vector<PatrolScan>{}, [&] {
        std::string scanned(1 + size_below(wire_limit::scan_code_bytes), ' ');
        for (auto& letter : scanned) letter = static_cast<char>(0x20 + below(0x5f));
        return PatrolScan{ReaderId(text(1, wire_limit::name_bytes)), instant(), scanned};
      });
    case Stream::events: break;
  }
  return rows(std::vector<EdgeEvent>{}, [&] {
    return EdgeEvent{instant(), text(1, wire_limit::word_bytes), text(0, wire_limit::name_bytes),
                     text(0, wire_limit::sentence_bytes)};
  });
}

Block RandomMessages::block() {
  Block block{.log = {SiteId(code()), GatewayId(code()), octets<16>(), static_cast<Stream>(below(5))},
              .previous = octets<32>(),
              .stamp = {octets<16>(), instant(), static_cast<std::int64_t>(below(1'000'000'000)),
                        static_cast<ClockTrust>(below(4))}};
  const std::uint64_t places = one_in(20) ? 40 : 1 + below(12);
  block.first = {one_in(10) ? wire_limit::seq - places + 1 : 1 + below(1'000'000)};
  block.last = {block.first.value + places - 1};
  if (one_in(8)) {
    if (one_in(2)) block.last = {wire_limit::seq};
    block.records = Hole{block.first, block.last, text(1, wire_limit::hole_reason_bytes), octets<32>()};
  } else {
    block.records = records(block.log.stream, block.first, block.last);
  }
  return block;
}

Closing RandomMessages::closing() {
  return {.site = SiteId(code()),
          .gateway = GatewayId(code()),
          .epoch = octets<16>(),
          .seq = {1 + below(wire_limit::seq)},
          .meter = MeterId(text(1, wire_limit::name_bytes)),
          .profile = ProfileId(text(1, wire_limit::name_bytes)),
          .profile_hash = octets<32>(),
          .channel = text(1, wire_limit::word_bytes),
          .unit = static_cast<ChannelUnit>(below(256)),
          .round_at = instant(),
          .taken_at = instant(),
          .value = number(),
          .modulus = number() & std::numeric_limits<std::int64_t>::max(),
          .quality = static_cast<Quality>(below(5)),
          .reason = static_cast<Reason>(below(256)),
          .raw = words(),
          .trust = static_cast<ClockTrust>(below(4))};
}

Ack RandomMessages::ack() {
  Ack ack{.store = octets<16>(), .logs = {}, .at = instant()};
  Uuid epoch{};
  for (std::size_t i = size_below(wire_limit::acked_logs / 5 + 1); i > 0; --i) {
    epoch[0] = static_cast<std::uint8_t>(epoch[0] + 1 + below(3));
    for (const Stream stream : all_streams)
      ack.logs.push_back({epoch, stream, below(wire_limit::seq + 1), octets<32>()});
    if (ack.forks.size() < most_acked_forks && one_in(4))
      ack.forks.push_back({epoch, Stream::readings, 1 + below(wire_limit::seq), octets<32>()});
  }
  return ack;
}

EdgeState RandomMessages::state() {
  EdgeState state{.site = SiteId(code()),
                  .gateway = GatewayId(code()),
                  .online = one_in(2),
                  .version = text(1, wire_limit::word_bytes),
                  .boot = octets<16>(),
                  .trust = static_cast<ClockTrust>(below(4)),
                  .at = instant()};
  for (auto& records : state.backlog) records = below(wire_limit::exact_in_json + 1);
  for (std::size_t i = size_below(30); i > 0; --i) {
    state.alarms.push_back({text(1, wire_limit::word_bytes), text(0, wire_limit::name_bytes), instant(),
                            text(0, wire_limit::sentence_bytes)});
  }
  return state;
}

BusSetup RandomMessages::bus_setup(std::size_t at) {
  BusSetup bus{.bus = BusId("b" + std::to_string(at)), .kind = static_cast<BusKind>(below(4))};
  const auto whole = [&](std::uint32_t least, std::uint32_t most) {
    return least + static_cast<std::uint32_t>(below(most - least + 1));
  };
  switch (bus.kind) {
    case BusKind::modbus_tcp: bus.tcp.path = static_cast<TcpPath>(below(2)); [[fallthrough]];
    case BusKind::modbus_rtu_over_tcp:
      bus.tcp.host = text(1, 253);
      bus.tcp.port = static_cast<std::uint16_t>(whole(1, 65535));
      break;
    case BusKind::modbus_rtu: {
      static constexpr std::uint32_t rates[] = {1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200};
      bus.line = {.device = "/dev/" + std::to_string(at) + text(1, 100),
                  .baud = rates[size_below(std::size(rates))],
                  .parity = static_cast<LineParity>(below(3)),
                  .stop_bits = static_cast<std::uint8_t>(whole(1, 2)),
                  .turn = static_cast<LineTurn>(below(4))};
      if (bus.line.turn != LineTurn::automatic) bus.line.rts_after_ms = whole(0, 100);
      break;
    }
    case BusKind::pulse:
      for (std::size_t i = 0; i < 1 + size_below(4); ++i) {
        bus.inputs.push_back({.unit = static_cast<std::uint8_t>(i + 1),
                              .chip = text(1, 60),
                              .line = static_cast<std::uint32_t>(i),
                              .per_pulse = {whole(1, 1'000'000'000), whole(1, 1'000'000'000)},
                              .debounce_ms = whole(1, 1000),
                              .active_low = one_in(2),
                              .bias = static_cast<PulseBias>(below(4))});
      }
      return bus;
  }
  bus.timeout_ms = whole(10, 10'000);
  bus.delay_floor_ms = whole(1, 300'000);
  bus.probe_permille = whole(1, 200);
  bus.retire_hours = whole(1, 168);
  return bus;
}

SiteConfigDocument RandomMessages::site_config() {
  static constexpr std::uint32_t intervals[] = {1, 60, 900, 1800, 3600, 86'400};
  SiteConfigDocument document{
      .site = SiteId(code()), .gateway = GatewayId(code()), .version = 1 + below(wire_limit::exact_in_json)};
  auto& rounds = document.rounds;
  rounds.every_s = intervals[size_below(std::size(intervals))];
  rounds.channels = static_cast<RoundChannels>(below(2));
  rounds.skew_limit_s = static_cast<std::uint32_t>(1 + below(3600));
  const std::uint32_t step = rounds.every_s < 60 ? 1 : rounds.every_s / 60;  // minutes a round falls on
  rounds.closing_minute_utc = static_cast<std::uint32_t>(below(1440 / step)) * step;
  rounds.utc_offset_minutes = static_cast<std::int32_t>(below(1561)) - 720;
  rounds.live = one_in(2);
  for (std::size_t i = 0; i < 1 + size_below(5); ++i) document.buses.push_back(bus_setup(i));
  for (std::size_t i = size_below(40); i > 0; --i) {
    UnitAddress unit{i, static_cast<Protocol>(below(3))};
    if (unit.protocol != Protocol::modbus) unit.value += below(1'000'000) * 1000;
    if (unit.protocol == Protocol::cjt188) unit.value += (1 + below(255)) * 100'000'000'000'000;
    document.meters.push_back({.meter = MeterId("m" + std::to_string(i) + text(0, 60)),
                               .profile = ProfileId(text(1, wire_limit::name_bytes)),
                               .bus = document.buses[size_below(document.buses.size())].bus,
                               .unit = unit,
                               .name = text(0, wire_limit::name_bytes),
                               .serial = std::string(size_below(33), '7')});
  }
  return document;
}

Command RandomMessages::command() {
  Command command{SiteId(code()), GatewayId(code()), octets<16>(), {}, {}, ReadNow{MeterId(text(1, 64))}};
  switch (below(4)) {
    case 0: break;
    case 1:
      command.verb = Resend{all_streams[below(std::size(all_streams))], Seq{1 + below(wire_limit::seq)}};
      break;
    case 2: command.verb = RestartBus{BusId(text(1, 64))}; break;
    default: command.verb = OpenDoor{text(1, 64), static_cast<std::uint8_t>(1 + below(4))}; break;
  }
  const auto life =
      1 + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(longest_life(command.verb).count())));
  command.issued = std::min(instant(), instant_from_ms(wire_limit::instant_ms - life));
  command.expires = command.issued + Milliseconds(life);
  return command;
}

CommandResult RandomMessages::command_result() {
  CommandResult result{SiteId(code()), GatewayId(code()), octets<16>(), CommandOutcome{}, instant(), "", {}};
  result.outcome = static_cast<CommandOutcome>(below(4));
  result.message = text(0, wire_limit::command_message_bytes / 4);
  for (std::size_t i = size_below(5); i > 0; --i)
    result.values.emplace_back(text(1, wire_limit::word_bytes), text(0, wire_limit::name_bytes));
  return result;
}

}  // namespace steward::test
