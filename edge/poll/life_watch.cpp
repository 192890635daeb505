#include "edge/poll/life_watch.hpp"

#include <algorithm>

#include "contract/text/meter_event_text.hpp"
#include "drivers/decode/wide.hpp"
#include "edge/poll/poll_plan.hpp"

namespace steward {
namespace {

constexpr std::uint64_t ms_per_hour = 3'600'000;
/// A year at the fastest rate a profile may name stays far inside 63 bits.
constexpr std::int64_t most_ever = std::int64_t{1} << 52U;

MeterEventKind kind_of_fall(const ProfileChannel& channel, const LifeMark& before, const LifeMark& now,
                            std::int64_t most) {
  const bool on_dial = channel.modulus > before.value;
  if (on_dial && most > 0 && channel.modulus - before.value + now.value <= most)
    return MeterEventKind::rollover;
  return now.value <= std::max(most, channel.step) ? MeterEventKind::reset : MeterEventKind::fell;
}

/// The billed register as last believed: where the old ratio ends if a person confirms the change.
void add_register(MeterEvent& found, const Profile& profile, const LifeNotes& notes) {
  for (const auto& channel : profile.channels) {
    const auto mark = notes.marks.find(channel.no);
    if (!is_billed(channel) || mark == notes.marks.end() || mark->second.value < 0) continue;
    found.channel = channel.name;
    found.old_register = mark->second.value;
    return;
  }
}

std::optional<Ratio> as_ratio(std::int64_t value) {
  if (value < 1 || value > meter_event_limit::ratio) return std::nullopt;
  return Ratio{value, 1};
}

}  // namespace

std::int64_t most_between(const ProfileChannel& channel, Instant from, Instant to) {
  if (channel.max_rate <= 0 || to < from) return 0;
  const Wide count =
      product(static_cast<std::uint64_t>(channel.max_rate), static_cast<std::uint64_t>((to - from).count()));
  const Wide rise = divide(count + Wide{0, ms_per_hour - 1}, Wide{0, ms_per_hour}).quotient;
  if (rise > Wide{0, static_cast<std::uint64_t>(most_ever)}) return most_ever;
  return std::max(static_cast<std::int64_t>(rise.low), channel.step);
}

std::optional<MeterEvent> life_between(const MeterId& meter, const ProfileChannel& channel,
                                       const LifeMark& before, const LifeMark& now) {
  if (now.round_at < before.round_at) return std::nullopt;  // the clock was set back: nothing can be said
  MeterEvent event{MeterEventKind::fell, meter, channel.name, now.round_at, before.round_at};
  if (channel.unit == ChannelUnit::ratio) {
    event.old_ratio = as_ratio(before.value);
    event.new_ratio = as_ratio(now.value);
    if (before.value == now.value || !event.old_ratio || !event.new_ratio) return std::nullopt;
    event.kind = MeterEventKind::ratio_change;
    event.why = channel.name;
    event.channel.clear();
    return event;
  }
  if (!channel.cumulative || now.value >= before.value || now.value < 0) return std::nullopt;
  const auto most = most_between(channel, before.round_at, now.round_at);
  event.kind = kind_of_fall(channel, before, now, most);
  event.old_register = before.value;
  event.new_register = now.value;
  if (event.kind == MeterEventKind::rollover) {
    event.modulus = channel.modulus;
    event.most = most;
  }
  return event;
}

std::optional<MeterEvent> note_life(LifeNotes& notes, const MeterId& meter, const Profile& profile,
                                    const ProfileChannel& channel, const LifeMark& now, Quality quality,
                                    Reason reason) {
  const bool has_life = is_billed(channel) || channel.unit == ChannelUnit::ratio;
  const bool believed = quality == Quality::good || (quality == Quality::suspect &&
                                                     (reason == Reason::backwards || reason == Reason::skew));
  if (!has_life || !believed) return std::nullopt;
  std::optional<MeterEvent> found;
  const auto before = notes.marks.find(channel.no);
  if (before != notes.marks.end()) found = life_between(meter, channel, before->second, now);
  if (found && found->kind == MeterEventKind::ratio_change) add_register(*found, profile, notes);
  if (found && wrong_with(*found) != nullptr) found.reset();
  if (found && found->kind != MeterEventKind::rollover) notes.finding = found;
  notes.marks.insert_or_assign(channel.no, now);
  return found;
}

void explain_life(LifeNotes& notes, const Profile& profile, std::optional<LifeMark> mark) {
  notes = {};
  if (!mark) return;
  for (const auto& channel : profile.channels) {
    if (is_billed(channel)) notes.marks.insert_or_assign(channel.no, *mark);
  }
}

}  // namespace steward
