// One read of one meter between the rounds: what a technician compares with the display.
#include <algorithm>

#include "drivers/decode/decode.hpp"
#include "edge/poll/round.hpp"

namespace steward {
namespace {

using namespace std::chrono_literals;

/// A round that is under way is waited for so long; then the read takes its turn in between.
constexpr std::chrono::seconds round_patience{60};
/// A quarantined meter may be probed after its D, which is mostly 3 s.
constexpr std::chrono::seconds quarantine_patience{25};
constexpr Milliseconds glance{50};
constexpr unsigned most_tries = 3;

/// The words one channel has of a read's. Of an item the offset counts bytes, which are paired anew.
Words channel_words(const Words& words, const RegisterSpan& read, const PlannedChannel& planned,
                    const RegisterSpan& channel) {
  if (!read.is_item()) {
    const auto mine = std::span(words).subspan(planned.offset, channel.count);
    return Words(mine.begin(), mine.end());
  }
  const auto byte = [&](std::size_t at) {
    return static_cast<std::uint16_t>(at % 2 == 0 ? words[at / 2] >> 8 : words[at / 2] & 0xFF);
  };
  Words mine;
  for (std::size_t at = 0; at < channel.count; at += 2) {
    const std::size_t from = planned.offset + at;
    const auto low = at + 1 < channel.count ? byte(from + 1) : std::uint16_t{0};
    mine.push_back(static_cast<std::uint16_t>((byte(from) << 8) | low));
  }
  return mine;
}

const PlannedChannel* channel_in(const PlannedRead& read, ChannelNo channel) {
  const auto found = std::find_if(read.channels.begin(), read.channels.end(),
                                  [&](const PlannedChannel& planned) { return planned.channel == channel; });
  return found == read.channels.end() ? nullptr : &*found;
}

const PlannedRead* read_of(const MeterPlan& meter, ChannelNo channel) {
  for (const auto* reads : {&meter.round_reads, &meter.closing_reads, &meter.live_reads})
    for (const auto& read : *reads)
      if (channel_in(read, channel) != nullptr) return &read;
  return nullptr;
}

/// The channel of that name; of no name, the billed one, else the first that is asked.
const ProfileChannel* channel_of(const MeterPlan& meter, std::string_view name) {
  if (!name.empty()) return meter.profile->channel(name);
  const ProfileChannel* first = nullptr;
  for (const auto& channel : meter.profile->channels) {
    if (read_of(meter, channel.no) == nullptr) continue;
    if (is_billed(channel)) return &channel;
    if (first == nullptr) first = &channel;
  }
  return first;
}

Error not_asked(const MeterPlan& meter, std::string_view name) {
  std::string names;
  for (const auto& channel : meter.profile->channels)
    if (read_of(meter, channel.no) != nullptr) names += (names.empty() ? "" : ", ") + channel.name;
  return {Fault::refused, "meter " + meter.meter.text + " is not asked for \"" + std::string(name) +
                              "\"; its channels are " + names + " / 表 " + meter.meter.text +
                              " 不采集该通道；可用通道：" + names};
}

}  // namespace

bool RoundRunner::is_due(const BusId& bus) const {
  return std::any_of(lanes_.begin(), lanes_.end(),
                     [&](const Lane& lane) { return lane.plan.bus == bus && lane.in_round; });
}

Awaitable<Result<AskedNow>> RoundRunner::ask_now(MeterId meter_id, std::string name) {
  for (auto& lane : lanes_) {
    for (std::size_t at = 0; at < lane.states.size(); ++at) {
      const auto& meter = lane.plan.meters[at];
      if (meter.meter != meter_id) continue;
      const auto* const channel = channel_of(meter, name);
      const auto* const read = channel == nullptr ? nullptr : read_of(meter, channel->no);
      if (read == nullptr) co_return not_asked(meter, name);
      auto words = co_await read_between(lane, meter.unit, read->span);
      if (!words) co_return words.error();
      AskedNow asked{&meter, channel, {}, clock_.now(), {}, {}, {}};
      asked.words = channel_words(*words, read->span, *channel_in(*read, channel->no), channel->span);
      note_neighbours(lane, at, *read, *words, asked);
      co_return asked;
    }
  }
  co_return Error{Fault::refused, "the meter list has no meter \"" + meter_id.text +
                                      "\" / 表清单中没有表 \"" + meter_id.text + "\""};
}

/// A due round goes first; a meter in quarantine is identified when its time has come.
Awaitable<Result<Words>> RoundRunner::read_between(Lane& lane, UnitAddress unit, RegisterSpan span) {
  auto until = clock_.ticks() + round_patience;
  while (lane.in_round && clock_.ticks() < until) co_await pause(glance);
  until = clock_.ticks() + quarantine_patience;
  Error why{Fault::retry, "it is still in quarantine; try again in a while / 仍在静默期，请稍后重试"};
  for (unsigned tries = 0; tries < most_tries && clock_.ticks() < until;) {
    const auto status = lane.bus->status(unit);
    if (status.standing == Standing::clean) {
      ++tries;
      auto words = co_await lane.bus->read(unit, span);
      if (words) co_return words;
      why = words.error();
      if (why.fault == Fault::unsupported) break;
    } else if (status.standing == Standing::answered || status.ready_at > clock_.ticks()) {
      co_await pause(glance);
    } else {
      ++tries;
      auto identity = co_await lane.bus->identify(unit);
      if (!identity) why = identity.error();
      if (!identity && why.fault == Fault::refused) co_await pause(glance);
    }
  }
  co_return why;
}

void RoundRunner::note_neighbours(const Lane& lane, std::size_t at, const PlannedRead& read,
                                  const Words& words, AskedNow& asked) const {
  const auto& meter = lane.plan.meters[at];
  const auto& history = lane.states[at].history;
  for (const auto& channel : meter.profile->channels) {
    std::optional<std::int64_t> value;
    if (const auto* const planned = channel_in(read, channel.no)) {
      const auto mine = channel_words(words, read.span, *planned, channel.span);
      const auto decoded = decode(channel, mine);
      if (decoded.quality != Quality::invalid) value = decoded.value;
    } else if (const auto last = history.last.find(channel.no); last != history.last.end()) {
      value = last->second.value;
    }
    if (!value) continue;
    if (channel.unit == ChannelUnit::ratio) asked.ratios.push_back(*value);
    if (channel.no != asked.channel->no && channel.unit == asked.channel->unit)
      asked.channels.emplace_back(channel.name, *value);
  }
  for (const auto& other : lanes_) {
    for (std::size_t place = 0; place < other.states.size(); ++place) {
      const auto& neighbour = other.plan.meters[place];
      if (neighbour.meter == meter.meter) continue;
      const auto* const channel = neighbour.profile->channel(asked.channel->name);
      if (channel == nullptr || channel->unit != asked.channel->unit) continue;
      const auto last = other.states[place].history.last.find(channel->no);
      if (last != other.states[place].history.last.end())
        asked.meters.emplace_back(neighbour.meter.text, last->second.value);
    }
  }
}

}  // namespace steward
