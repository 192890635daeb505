#include "contract/wire/block_codec.hpp"

#include <string>

#include "contract/text/utf8.hpp"
#include "contract/wire/block_rules.hpp"
#include "contract/wire/cbor.hpp"
#include "contract/wire/envelope.hpp"
#include "contract/wire/limits.hpp"
#include "contract/wire/record_rows.hpp"

namespace steward {
namespace {

constexpr std::uint64_t version_1 = 1;

/// Keys of the payload's map: a decoder reads the place before the records.
namespace key {
enum : std::uint64_t {
  version = 1,
  site = 2,
  gateway = 3,
  epoch = 4,
  stream = 5,
  first = 6,
  last = 7,
  previous = 8,
  boot = 9,
  wall_ms = 10,
  monotonic_ms = 11,
  trust = 12,
  kind = 13,
  records = 14,
};
}  // namespace key
constexpr std::size_t key_count = 14;

void write_place(CborWriter& out, const Block& block) {
  out.map(key_count);
  out.number(key::version);
  out.number(version_1);
  out.number(key::site);
  out.text(block.log.site.text);
  out.number(key::gateway);
  out.text(block.log.gateway.text);
  out.number(key::epoch);
  out.bytes(block.log.epoch);
  out.number(key::stream);
  out.number(static_cast<std::uint64_t>(block.log.stream));
  out.number(key::first);
  out.number(block.first.value);
  out.number(key::last);
  out.number(block.last.value);
  out.number(key::previous);
  out.bytes(block.previous);
}

BlockPlace read_place(CborReader& in) {
  BlockPlace place;
  in.map_of(key_count);
  in.key(key::version);
  if (in.number(version_1) != version_1) in.fail("a version of the format that is not known here");
  in.key(key::site);
  place.log.site = SiteId(std::string(in.text(wire_limit::code_bytes)));
  in.key(key::gateway);
  place.log.gateway = GatewayId(std::string(in.text(wire_limit::code_bytes)));
  in.key(key::epoch);
  place.log.epoch = in.fixed<16>();
  in.key(key::stream);
  place.log.stream = static_cast<Stream>(in.number(static_cast<std::uint64_t>(Stream::events)));
  in.key(key::first);
  place.first = {in.number(wire_limit::seq)};
  in.key(key::last);
  place.last = {in.number(wire_limit::seq)};
  if (place.first.value == 0 || place.last < place.first)
    in.fail("first and last are not a range of places from 1");
  in.key(key::previous);
  place.previous = in.fixed<32>();
  return place;
}

void write_stamp(CborWriter& out, const ClockStamp& stamp) {
  out.number(key::boot);
  out.bytes(stamp.boot);
  out.number(key::wall_ms);
  out.integer(ms_of(stamp.wall));
  out.number(key::monotonic_ms);
  out.integer(stamp.monotonic_ms);
  out.number(key::trust);
  out.number(static_cast<std::uint64_t>(stamp.trust));
}

ClockStamp read_stamp(CborReader& in) {
  ClockStamp stamp;
  in.key(key::boot);
  stamp.boot = in.fixed<16>();
  in.key(key::wall_ms);
  stamp.wall = instant_from_ms(in.integer(0, wire_limit::instant_ms));
  in.key(key::monotonic_ms);
  stamp.monotonic_ms = in.integer(0, wire_limit::instant_ms);
  in.key(key::trust);
  stamp.trust = static_cast<ClockTrust>(in.number(static_cast<std::uint64_t>(ClockTrust::stepped)));
  return stamp;
}

}  // namespace

bool fits(RecordKind kind, Stream stream) {
  if (kind == RecordKind::hole) return true;
  switch (stream) {
    case Stream::readings:
      return kind == RecordKind::readings || kind == RecordKind::catalogue || kind == RecordKind::closings ||
             kind == RecordKind::frozen;
    case Stream::telemetry: return kind == RecordKind::readings || kind == RecordKind::catalogue;
    case Stream::doors: return kind == RecordKind::door_events;
    case Stream::patrol: return kind == RecordKind::patrol_scans;
    case Stream::events: return kind == RecordKind::edge_events;
  }
  return false;
}

std::size_t count_of(const Records& records) {
  return std::visit(
      [](const auto& held) -> std::size_t {
        using Kind = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Kind, SealedClosings>) {
          return held.sealed.size();
        } else if constexpr (std::is_same_v<Kind, Hole>) {
          return 1;
        } else {
          return held.size();
        }
      },
      records);
}

