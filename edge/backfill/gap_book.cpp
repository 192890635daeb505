#include "edge/backfill/gap_book.hpp"

#include <algorithm>
#include <chrono>

namespace steward {

Instant GapBook::boundary_before(Instant at) const {
  const auto day = std::chrono::floor<std::chrono::days>(at - std::chrono::minutes(minute_));
  return std::chrono::time_point_cast<Milliseconds>(day + std::chrono::minutes(minute_));
}

void GapBook::closed(MeterNo meter, ChannelNo channel, Instant round_at) {
  known_[meter][channel].closed = round_at;
}

void GapBook::read(MeterNo meter, ChannelNo channel, LiveValue value) {
  auto& known = known_[meter][channel];
  const auto before = known.last;
  known.last = value;
  if (!before || value.taken_at <= before->taken_at) return;
  // A closing's own reading comes a moment after its boundary, so the boundary lies between the two.
  auto last = boundary_before(value.taken_at);
  if (last > before->taken_at) {
    auto& around = known.around;
    if (around.empty() || around.back() != *before) around.push_back(*before);
    around.push_back(value);
    if (around.size() > most_around) around.erase(around.begin(), around.end() - most_around);
  }
  if (known.closed == last) last -= std::chrono::days(1);
  if (last <= before->taken_at) return;
  auto [gap, fresh] = gaps_.try_emplace(meter);
  gap->second.from = fresh ? before->taken_at : std::min(gap->second.from, before->taken_at);
  auto& live = gap->second.live[channel];
  if (live.empty() || live.back() != *before) live.push_back(*before);
  live.push_back(value);
}

std::optional<BackfillWish> GapBook::wish(MeterNo meter) const {
  const auto gap = gaps_.find(meter);
  if (gap == gaps_.end()) return std::nullopt;
  return gap->second;
}

BackfillWish GapBook::wish_from(MeterNo meter, Instant from) const {
  BackfillWish wish{from, {}};
  const auto channels = known_.find(meter);
  if (channels == known_.end()) return wish;
  for (const auto& [channel, known] : channels->second) {
    auto& live = wish.live[channel];
    auto first = std::find_if(known.around.begin(), known.around.end(),
                              [&](const LiveValue& one) { return one.taken_at >= from; });
    if (first != known.around.begin()) --first;
    live.assign(first, known.around.end());
    if (known.last && (live.empty() || live.back() != *known.last)) live.push_back(*known.last);
  }
  return wish;
}

}  // namespace steward
