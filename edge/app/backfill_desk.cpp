#include "edge/app/backfill_desk.hpp"

#include <algorithm>

namespace steward {
namespace {

constexpr unsigned most_tries = 3;

}  // namespace

BackfillDesk::BackfillDesk(RecordWriter& writer, const Clock& clock, const SiteSetup& setup,
                           const Profiles& profiles)
    : writer_(writer), clock_(clock), gaps_(setup.rounds.closing_minute_utc) {
  rules_.utc_offset = std::chrono::minutes(setup.rounds.utc_offset_minutes);
  for (std::size_t at = 0; at < setup.meters.size(); ++at) {
    const auto profile = profiles.find(setup.meters[at].profile);
    profile_of_.push_back(profile == profiles.end() ? nullptr : &profile->second);
    number_of_[setup.meters[at].meter.text] = MeterNo{static_cast<std::uint16_t>(at)};
  }
}

void BackfillDesk::add(RegisterBus& bus, const BusPlan& plan) {
  for (const auto& meter : plan.meters)
    if (!meter.frozen.empty()) meters_.push_back({&bus, meter, {}, 0});
}

void BackfillDesk::reading(Stream stream, Reading reading) {
  const auto* profile =
      reading.meter_no.value < profile_of_.size() ? profile_of_[reading.meter_no.value] : nullptr;
  const bool counts = stream == Stream::readings && reading.quality == Quality::good && profile != nullptr &&
                      reading.channel_no.value < profile->channels.size() &&
                      is_billed(profile->channels[reading.channel_no.value]);
  if (counts) gaps_.read(reading.meter_no, reading.channel_no, {reading.value, reading.taken_at});
  writer_.reading(stream, std::move(reading));
}

void BackfillDesk::closing(Closing closing) {
  const auto number = number_of_.find(closing.meter.text);
  const auto* profile = number == number_of_.end() ? nullptr : profile_of_[number->second.value];
  const auto* channel = profile == nullptr ? nullptr : profile->channel(closing.channel);
  if (channel != nullptr && closing.quality == Quality::good)
    gaps_.closed(number->second, channel->no, closing.round_at);
  writer_.closing(std::move(closing));
}

Awaitable<void> BackfillDesk::run(std::function<bool()> go_on) {
  for (auto& meter : meters_) {
    auto wish = gaps_.wish(meter.plan.meter_no);
    if (!wish || !go_on()) continue;
    co_await fill(meter, std::move(*wish), go_on);
  }
}

Awaitable<void> BackfillDesk::fill(Meter& meter, BackfillWish wish, const std::function<bool()>& go_on) {
  const std::function<void(FrozenReading)> give = [this](FrozenReading one) {
    writer_.frozen(std::move(one));
  };
  const auto report =
      co_await backfill(*meter.bus, clock_, meter.plan, wish, rules_, go_on, meter.unserved, give);
  if (!report.whole && ++meter.tries < most_tries) co_return;
  meter.tries = 0;
  gaps_.asked(meter.plan.meter_no);
  if (!report.whole) {
    say(meter, "backfill_failed", "what it kept of an outage could not be read: " + report.why);
  } else {
    say(meter, "backfilled",
        std::to_string(report.given) + " values it kept of an outage were read, " +
            std::to_string(report.suspect) + " of them doubtful; no bill stands on one by itself");
  }
}

void BackfillDesk::say(const Meter& meter, std::string kind, std::string detail) {
  writer_.event({clock_.now(), std::move(kind), meter.plan.meter.text, std::move(detail)});
}

}  // namespace steward
