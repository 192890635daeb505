#include "contract/wire/record_rows.hpp"

#include <limits>

#include "contract/wire/limits.hpp"
#include "contract/wire/reading_columns.hpp"

namespace steward {
namespace {

constexpr std::uint64_t any_u8 = 0xff;
constexpr std::uint64_t any_u16 = 0xffff;
constexpr std::uint64_t any_u32 = 0xffffffff;

Instant read_instant(CborReader& in) { return instant_from_ms(in.integer(0, wire_limit::instant_ms)); }
std::string read_text(CborReader& in, std::size_t most) { return std::string(in.text(most)); }
std::uint8_t read_u8(CborReader& in) { return static_cast<std::uint8_t>(in.number(any_u8)); }
std::uint32_t read_u32(CborReader& in) { return static_cast<std::uint32_t>(in.number(any_u32)); }

void write(CborWriter& out, const CatalogueChannel& channel) {
  out.array(6);
  out.number(channel.channel_no.value);
  out.text(channel.name);
  out.number(static_cast<std::uint64_t>(channel.unit));
  out.boolean(channel.cumulative);
  out.number(channel.words);
  out.integer(channel.modulus);
}
void read(CborReader& in, CatalogueChannel& channel) {
  in.array_of(6);
  channel.channel_no = {read_u8(in)};
  channel.name = read_text(in, wire_limit::word_bytes);
  channel.unit = static_cast<ChannelUnit>(in.number(any_u8));
  channel.cumulative = in.boolean();
  channel.words = static_cast<std::uint8_t>(in.number(wire_limit::raw_words));
  channel.modulus = in.integer(0, std::numeric_limits<std::int64_t>::max());
}

void write(CborWriter& out, const CatalogueEntry& entry) {
  out.array(5);
  out.number(entry.meter_no.value);
  out.text(entry.meter.text);
  out.text(entry.profile.text);
  out.bytes(entry.profile_hash);
  out.array(entry.channels.size());
  for (const auto& channel : entry.channels) write(out, channel);
}
void read(CborReader& in, CatalogueEntry& entry) {
  in.array_of(5);
  entry.meter_no = {static_cast<std::uint16_t>(in.number(any_u16))};
  entry.meter = MeterId(read_text(in, wire_limit::name_bytes));
  entry.profile = ProfileId(read_text(in, wire_limit::name_bytes));
  entry.profile_hash = in.fixed<32>();
  const std::size_t channels = in.array(wire_limit::channels);
  for (std::size_t i = 0; i < channels && in.ok(); ++i) read(in, entry.channels.emplace_back());
}

void write(CborWriter& out, const std::vector<std::uint8_t>& closing) { out.bytes(closing); }
void read(CborReader& in, std::vector<std::uint8_t>& closing) {
  const ByteView view = in.bytes(wire_limit::closing_bytes);
  closing.assign(view.begin(), view.end());
}

void write(CborWriter& out, const DoorEvent& event) {
  out.array(13);
  out.text(event.controller);
  out.number(event.serial);
  out.number(event.index);
  out.number(event.generation);
  out.integer(ms_of(event.received_at));
  out.integer(event.controller_time_ms);
  out.number(event.type);
  out.boolean(event.granted);
  out.number(event.door);
  out.number(event.direction);
  out.number(event.card);
  out.number(event.reason);
  out.bytes(event.raw);
}
void read(CborReader& in, DoorEvent& event) {
  in.array_of(13);
  event.controller = read_text(in, wire_limit::name_bytes);
  event.serial = read_u32(in);
  event.index = read_u32(in);
  event.generation = read_u32(in);
  event.received_at = read_instant(in);
  event.controller_time_ms = in.integer(-wire_limit::instant_ms, wire_limit::instant_ms);
  event.type = read_u8(in);
  event.granted = in.boolean();
  event.door = read_u8(in);
  event.direction = read_u8(in);
  event.card = read_u32(in);
  event.reason = read_u8(in);
  const ByteView raw = in.bytes(wire_limit::door_packet_bytes);
  event.raw.assign(raw.begin(), raw.end());
}

void write(CborWriter& out, const PatrolScan& scan) {
  out.array(3);
  out.text(scan.reader.text);
  out.integer(ms_of(scan.scanned_at));
  out.text(scan.code);
}
void read(CborReader& in, PatrolScan& scan) {
  in.array_of(3);
  scan.reader = ReaderId(read_text(in, wire_limit::name_bytes));
  scan.scanned_at = read_instant(in);
  scan.code = read_text(in, wire_limit::scan_code_bytes);
}

void write(CborWriter& out, const EdgeEvent& event) {
  out.array(4);
  out.integer(ms_of(event.at));
  out.text(event.kind);
  out.text(event.subject);
  out.text(event.detail);
}
void read(CborReader& in, EdgeEvent& event) {
  in.array_of(4);
  event.at = read_instant(in);
  event.kind = read_text(in, wire_limit::word_bytes);
  event.subject = read_text(in, wire_limit::name_bytes);
  event.detail = read_text(in, wire_limit::sentence_bytes);
}

void write(CborWriter& out, const FrozenReading& reading) {
  out.array(9);
  out.integer(ms_of(reading.read_at));
  out.integer(reading.frozen_at_ms);
  out.number(static_cast<std::uint64_t>(reading.freeze));
  out.number(reading.meter_no.value);
  out.number(reading.channel_no.value);
  out.integer(reading.value);
  out.number(static_cast<std::uint64_t>(reading.quality));
  out.number(static_cast<std::uint64_t>(reading.reason));
  std::vector<std::uint8_t> raw;
  raw.reserve(reading.raw.size() * 2);
  for (const auto word : reading.raw) {
    raw.push_back(static_cast<std::uint8_t>(word >> 8U));
    raw.push_back(static_cast<std::uint8_t>(word & 0xFFU));
  }
  out.bytes(raw);
}
void read(CborReader& in, FrozenReading& reading) {
  in.array_of(9);
  reading.read_at = read_instant(in);
  reading.frozen_at_ms = in.integer(-wire_limit::instant_ms, wire_limit::instant_ms);
  reading.freeze = static_cast<Freeze>(in.number(any_u8));
  reading.meter_no = {static_cast<std::uint16_t>(in.number(any_u16))};
  reading.channel_no = {read_u8(in)};
  reading.value =
      in.integer(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
  reading.quality = static_cast<Quality>(in.number(any_u8));
  reading.reason = static_cast<Reason>(in.number(any_u8));
  const ByteView raw = in.bytes(wire_limit::raw_words * 2);
  if (raw.size() % 2 != 0) in.fail("half a register");
  for (std::size_t at = 0; at + 1 < raw.size(); at += 2) {
    reading.raw.push_back(static_cast<std::uint16_t>((raw[at] << 8U) | raw[at + 1]));
  }
}

template <class Record>
void write_rows(CborWriter& out, const std::vector<Record>& records) {
  out.array(records.size());
  for (const auto& record : records) write(out, record);
}

/// Grows with what is really there: a count alone allocates nothing.
template <class Record>
std::vector<Record> read_rows(CborReader& in, std::size_t count) {
  std::vector<Record> records;
  in.array_of(count);
  for (std::size_t i = 0; i < count && in.ok(); ++i) read(in, records.emplace_back());
  return records;
}

void write_hole(CborWriter& out, const Hole& hole) {
  out.array(2);
  out.text(hole.reason);
  out.bytes(hole.last_missing);
}
Hole read_hole(CborReader& in, Seq first, Seq last) {
  in.array_of(2);
  Hole hole{.first = first, .last = last, .reason = read_text(in, wire_limit::hole_reason_bytes)};
  hole.last_missing = in.fixed<32>();
  return hole;
}

}  // namespace

void write_records(CborWriter& out, const Records& records) {
  std::visit(
      [&](const auto& held) {
        using Kind = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Kind, std::vector<Reading>>) {
          write_readings(out, held);
        } else if constexpr (std::is_same_v<Kind, SealedClosings>) {
          write_rows(out, held.sealed);
        } else if constexpr (std::is_same_v<Kind, Hole>) {
          write_hole(out, held);
        } else {
          write_rows(out, held);
        }
      },
      records);
}

Records read_records(CborReader& in, RecordKind kind, Seq first, Seq last) {
  if (kind == RecordKind::hole) return read_hole(in, first, last);
  const std::uint64_t places = last.value - first.value + 1;
  if (places > max_block_records) in.fail("more records than the limit");
  const auto count = in.ok() ? static_cast<std::size_t>(places) : 0;
  switch (kind) {
    case RecordKind::readings: return read_readings(in, count);
    case RecordKind::catalogue: return read_rows<CatalogueEntry>(in, count);
    case RecordKind::closings: return SealedClosings{read_rows<std::vector<std::uint8_t>>(in, count)};
    case RecordKind::door_events: return read_rows<DoorEvent>(in, count);
    case RecordKind::patrol_scans: return read_rows<PatrolScan>(in, count);
    case RecordKind::edge_events: return read_rows<EdgeEvent>(in, count);
    case RecordKind::frozen: return read_rows<FrozenReading>(in, count);
    case RecordKind::hole: break;
  }
  return Hole{};
}

}  // namespace steward
