#include "cloud/metering/closing.hpp"

#include <utility>

namespace steward {
namespace {

/// 0 is best; no bill stands on rank 3.
int rank(const ClosingReading& reading) {
  if (reading.quality != Quality::good) return 3;
  if (is_estimate(reading.source)) return 2;
  return reading.source == ReadingSource::gateway ? 0 : 1;
}

/// Which of two equal ones is named: any fixed order that covers every field that is shown.
auto naming_order(const ClosingReading& r) {
  return std::tie(r.source, r.gateway, r.epoch, r.seq, r.value, r.quality, r.reason, r.unit, r.modulus,
                  r.profile, r.raw, r.trust);
}

}  // namespace

void ClosingReadings::add(ClosingReading reading) {
  Key key{reading.meter, reading.channel, reading.at};
  const auto [place, fresh] = best_.try_emplace(std::move(key));
  auto& best = place->second;
  if (fresh) {
    best.reading = std::move(reading);
    return;
  }
  const int have = rank(best.reading);
  const int now = rank(reading);
  if (now > have) return;
  if (now < have) {
    best = Best{std::move(reading), false};
    return;
  }
  const auto& kept = best.reading;
  if (now < 3 && (kept.value != reading.value || kept.unit != reading.unit)) best.conflict = true;
  if (naming_order(reading) < naming_order(kept)) best.reading = std::move(reading);
}

ClosingAt ClosingReadings::find(const MeterId& meter, std::string_view channel, Instant at) const {
  const auto found = best_.find(Key{meter, std::string(channel), at});
  if (found == best_.end()) return {};
  return {&found->second.reading, found->second.conflict};
}

const ClosingReading* ClosingReadings::first_good(const MeterId& meter, std::string_view channel,
                                                  Instant from, Instant before) const {
  for (auto place = best_.lower_bound(Key{meter, std::string(channel), from}); place != best_.end();
       ++place) {
    const auto& [reading, conflict] = place->second;
    if (reading.meter != meter || reading.channel != channel || reading.at >= before) return nullptr;
    if (rank(reading) < 3 && !conflict) return &reading;
  }
  return nullptr;
}

}  // namespace steward
