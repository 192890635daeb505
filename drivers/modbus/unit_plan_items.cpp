#include "drivers/modbus/unit_plan_items.hpp"

#include <algorithm>
#include <cassert>

#include "drivers/modbus/plan_bundles.hpp"

namespace steward {
namespace {

constexpr std::uint32_t twin_ser = 1U << 16;  // data is read with SER 0 and 1

std::optional<RegisterSpan> twin(RegisterSpan span) {
  if (span.kind != RegisterKind::cjt188_item) return std::nullopt;
  span.first |= twin_ser;
  return span;
}

/// An item, or registers with the shortest count from `span` on that means nothing yet.
std::optional<RegisterSpan> claimed(const Profile& profile, RegisterSpan span, Dictionary& dictionary) {
  if (span.is_item()) return dictionary.claim(span) ? std::optional(span) : std::nullopt;
  const auto step = stepped(profile, 1);
  for (std::uint32_t count = stepped(profile, span.count); count <= profile.bus.max_span; count += step) {
    span.count = static_cast<std::uint16_t>(count);
    if (!readable(profile, span)) return std::nullopt;
    if (dictionary.claim(span)) return span;
  }
  return std::nullopt;
}

/// A read that is in the plan anyway and holds the clock, or one of its own.
std::optional<PlacedRead> clock_read(const Profile& profile, Dictionary& dictionary) {
  const auto& clock = *profile.clock;
  if (const auto* item = profile.item(clock.span); clock.span.is_item() && item != nullptr) {
    const auto span = claimed(profile, item->span, dictionary);
    return span ? std::optional(PlacedRead{*span, clock.offset}) : std::nullopt;
  }
  for (const auto& entry : dictionary.entries())
    if (entry.holds(clock.span))
      return PlacedRead{entry, static_cast<std::uint16_t>(clock.span.first - entry.first)};
  const auto span = claimed(profile, clock.span, dictionary);
  return span ? std::optional(PlacedRead{*span, 0}) : std::nullopt;
}

}  // namespace

UnitPlan plan_items(const Profile& profile, const std::vector<ChannelSelection>& selections,
                    const ReadCost& cost) {
  assert(profile.bus.probe);  // read_profile gives every item meter one
  UnitPlan plan;
  plan.probe = {profile.bus.probe->spans, std::nullopt, true, true};
  for (const auto& span : plan.probe.spans)
    plan.probe.distinct = plan.dictionary.claim(span) && plan.probe.distinct;
  for (const auto& selection : selections) {
    std::vector<PlannedRead> reads;
    for (auto& read : item_reads(profile, selection)) {
      const auto other = twin(read.span);
      if (plan.dictionary.claim(read.span) && (!other || plan.dictionary.claim(*other))) {
        plan.wire_us += cost.per_request_us + cost.per_word_us * read.span.words();
        reads.push_back(std::move(read));
        continue;
      }
      WeakBlock block{read.span, {}, Weakness::no_count};
      for (const auto& place : read.channels) block.channels.push_back(place.channel);
      plan.weak.push_back(std::move(block));
    }
    plan.reads.push_back(std::move(reads));
  }
  plan.ideal_us = plan.wire_us;
  return plan;
}

void plan_history(const Profile& profile, UnitPlan& plan) {
  if (profile.frozen.empty()) return;
  if (profile.clock) plan.clock = clock_read(profile, plan.dictionary);
  for (std::size_t list = 0; list < profile.frozen.size(); ++list) {
    const auto& blocks = profile.frozen[list];
    const auto most = std::min<std::size_t>(blocks.entries, most_frozen_reads);
    const bool placed = std::all_of(
        blocks.settles.begin(), blocks.settles.end(),
        [&](const RegisterSpan& day) { return claimed(profile, day, plan.dictionary).has_value(); });
    if (!placed) continue;  // of no use without its instants
    for (std::size_t entry = 0; entry < most; ++entry) {
      FrozenRead read{list, entry, blocks.entry(entry), std::nullopt};
      if (const auto time = blocks.entry_time(entry)) {
        read.time = claimed(profile, *time, plan.dictionary);
        if (!read.time) break;
      }
      const auto span = claimed(profile, read.span, plan.dictionary);
      if (!span) break;
      read.span = *span;
      plan.frozen.push_back(read);
    }
  }
}

}  // namespace steward
