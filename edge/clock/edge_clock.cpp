#include "edge/clock/edge_clock.hpp"

#include <algorithm>
#include <cstdlib>

namespace steward {
namespace {

constexpr std::int64_t ppm = 1'000'000;
/// A record differs from the one signed before when a bill might notice.
constexpr std::int64_t same_ms = 1'000;

std::int64_t since_boot(Ticks ticks) {
  return std::chrono::floor<Milliseconds>(ticks.time_since_epoch()).count();
}

}  // namespace

std::int64_t unsure_at(const TimeRecord& record, std::int64_t monotonic_ms) {
  return record.uncertainty_ms + std::abs(monotonic_ms - record.monotonic_ms) * drift_ppm / ppm;
}

EdgeClock::EdgeClock(const TimeSource& source, const Uuid& boot, Instant floor)
    : source_(source), boot_(boot), floor_(floor) {
  const auto machine = source_.look();
  const bool possible = machine.wall >= floor_;
  offset_ms_ = ms_of(possible ? machine.wall : floor_) - since_boot(machine.ticks);
  trust_ = possible ? ClockTrust::rtc : ClockTrust::unset;
}

Instant EdgeClock::now() const { return instant_from_ms(since_boot(ticks()) + offset_ms_); }

void EdgeClock::proven(Ticks from, Ticks to, Instant at) {
  const auto trip = std::chrono::ceil<Milliseconds>(to - from);
  if (trip < Milliseconds{0} || trip > most_round_trip) return;
  floor_ = std::min(floor_, at);  // a floor that a wrong clock left is no floor
  const auto middle = since_boot(from + (to - from) / 2);
  proof_ = TimeRecord{boot_, ms_of(at) - middle, middle, trip.count() / 2 + 1, TimeTeller::cloud};
}

void EdgeClock::hear(TimeRecord told) { told_[static_cast<std::size_t>(told.teller)] = told; }

/// Whether both can be right, as far as a bill could notice.
bool EdgeClock::tellers_agree(std::int64_t monotonic_ms) const {
  const auto& [ntp, cloud] = told_;
  if (!ntp || !cloud) return true;
  const auto apart = std::abs(ntp->offset_ms - cloud->offset_ms);
  return apart <= most_unsure.count() + unsure_at(*ntp, monotonic_ms) + unsure_at(*cloud, monotonic_ms);
}

/// A time nobody confirms: the machine's, unless it is below the floor.
void EdgeClock::follow(const MachineTime& machine) {
  if (machine.wall < floor_) return;  // goes on from where it stands
  const auto offset = ms_of(machine.wall) - since_boot(machine.ticks);
  if (std::abs(offset - offset_ms_) >= jitter.count()) offset_ms_ = offset;
  trust_ = ClockTrust::rtc;
}

/// Each teller's word when it is the first, has changed, or a day has passed.
void EdgeClock::sign_news(ClockNews& news) {
  for (std::size_t at = 0; at < told_.size(); ++at) {
    const auto& told = told_[at];
    auto& before = signed_[at];
    if (!told) continue;
    const bool same = before && std::abs(told->offset_ms - before->offset_ms) <= same_ms &&
                      told->monotonic_ms - before->monotonic_ms < record_every.count();
    if (same) continue;
    before = told;
    news.records.push_back(*told);
  }
}

ClockNews EdgeClock::look() {
  const auto machine = source_.look();
  const auto monotonic = since_boot(machine.ticks);
  ClockNews news;
  news.before = trust_;
  const std::int64_t offset_before = offset_ms_;
  // Below the floor too: it is not believed then, but the cloud must see what was said.
  if (machine.synced)
    hear(
        {boot_, ms_of(machine.wall) - monotonic, monotonic, machine.most_error.count() + 1, TimeTeller::ntp});
  if (proof_) hear(*proof_);
  proof_.reset();

  const bool agreed = tellers_agree(monotonic);
  news.contradicted = !agreed && !contradicted_;
  contradicted_ = !agreed;
  const TimeRecord* best = nullptr;
  for (const auto& told : told_) {
    if (told && (best == nullptr || unsure_at(*told, monotonic) < unsure_at(*best, monotonic))) best = &*told;
  }
  const bool impossible =
      best != nullptr && best->teller == TimeTeller::ntp && best->offset_ms + monotonic < ms_of(floor_);
  if (best == nullptr) {
    follow(machine);
  } else if (impossible) {
    if (trust_ != ClockTrust::unset) trust_ = ClockTrust::rtc;
  } else if (!agreed || unsure_at(*best, monotonic) > most_unsure.count()) {
    trust_ = ClockTrust::rtc;  // goes on by itself, and says so
  } else {
    if (std::abs(best->offset_ms - offset_ms_) >= jitter.count()) offset_ms_ = best->offset_ms;
    trust_ = ClockTrust::synced;
  }
  news.after = trust_;
  news.step = Milliseconds(offset_ms_ - offset_before);
  sign_news(news);
  return news;
}

}  // namespace steward
