#include "drivers/modbus/plan_bundles.hpp"

#include <algorithm>
#include <cassert>
#include <map>
#include <tuple>

namespace steward {
namespace {

/// From the first register of `kind` that the profile names to the last.
RegisterSpan named(const Profile& profile, RegisterKind kind) {
  std::optional<RegisterSpan> all;
  const auto add = [&](const RegisterSpan& span) {
    if (span.kind == kind) all = all ? spanning(*all, span) : span;
  };
  for (const auto& channel : profile.channels) add(channel.span);
  if (profile.bus.probe) add(profile.bus.probe->span(0));
  return all.value_or(RegisterSpan{kind, 0, 0});
}

std::int64_t outside(const RegisterSpan& span, const RegisterSpan& map) {
  const auto below = std::max<std::int64_t>(0, std::int64_t{map.first} - span.first);
  const auto above = std::max<std::int64_t>(0, std::int64_t{span.end()} - map.end());
  return std::min<std::int64_t>(span.count, below + above);
}

}  // namespace

RegisterSpan spanning(const RegisterSpan& a, const RegisterSpan& b) {
  const auto first = std::min(a.first, b.first);
  const auto end = std::max(a.end(), b.end());
  return RegisterSpan{a.kind, first, static_cast<std::uint16_t>(end - first)};
}

std::vector<Bundle> bundles_of(const Profile& profile, const ChannelSelection& selection) {
  std::vector<Bundle> bundles;
  std::map<std::string, std::size_t> group_at;
  for (const ChannelNo no : selection) {
    assert(no.value < profile.channels.size());
    const ProfileChannel& channel = profile.channels[no.value];
    const auto [known, fresh] = channel.group.empty() ? std::pair{group_at.end(), true}
                                                      : group_at.try_emplace(channel.group, bundles.size());
    if (fresh) {
      bundles.push_back({channel.span, {no}});
    } else {
      Bundle& bundle = bundles[known->second];
      assert(bundle.span.kind == channel.span.kind);
      bundle.span = spanning(bundle.span, channel.span);
      bundle.channels.push_back(no);
    }
  }
  std::sort(bundles.begin(), bundles.end(), [](const Bundle& a, const Bundle& b) {
    return std::tuple(a.span, a.channels) < std::tuple(b.span, b.channels);
  });
  return bundles;
}

bool readable(const Profile& profile, const RegisterSpan& span) {
  if (span.count == 0 || span.count > profile.bus.max_span || span.end() > 0x10000) return false;
  return std::none_of(profile.bus.forbidden.begin(), profile.bus.forbidden.end(), [&](const auto& bad) {
    return bad.kind == span.kind && bad.first < span.end() && span.first < bad.end();
  });
}

PlannedRead planned(const Profile& profile, const RegisterSpan& span, const std::vector<Bundle>& bundles,
                    std::size_t from, std::size_t to) {
  PlannedRead read{span, {}};
  for (std::size_t at = from; at < to; ++at)
    for (const ChannelNo no : bundles[at].channels)
      read.channels.push_back(
          {no, static_cast<std::uint16_t>(profile.channels[no.value].span.first - span.first)});
  std::sort(read.channels.begin(), read.channels.end(), [](const auto& a, const auto& b) {
    return std::pair(a.offset, a.channel) < std::pair(b.offset, b.channel);
  });
  return read;
}

std::uint16_t stepped(const Profile& profile, std::uint16_t count) {
  const auto step = std::max<std::uint16_t>(1, profile.bus.count_step);
  return static_cast<std::uint16_t>((count + step - 1) / step * step);
}

std::optional<Padded> padded(const Profile& profile, const RegisterSpan& span, std::uint16_t count) {
  if (count < span.count) return std::nullopt;
  const auto step = std::max<std::uint16_t>(1, profile.bus.count_step);
  const RegisterSpan map = named(profile, span.kind);
  std::optional<Padded> best;
  for (std::uint32_t front = 0; front + span.count <= count && front <= span.first; front += step) {
    const RegisterSpan grown{span.kind, span.first - front, count};
    if (!readable(profile, grown)) continue;
    const auto unnamed = outside(grown, map);
    if (!best || unnamed < best->unnamed) best = Padded{grown, unnamed};
  }
  return best;
}

std::vector<PlannedRead> item_reads(const Profile& profile, const ChannelSelection& selection) {
  std::vector<PlannedRead> reads;
  for (const auto& item : profile.items) {
    PlannedRead read{item.span, {}};
    for (const ChannelNo no : selection) {
      const auto& channel = profile.channels[no.value];
      if (channel.span.item() == item.span.item()) read.channels.push_back({no, channel.offset});
    }
    std::sort(read.channels.begin(), read.channels.end(), [](const auto& a, const auto& b) {
      return std::pair(a.offset, a.channel) < std::pair(b.offset, b.channel);
    });
    if (!read.channels.empty()) reads.push_back(std::move(read));
  }
  return reads;
}

}  // namespace steward
