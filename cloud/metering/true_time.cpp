#include "cloud/metering/true_time.hpp"

#include <algorithm>
#include <cstdlib>

namespace steward {
namespace {

constexpr std::int64_t ppm = 1'000'000;
constexpr std::int64_t most_apart_ms = closing_skew.count() / 2;

std::int64_t drift_of(std::int64_t milliseconds) { return std::abs(milliseconds) * drift_ppm / ppm; }

/// Whether all words can be true of one boot: no two further apart than a bill may not notice.
bool agree(const std::vector<TimeRecord>& words) {
  const auto by_offset = [](const TimeRecord& a, const TimeRecord& b) { return a.offset_ms < b.offset_ms; };
  const auto [least, most] = std::minmax_element(words.begin(), words.end(), by_offset);
  if (least == words.end()) return true;
  return most->offset_ms - least->offset_ms <=
         most_apart_ms + drift_of(most->monotonic_ms - least->monotonic_ms);
}

Instant nearest_midnight(Instant at, UtcOffset offset) {
  return std::chrono::round<std::chrono::days>(at + offset) - offset;
}

}  // namespace

TrueTimes::TrueTimes(std::span<const TimeWord> words) {
  std::map<std::pair<GatewayId, Uuid>, std::vector<TimeRecord>> all;
  for (const auto& [gateway, record] : words) all[{gateway, record.boot}].push_back(record);
  for (auto& [whose, said] : all) {
    if (!agree(said)) contested_[whose.first] = true;
    Boot boot;
    std::ranges::copy_if(said, std::back_inserter(boot.words),
                         [](const TimeRecord& one) { return one.teller == TimeTeller::cloud; });
    if (boot.words.empty()) boot.words = std::move(said);
    boot.sound = agree(boot.words);
    boots_.emplace(whose, std::move(boot));
  }
}

bool TrueTimes::is_contested(const GatewayId& gateway) const { return contested_.contains(gateway); }

std::optional<DerivedTime> TrueTimes::of(const GatewayId& gateway, Instant at,
                                         const ClockStamp& stamp) const {
  const auto boot = boots_.find({gateway, stamp.boot});
  if (boot == boots_.end() || !boot->second.sound) return std::nullopt;
  // The block's wall and steady clock belong together, so `at` has a place on the steady clock too.
  const auto monotonic = stamp.monotonic_ms - (stamp.wall - at).count();
  std::optional<DerivedTime> best;
  for (const auto& word : boot->second.words) {
    const Milliseconds unsure(word.uncertainty_ms + drift_of(monotonic - word.monotonic_ms));
    if (!best || unsure < best->uncertainty)
      best = DerivedTime{instant_from_ms(word.offset_ms + monotonic), unsure};
  }
  return best;
}

SettledTime TrueTimes::settle(const GatewayId& gateway, const ClaimedTime& claimed,
                              const std::optional<ClockStamp>& stamp, UtcOffset offset) const {
  const SettledTime as_said{claimed.round_at, claimed.quality, claimed.reason};
  if (claimed.trust == ClockTrust::stepped) return as_said;
  if (claimed.trust == ClockTrust::synced && !is_contested(gateway)) return as_said;
  const auto derived = stamp ? of(gateway, claimed.taken_at, *stamp) : std::nullopt;
  // One boot of a gateway was contested, and this closing's has no word at all: what it says of itself
  // stands.
  const bool unheard = stamp && !boots_.contains({gateway, stamp->boot});
  if (claimed.trust == ClockTrust::synced && unheard) return as_said;
  const bool for_clock = claimed.quality == Quality::suspect && claimed.reason == Reason::clock;
  const bool usable = claimed.quality == Quality::good || for_clock;
  if (derived) {
    const auto midnight = nearest_midnight(derived->at, offset);
    const auto off = std::chrono::abs(derived->at - midnight) + derived->uncertainty;
    if (off <= closing_skew) {
      if (usable) return {midnight, Quality::good, Reason::none};
      return {midnight, claimed.quality, claimed.reason};
    }
  }
  if (!usable) return as_said;
  return {claimed.round_at, Quality::suspect, Reason::clock};
}

}  // namespace steward
