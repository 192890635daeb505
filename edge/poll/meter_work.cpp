#include "edge/poll/meter_work.hpp"

#include <algorithm>
#include <cassert>

#include "drivers/decode/cut.hpp"
#include "edge/poll/judge.hpp"

namespace steward {
namespace {

const std::vector<PlannedRead>& reads_of(const MeterPlan& meter, RoundKind kind) {
  switch (kind) {
    case RoundKind::closing: return meter.closing_reads;
    case RoundKind::live: return meter.live_reads;
    case RoundKind::plain: break;
  }
  return meter.round_reads;
}

bool billed(const MeterPlan& meter, const PlannedRead& read) {
  return std::any_of(read.channels.begin(), read.channels.end(), [&](const PlannedChannel& planned) {
    return is_billed(meter.profile->channels[planned.channel.value]);
  });
}

}  // namespace

MeterWork::MeterWork(const MeterPlan& meter, const RoundFrame& frame, const MeterHistory& history)
    : meter_(meter), frame_(frame), before_(history) {
  for (const auto& read : reads_of(meter, frame.kind)) {
    if (!history.unsupported.contains(read.span)) asks_.push_back({read.span, &read, false});
  }
  const bool known = std::all_of(asks_.begin(), asks_.end(), [&](const Ask& ask) {
    return std::all_of(ask.read->channels.begin(), ask.read->channels.end(), [&](const auto& planned) {
      return !is_billed(meter.profile->channels[planned.channel.value]) ||
             history.billed.contains(planned.channel);
    });
  });
  if (frame.kind == RoundKind::closing && !known) add_seconds();
  came_.resize(asks_.size());
}

void MeterWork::add_seconds() {
  seconds_ = true;
  const auto firsts = asks_.size();
  for (std::size_t ask = 0; ask < firsts; ++ask) {
    if (!billed(meter_, *asks_[ask].read)) continue;
    // The same place under another tag: a stale or chance-fit reply does not repeat itself so. An item
    // that has no other (DL/T 645) is asked again as it is: the bus reads the identity in between.
    const auto span = asks_[ask].span;
    const auto other = meter_.dictionary.alternate(span);
    const auto second = other || !span.is_item() ? other : span;
    if (second && !before_.unsupported.contains(*second)) asks_.push_back({*second, asks_[ask].read, true});
  }
  came_.resize(asks_.size());
}

void MeterWork::heard(std::size_t ask, Words words, Instant taken_at) {
  assert(words.size() == asks_[ask].span.words());
  came_[ask] = Came{std::move(words), taken_at};
}

MeterWork::Value MeterWork::value_of(std::size_t ask, const PlannedChannel& planned,
                                     const UnitNow& now) const {
  const auto& channel = meter_.profile->channels[planned.channel.value];
  const auto& came = *came_[ask];
  const auto mine = cut(came.words, channel.span, planned.offset);
  const auto last = before_.last.find(channel.no);
  const Sampling sampling{frame_.at, came.taken_at, frame_.skew_limit, now.trust};
  auto judged =
      judge(channel, decode(channel, mine),
            last == before_.last.end() ? std::nullopt : std::optional(last->second.value), sampling);
  const bool doubtful = now.latched || now.foreign || strange_ || before_.wrong_serial;
  if (doubtful && judged.quality == Quality::good) {
    judged.quality = Quality::suspect;
    judged.reason = now.foreign && !now.latched ? Reason::foreign : Reason::identity;
  }
  if (now.missed && judged.quality == Quality::good) {
    judged.quality = Quality::suspect;
    judged.reason = Reason::missed;
  }
  return {judged, came.taken_at, mine};
}

std::optional<SecondRead> MeterWork::second_of(const PlannedChannel& planned, Instant taken_at) const {
  const auto& channel = meter_.profile->channels[planned.channel.value];
  for (std::size_t ask = 0; ask < asks_.size(); ++ask) {
    if (!asks_[ask].second || !came_[ask]) continue;
    const auto& channels = asks_[ask].read->channels;
    if (std::find(channels.begin(), channels.end(), planned) == channels.end()) continue;
    const auto decoded = decode(channel, cut(came_[ask]->words, channel.span, planned.offset));
    if (decoded.quality != Quality::good) return std::nullopt;
    return SecondRead{decoded.value, came_[ask]->taken_at - taken_at};
  }
  return std::nullopt;
}

Grade MeterWork::grade_of(const PlannedChannel& planned, const Value& value, bool sealed,
                          const UnitNow& now) const {
  const auto& channel = meter_.profile->channels[planned.channel.value];
  Evidence evidence;
  evidence.judged = value.judged;
  evidence.sealed = sealed;
  evidence.same_device = !strange_ && !before_.wrong_serial;
  evidence.latched = now.latched;
  evidence.missed = now.missed;
  evidence.foreign = now.foreign;
  evidence.step = channel.step;
  evidence.strong = std::find(meter_.weak.begin(), meter_.weak.end(), channel.no) == meter_.weak.end();
  if (channel.max_rate > 0) evidence.max_rate = channel.max_rate;
  const auto known = before_.billed.find(channel.no);
  if (known != before_.billed.end())
    evidence.known = KnownValue{known->second.value, value.taken_at - known->second.taken_at};
  evidence.second = second_of(planned, value.taken_at);
  return grade(evidence);
}

bool MeterWork::wants_again(bool sealed, const UnitNow& now) {
  bool again = false;
  bool needs_second = false;
  for (std::size_t ask = 0; ask < asks_.size(); ++ask) {
    if (asks_[ask].second || !came_[ask]) continue;
    for (const auto& planned : asks_[ask].read->channels) {
      if (!is_billed(meter_.profile->channels[planned.channel.value])) continue;
      const auto graded = grade_of(planned, value_of(ask, planned, now), sealed, now);
      again = again || graded.again;
      needs_second = needs_second || graded.needs_second;
    }
  }
  if (needs_second && !seconds_) add_seconds();
  return again;
}

std::uint32_t MeterWork::give(std::size_t ask, const UnitNow& now, MeterHistory& history, RoundSink& sink) {
  std::uint32_t given = 0;
  for (const auto& planned : asks_[ask].read->channels) {
    const auto& channel = meter_.profile->channels[planned.channel.value];
    const auto value = value_of(ask, planned, now);
    if (frame_.kind == RoundKind::live && stream_of(channel) != Stream::telemetry) continue;
    const MeterHistory::Value kept{value.judged.value, value.taken_at, value.judged.quality == Quality::good};
    if (value.judged.quality != Quality::invalid) history.last[channel.no] = kept;
    reading(planned, value, sink);
    watch(channel, value, history, sink);
    ++given;
  }
  return given;
}

std::uint32_t MeterWork::give_all(bool sealed, const UnitNow& now, MeterHistory& history, RoundSink& sink) {
  std::uint32_t given = 0;
  for (std::size_t ask = 0; ask < asks_.size(); ++ask) {
    if (asks_[ask].second || !came_[ask]) continue;
    for (const auto& planned : asks_[ask].read->channels) {
      const auto& channel = meter_.profile->channels[planned.channel.value];
      const auto value = value_of(ask, planned, now);
      if (is_billed(channel)) {
        const auto graded = grade_of(planned, value, sealed, now);
        if (graded.quality == Quality::good) {
          history.billed[channel.no] = {value.judged.value, value.taken_at, true};
          history.last_good_closing = value.taken_at;
        }
        closing(planned, value, graded, now, sink);
      }
    }
    given += give(ask, now, history, sink);
  }
  return given;
}

void MeterWork::watch(const ProfileChannel& channel, const Value& value, MeterHistory& history,
                      RoundSink& sink) const {
  if (frame_.kind == RoundKind::live) return;
  auto found = note_life(history.life, meter_.meter, *meter_.profile, channel,
                         {value.judged.value, frame_.at}, value.judged.quality, value.judged.reason);
  if (found) sink.life(std::move(*found), meter_.meter_no, channel.no);
}

void MeterWork::reading(const PlannedChannel& planned, const Value& value, RoundSink& sink) const {
  const auto& channel = meter_.profile->channels[planned.channel.value];
  const auto round_at = frame_.kind == RoundKind::live ? value.taken_at : frame_.at;
  sink.reading(stream_of(channel), {round_at, value.taken_at, meter_.meter_no, channel.no, value.judged.value,
                                    value.judged.quality, value.judged.reason, value.raw});
}

void MeterWork::closing(const PlannedChannel& planned, const Value& value, const Grade& graded,
                        const UnitNow& now, RoundSink& sink) const {
  const auto& channel = meter_.profile->channels[planned.channel.value];
  Closing closing;
  closing.meter = meter_.meter;
  closing.profile = meter_.profile->id;
  closing.profile_hash = meter_.profile->hash;
  closing.channel = channel.name;
  closing.unit = channel.unit;
  closing.round_at = frame_.at;
  closing.taken_at = value.taken_at;
  closing.value = value.judged.value;
  closing.modulus = channel.modulus;
  closing.quality = graded.quality;
  closing.reason = graded.reason;
  closing.raw = value.raw;
  closing.trust = now.trust;
  sink.closing(std::move(closing));
}

}  // namespace steward