Result<Bytes> encode_block(const Block& block, const Signer& signer) {
  if (auto checked = check_block(block); !checked) return Error{checked.error()};
  CborWriter out(count_of(block.records) * 24 + block_overhead_bytes);
  write_place(out, block);
  write_stamp(out, block.stamp);
  out.number(key::kind);
  out.number(static_cast<std::uint64_t>(kind_of(block.records)));
  out.number(key::records);
  write_records(out, block.records);
  const Bytes payload = std::move(out).take();
  Bytes sealed = seal(content_type::block, payload, signer);
  if (sealed.size() > max_block_bytes) {
    return Error{Fault::full, "the block would be " + std::to_string(sealed.size()) + " bytes, at most " +
                                  std::to_string(max_block_bytes) + "; close it with fewer records"};
  }
  return sealed;
}

Result<Block> decode_block(ByteView bytes, const Verifier& verifier) {
  auto payload = unseal(content_type::block, bytes, max_block_bytes, verifier);
  if (!payload) return std::move(payload.error());
  CborReader in(*payload);
  BlockPlace place = read_place(in);
  Block block{
      .log = std::move(place.log), .first = place.first, .last = place.last, .previous = place.previous};
  block.stamp = read_stamp(in);
  in.key(key::kind);
  const auto kind = static_cast<RecordKind>(in.number(static_cast<std::uint64_t>(RecordKind::frozen)));
  in.key(key::records);
  if (in.ok()) block.records = read_records(in, kind, block.first, block.last);
  in.end();
  if (!in.ok()) return in.error();
  if (auto checked = check_block(block); !checked) return Error{checked.error()};
  return block;
}

Result<BlockPlace> peek_block(ByteView bytes) {
  auto envelope = unwrap(content_type::block, bytes, max_block_bytes);
  if (!envelope) return envelope.error();
  CborReader in(envelope->payload);
  BlockPlace place = read_place(in);
  if (!in.ok()) return in.error();
  return place;
}

std::size_t most_bytes_of(const Reading& reading) {
  // Every number at its widest, and every run a run of one.
  return 12 + 9 + 5 + 2 + 9 + 7 + 2 * reading.raw.size() + 4;
}
std::size_t most_bytes_of(const CatalogueEntry& entry) {
  std::size_t bytes = 48 + entry.meter.text.size() + entry.profile.text.size();
  for (const auto& channel : entry.channels) bytes += 20 + channel.name.size();
  return bytes;
}
std::size_t most_bytes_of(const DoorEvent& event) { return 64 + event.controller.size() + event.raw.size(); }
std::size_t most_bytes_of(const PatrolScan& scan) { return 16 + scan.reader.text.size() + scan.code.size(); }
std::size_t most_bytes_of(const EdgeEvent& event) {
  return 20 + event.kind.size() + event.subject.size() + event.detail.size();
}
std::size_t most_bytes_of(const FrozenReading& reading) { return 48 + 2 * reading.raw.size(); }
std::size_t most_bytes_of_sealed(ByteView closing) { return 3 + closing.size(); }

std::string fit_text(std::string_view text, std::size_t most) {
  std::string out;
  out.reserve(std::min(text.size(), most));
  for (std::size_t at = 0; at < text.size() && out.size() < most;) {
    std::size_t length = 1;  // of the character at `at`; longest UTF-8 form is 4
    while (length <= 4 && at + length <= text.size() && !is_plain_text(text.substr(at, length), 1, 4))
      ++length;
    if (length > 4 || at + length > text.size()) {
      out += '?';
      ++at;
      continue;
    }
    if (out.size() + length > most) break;
    out += text.substr(at, length);
    at += length;
  }
  return out;
}

}  // namespace steward
