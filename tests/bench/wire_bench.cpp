// What a reading costs on the wire and in the gateway's CPU: bytes per reading of blocks of 10 to 1,000 with
// signature, MQTT and TLS, and nanoseconds to encode, against the raw limit of
// copying the same values and one Ed25519 signature per block.
#include <cstring>
#include <tuple>

#include "contract/wire/block_codec.hpp"
#include "contract/wire/topics.hpp"
#include "kit/crypto/digest.hpp"
#include "kit/crypto/signing_key.hpp"
#include "tests/bench/goal.hpp"

using namespace steward;

namespace {

/// Stands in for the key, so that encoding is measured apart from signing.
class NoSigner : public Signer {
 public:
  Signature sign(ByteView) const override { return {}; }
  PublicKey public_key() const override { return {}; }
};

/// One hourly round of meters with one billing channel each: dials that differ,
/// read one after the other, as a line of SDM630 answers.
Block round_of(std::size_t count, bool raw) {
  Block block{.log = {SiteId("riverside"), GatewayId("gw1"), {}, Stream::readings},
              .first = {1'000'000},
              .last = {1'000'000 + count - 1},
              .stamp = {.wall = instant_from_ms(1'780'272'040'000),
                        .monotonic_ms = 5'000'000'000,
                        .trust = ClockTrust::synced}};
  block.previous.fill(0xA5);
  std::vector<Reading> readings;
  std::uint64_t seed = 1;
  for (std::size_t i = 0; i < count; ++i) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    const auto dial = static_cast<std::int64_t>((seed >> 33U) % 40'000'000'000U);
    readings.push_back({.round_at = instant_from_ms(1'780'272'000'000),
                        .taken_at = instant_from_ms(1'780'272'000'000 + 43 * static_cast<std::int64_t>(i)),
                        .meter_no = {static_cast<std::uint16_t>(i)},
                        .channel_no = {0},
                        .value = dial});
    if (raw) {
      readings.back().raw = {static_cast<std::uint16_t>(seed >> 48U),
                             static_cast<std::uint16_t>(seed >> 32U)};
    }
  }
  block.records = std::move(readings);
  return block;
}

/// A PUBLISH of QoS 1: fixed header, remaining length, topic, packet id (MQTT 3.1.1, 3.3), in records of TLS
/// 1.3 of at most 16 KiB: 5 bytes of header, 1 of type, 16 of tag each (RFC 8446, 5.2).
std::size_t on_the_wire(std::size_t payload, std::size_t topic) {
  const std::size_t rest = 2 + topic + 2 + payload;
  const std::size_t length = rest < 128 ? 1 : rest < 16'384 ? 2 : 3;
  const std::size_t packet = 1 + length + rest;
  return packet + 22 * ((packet + 16'383) / 16'384);
}

double bytes_per_reading(std::size_t count, bool raw, const Signer& signer) {
  const auto block = round_of(count, raw);
  const auto bytes = encode_block(block, signer);
  if (!bytes) return 1e9;
  const auto topic = up_topic(block.log.site, block.log.gateway, block.log.stream);
  return static_cast<double>(on_the_wire(bytes->size(), topic.size())) / static_cast<double>(count);
}

/// Without MQTT and TLS: what lies in the outbox and in the archive.
double block_bytes(std::size_t count, bool raw, const Signer& signer) {
  const auto bytes = encode_block(round_of(count, raw), signer);
  return bytes ? static_cast<double>(bytes->size()) / static_cast<double>(count) : 1e9;
}

double encode_ns(const Block& block, std::size_t count, const Signer& signer) {
  constexpr int times = 200;
  std::size_t total = 0;
  const double seconds = bench::seconds_of([&] {
    for (int i = 0; i < times; ++i) total += encode_block(block, signer)->size();
  });
  return total == 0 ? 1e9 : seconds * 1e9 / times / static_cast<double>(count);
}

/// The raw limit: the same fields of every reading copied into one buffer.
double copy_ns(const Block& block, std::size_t count) {
  constexpr int times = 2'000;
  const auto& readings = std::get<std::vector<Reading>>(block.records);
  Bytes out(count * 24);
  volatile std::uint8_t seen = 0;  // the optimiser must believe that someone looks
  const double seconds = bench::seconds_of([&] {
    for (int i = 0; i < times; ++i) {
      auto* to = out.data();
      for (const auto& reading : readings) {
        std::memcpy(to, &reading.taken_at, 8);
        std::memcpy(to + 8, &reading.value, 8);
        std::memcpy(to + 16, reading.raw.data(), 2 * reading.raw.size());
        to += 24;
      }
      seen = static_cast<std::uint8_t>(seen ^ out[static_cast<std::size_t>(i) % out.size()]);
    }
  });
  return seconds * 1e9 / times / static_cast<double>(count);
}

}  // namespace

int main() {
  constexpr std::size_t small = 100;
  constexpr std::size_t large = 1'000;
  const auto key = SigningKey::generate();
  const NoSigner none;
  const auto few = round_of(small, true);
  const auto many = round_of(large, true);

  bench::Report report("wire");
  const auto rows =
      bench::interleaved(15, "ns/reading",
                         {{"copy (raw limit)", [&] { return copy_ns(many, large); }},
                          {"encode 1,000, no signature", [&] { return encode_ns(many, large, none); }},
                          {"encode 100, no signature", [&] { return encode_ns(few, small, none); }},
                          {"encode 1,000 and sign", [&] { return encode_ns(many, large, key); }},
                          {"encode 100 and sign", [&] { return encode_ns(few, small, key); }}});
  for (const auto& row : rows) report.row(row);
  for (const std::size_t count : {10U, 50U, 100U, 200U, 1'000U}) {
    for (const bool raw : {false, true}) {
      char line[160];
      std::snprintf(line, sizeof line,
                    "%4zu readings a block, %s raw words: %6.1f B/reading on the wire, %6.1f in the outbox",
                    count, raw ? "with" : "without", bytes_per_reading(count, raw, key),
                    block_bytes(count, raw, key));
      report.note(line);
    }
  }
  report.at_most("bytes_plain_100", bytes_per_reading(small, false, key), "B/reading", 12);
  report.at_most("bytes_raw_100", bytes_per_reading(small, true, key), "B/reading", 16.5);
  report.at_most("bytes_plain_1000", bytes_per_reading(large, false, key), "B/reading", 12);
  report.at_most("bytes_raw_1000", bytes_per_reading(large, true, key), "B/reading", 16.5);
  report.at_most("encode_1000", bench::spread_of(rows[1].samples).median, "ns/reading", 150);
  return report.finish();
}
