#include "cloud/metering/doubt.hpp"

#include <algorithm>
#include <tuple>

#include "contract/text/doubt_text.hpp"

namespace steward {
namespace {

/// Ends only when a technician clears it: nothing of the meter itself says that it is over.
bool latches(std::string_view kind) { return kind == "unit_clash" || kind == "unit_exchanged"; }

}  // namespace

Doubts::Doubts(std::span<const EdgeEvent> events) {
  std::map<MeterId, std::vector<Instant>> cleared;
  for (const auto& event : events) {
    if (event.kind == doubt_cleared) cleared[MeterId(event.subject)].push_back(event.at);
  }
  for (auto& [meter, times] : cleared) std::sort(times.begin(), times.end());
  for (const auto& event : events) {
    if (std::find(std::begin(doubt_kinds), std::end(doubt_kinds), event.kind) == std::end(doubt_kinds))
      continue;
    const MeterId meter(event.subject);
    const auto said = read_doubt_detail(event.detail);
    Doubt doubt{event.kind, said ? said->since : Instant{}, event.at, said ? said->why : event.detail};
    if (said && said->until) doubt.until = *said->until;
    if (latches(event.kind)) {
      const auto& times = cleared[meter];
      const auto end = std::lower_bound(times.begin(), times.end(), event.at);
      doubt.until = end == times.end() ? Instant::max() : *end;
    }
    by_meter_[meter].push_back(std::move(doubt));
  }
  for (auto& [meter, doubts] : by_meter_) {
    std::sort(doubts.begin(), doubts.end(), [](const Doubt& a, const Doubt& b) {
      return std::tie(a.since, a.until, a.kind, a.why) < std::tie(b.since, b.until, b.kind, b.why);
    });
  }
}

const Doubt* Doubts::of(const MeterId& meter, Instant taken_at) const {
  const auto found = by_meter_.find(meter);
  if (found == by_meter_.end()) return nullptr;
  const auto& doubts = found->second;
  const auto covering = std::find_if(doubts.begin(), doubts.end(), [&](const Doubt& doubt) {
    return doubt.since <= taken_at && taken_at <= doubt.until;
  });
  return covering == doubts.end() ? nullptr : &*covering;
}

}  // namespace steward
