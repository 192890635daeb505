#pragma once
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "cloud/ingest/admission.hpp"
#include "contract/wire/block_codec.hpp"
#include "contract/wire/closing_codec.hpp"
#include "contract/wire/topics.hpp"
#include "kit/crypto/digest.hpp"
#include "kit/crypto/signing_key.hpp"

namespace steward {

inline Instant test_instant(std::int64_t ms) { return instant_from_ms(1'780'243'200'000 + ms); }

inline SigningKey test_key(std::uint8_t tag) {
  std::array<std::uint8_t, 32> seed{};
  seed[0] = tag;
  return SigningKey::from_seed(seed);
}

/// One log as a gateway writes it: each block names the one before it.
class EdgeLog {
 public:
  EdgeLog(LogId log, std::uint8_t key_tag) : log_(std::move(log)), key_(test_key(key_tag)) {}

  /// Encodes, chains and signs the next block. `span`: places it covers, for holes.
  Bytes append(Records records, std::uint64_t span = 0) {
    const auto count = span == 0 ? count_of(records) : span;
    const Block block{.log = log_,
                      .first = Seq{next_},
                      .last = Seq{next_ + count - 1},
                      .previous = previous_,
                      .stamp = {.boot = Uuid{1}, .wall = test_instant(0), .trust = ClockTrust::synced},
                      .records = std::move(records)};
    auto bytes = encode_block(block, key_);
    REQUIRE_MESSAGE(bytes, (bytes ? "" : bytes.error().message));
    next_ += count;
    previous_ = sha256(*bytes);
    return std::move(*bytes);
  }

  Bytes readings(std::uint64_t count, std::int64_t value) {
    std::vector<Reading> records;
    for (std::uint64_t i = 0; i < count; ++i) {
      records.push_back({.round_at = test_instant(static_cast<std::int64_t>(next_ + i) * 1000),
                         .taken_at = test_instant(static_cast<std::int64_t>(next_ + i) * 1000 + 7),
                         .meter_no = MeterNo{static_cast<std::uint16_t>(i % 5)},
                         .channel_no = ChannelNo{0},
                         .value = value + static_cast<std::int64_t>(i)});
    }
    return append(std::move(records));
  }

  Closing closing(const std::string& meter, Instant at, std::int64_t value) const {
    return {.site = log_.site,
            .gateway = log_.gateway,
            .epoch = log_.epoch,
            .seq = Seq{next_},
            .meter = MeterId{meter},
            .profile = ProfileId{"eastron-sdm630/1"},
            .channel = "energy_import",
            .unit = ChannelUnit::wh,
            .round_at = at,
            .taken_at = at + Milliseconds(120),
            .value = value,
            .raw = {0x4A01, 0xFFFE},
            .trust = ClockTrust::synced};
  }
  /// A block of closing records, given their places and sealed by `sealer`.
  Bytes closings(std::vector<Closing> records, const Signer& sealer) {
    SealedClosings sealed;
    for (std::size_t i = 0; i < records.size(); ++i) {
      records[i].seq = Seq{next_ + i};
      auto bytes = seal_closing(records[i], sealer);
      REQUIRE_MESSAGE(bytes, (bytes ? "" : bytes.error().message));
      sealed.sealed.push_back(std::move(*bytes));
    }
    return append(std::move(sealed));
  }

  Arrival arrival(Bytes bytes) const {
    return {up_topic(log_.site, log_.gateway, log_.stream), std::move(bytes), test_instant(99)};
  }
  GatewayRow row() const { return {log_.site, log_.gateway, key_.public_key(), test_instant(0)}; }

  const LogId& log() const { return log_; }
  const SigningKey& key() const { return key_; }
  std::uint64_t last() const { return next_ - 1; }
  /// The next block will claim to follow this one: a second history.
  void pretend(std::uint64_t next, Digest previous) {
    next_ = next;
    previous_ = previous;
  }

 private:
  LogId log_;
  SigningKey key_;
  std::uint64_t next_ = 1;
  Digest previous_{};
};

}  // namespace steward
