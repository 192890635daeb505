#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "contract/nouns/log.hpp"
#include "contract/nouns/result.hpp"
#include "edge/store/outbox.hpp"

namespace steward {

/// A gateway that read on without a network: rounds of one billing register per meter, all committed to its
/// outbox through the product's own Outbox, before the program is started again with the network back.
struct OfflineSpell {
  std::size_t meters = 200;
  std::size_t rounds = 30 * 96;                       // a month of quarter hours
  Instant from = instant_from_ms(1'777'593'600'000);  // 2026-05-01
  Milliseconds every{900'000};

  std::size_t readings() const { return meters * rounds; }
  /// What meter `m` showed in round `r`: any reading of another meter or round differs.
  static std::int64_t dial(std::size_t meter, std::size_t round) {
    return static_cast<std::int64_t>(meter * 10'000'000 + round * 17);
  }
};

inline Result<void> write_offline_month(const std::string& outbox_file, const SiteId& site,
                                        const GatewayId& gateway, const Signer& signer,
                                        const OfflineSpell& spell) {
  OutboxSetup setup;
  setup.path = outbox_file;
  setup.site = site;
  setup.gateway = gateway;
  auto outbox = Outbox::open(setup, signer);
  if (!outbox) return std::move(outbox.error());
  const ClockStamp stamp{.boot = Uuid{3}, .wall = spell.from, .trust = ClockTrust::stepped};
  std::vector<CatalogueEntry> catalogue;
  for (std::size_t meter = 0; meter < spell.meters; ++meter) {
    catalogue.push_back({MeterNo{static_cast<std::uint16_t>(meter)},
                         MeterId{"OFF-" + std::to_string(meter)},
                         ProfileId{"eastron-sdm630/1"},
                         {},
                         {{ChannelNo{0}, "energy_import", ChannelUnit::wh, true, 2, 0}}});
  }
  std::vector<Batch> batches{{Stream::readings, std::move(catalogue), stamp, {}}};
  for (std::size_t round = 0; round < spell.rounds; ++round) {
    const auto at = spell.from + spell.every * static_cast<std::int64_t>(round);
    std::vector<Reading> readings;
    for (std::size_t meter = 0; meter < spell.meters; ++meter) {
      const auto value = OfflineSpell::dial(meter, round);
      readings.push_back(
          {.round_at = at,
           .taken_at = at + Milliseconds(40 * static_cast<std::int64_t>(meter)),
           .meter_no = MeterNo{static_cast<std::uint16_t>(meter)},
           .channel_no = ChannelNo{0},
           .value = value,
           .raw = {static_cast<std::uint16_t>(value >> 16), static_cast<std::uint16_t>(value)}});
    }
    batches.push_back({Stream::readings, std::move(readings), stamp, {}});
    if (batches.size() < 96 && round + 1 < spell.rounds)
      continue;  // a day in one transaction: the test's haste
    auto appended = (*outbox)->append(batches);
    if (!appended) return std::move(appended.error());
    batches.clear();
  }
  return {};
}

}  // namespace steward
