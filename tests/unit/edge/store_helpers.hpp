#pragma once
#include <string>
#include <vector>

#include "contract/wire/block_codec.hpp"
#include "edge/store/outbox.hpp"
#include "kit/crypto/digest.hpp"
#include "kit/crypto/signing_key.hpp"
#include "tests/support/temporary_folder.hpp"

namespace steward {

inline const SigningKey& edge_key() {
  static const SigningKey key = SigningKey::from_seed({1, 2, 3});
  return key;
}

inline Instant round_instant(int hour) {
  return instant_from_ms(1'780'243'200'000) + std::chrono::hours(hour);
}

inline Reading reading_of(std::uint16_t meter, std::int64_t value, int hour = 0) {
  return {round_instant(hour),
          round_instant(hour) + Milliseconds(40),
          MeterNo{meter},
          ChannelNo{0},
          value,
          Quality::good,
          Reason::none,
          {0x0001, 0x86A0}};
}

inline Batch batch_of(std::vector<Reading> readings, Instant wall = round_instant(0)) {
  return {Stream::readings, std::move(readings), {{}, wall, 1000, ClockTrust::synced}, {}};
}

inline Batch batch_of(std::vector<EdgeEvent> events) {
  return {Stream::events, std::move(events), {{}, round_instant(0), 1000, ClockTrust::synced}, {}};
}

inline EdgeEvent event_of(std::string kind) { return {round_instant(0), std::move(kind), "m", "said"}; }

inline Closing closing_of(const std::string& meter, std::int64_t value) {
  Closing closing;
  closing.meter = MeterId(meter);
  closing.profile = ProfileId("eastron-sdm630/1");
  closing.channel = "energy_import";
  closing.unit = ChannelUnit::wh;
  closing.round_at = round_instant(0);
  closing.taken_at = round_instant(0);
  closing.value = value;
  closing.raw = {1, 2};
  closing.trust = ClockTrust::synced;
  return closing;
}

inline OutboxSetup outbox_setup(const TemporaryFolder& folder) {
  OutboxSetup setup;
  setup.path = (folder.path() / "outbox.db").string();
  setup.site = SiteId("riverside");
  setup.gateway = GatewayId("gw1");
  return setup;
}

/// The whole log, checked as the cloud would: contiguous places, an unbroken
/// hash chain, every signature. Empty text when sound, else what is wrong.
inline std::string flaw_of(Outbox& outbox, Stream stream) {
  const VerifyingKey verifier(edge_key().public_key());
  const auto blocks = outbox.read_after(stream, Seq{0}, 100'000, 1'000'000'000);
  if (!blocks) return blocks.error().message;
  Seq expected{1};
  Digest previous{};
  for (const auto& stored : *blocks) {
    const auto block = decode_block(stored.bytes, verifier);
    if (!block) return block.error().message;
    if (block->log.epoch != outbox.epoch() || block->log.stream != stream) return "another log";
    if (block->first != stored.first || block->last != stored.last) return "row and block disagree";
    if (block->first != expected) return "gap or overlap before " + std::to_string(block->first.value);
    if (block->previous != previous) return "chain broken at " + std::to_string(block->first.value);
    expected = Seq{block->last.value + 1};
    previous = sha256(stored.bytes);
  }
  const auto& mark = outbox.marks()[static_cast<std::size_t>(stream)];
  if (mark.last.value + 1 != expected.value) return "mark is not the last block's";
  return {};
}

}  // namespace steward
