#include "edge/poll/bus_notes.hpp"

#include <algorithm>

#include "contract/text/doubt_text.hpp"
#include "contract/wire/limits.hpp"

namespace steward {
namespace {

constexpr std::size_t most_anchors = 1024;

}  // namespace

void WallTimes::note(Ticks ticks, Instant wall) {
  anchors_.push_back({ticks, wall});
  if (anchors_.size() > most_anchors) anchors_.pop_front();
}

Instant WallTimes::at(Ticks ticks) const {
  if (anchors_.empty()) return Instant{};  // nothing is known: as early as can be
  auto after = std::upper_bound(anchors_.begin(), anchors_.end(), ticks,
                                [](Ticks at, const Anchor& anchor) { return at < anchor.ticks; });
  const auto& before = after == anchors_.begin() ? anchors_.front() : *std::prev(after);
  auto wall = before.wall + std::chrono::floor<Milliseconds>(ticks - before.ticks);
  // A wall clock that was stepped back since has two such instants: the earlier one.
  for (; after != anchors_.end(); ++after) wall = std::min(wall, after->wall);
  return wall;
}

EdgeEvent event_of(const BusNotice& notice, const std::string& subject, Instant since, Instant now) {
  const auto event = [&](std::string_view kind, std::string detail) {
    return EdgeEvent{now, std::string(kind), subject, std::move(detail)};
  };
  switch (notice.kind) {
    case BusNotice::Kind::slow: return event("unit_slow", notice.detail);
    case BusNotice::Kind::beyond: return event("time_unsure", doubt_detail({since, now, notice.detail}));
    case BusNotice::Kind::clash:
      return event("unit_clash", doubt_detail({since, std::nullopt, notice.detail}));
    case BusNotice::Kind::exchanged:
      return event("unit_exchanged", doubt_detail({since, std::nullopt, notice.detail}));
    case BusNotice::Kind::foreign_master: return event("second_master", notice.detail);
    case BusNotice::Kind::refuses_probe: return event("probe_refused", notice.detail);
  }
  return event("unit_slow", notice.detail);
}

std::string with_advice(std::string sentence, const Advice& advice) {
  if (advice.trouble == Trouble::none) return sentence;
  for (const auto& next : {"; next: " + advice.en, " / " + advice.zh}) {
    if (sentence.size() + next.size() <= wire_limit::sentence_bytes) sentence += next;
  }
  return sentence;
}

}  // namespace steward
