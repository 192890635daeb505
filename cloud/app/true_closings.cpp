#include "cloud/app/true_closings.hpp"

#include <algorithm>
#include <iterator>

#include "cloud/metering/true_time.hpp"
#include "contract/wire/time_record_text.hpp"

namespace steward {
namespace {

Result<TrueTimes> true_times(Store& store, const SiteId& site) {
  const auto events = store.time_records(site);
  if (!events) return events.error();
  std::vector<TimeWord> words;
  for (const auto& row : *events) {
    // One that cannot be read says nothing: without it a closing may be left out, never moved.
    if (const auto record = read_time_record(row.event)) words.push_back({row.gateway, *record});
  }
  return TrueTimes(words);
}

/// Settles one row; adds to `text` when that changed it.
Result<void> settle(Store& store, const TrueTimes& times, UtcOffset offset, ClosingRow& row,
                    std::string& text) {
  auto& closing = row.closing;
  const auto stamp = store.stamp_of(closing.site, row.log_no, closing.seq);
  if (!stamp) return stamp.error();
  const ClaimedTime claimed{closing.round_at, closing.taken_at, closing.trust, closing.quality,
                            closing.reason};
  const auto settled = times.settle(closing.gateway, claimed, *stamp, offset);
  if (settled == SettledTime{closing.round_at, closing.quality, closing.reason}) return {};
  closing.round_at = settled.at;
  closing.quality = settled.quality;
  closing.reason = settled.reason;
  text += "time " + closing.meter.text + " " + closing.channel + " " + std::to_string(ms_of(settled.at)) +
          " " + std::string(word(settled.quality)) + "\n";
  return {};
}

}  // namespace

Result<std::string> settle_times(Store& store, const SiteId& site, UtcOffset offset, Instant from, Instant to,
                                 std::vector<ClosingRow>& rows) {
  const auto times = true_times(store, site);
  if (!times) return times.error();
  std::string text;
  for (auto& row : rows) {
    if (!times->is_contested(row.closing.gateway)) continue;
    if (auto done = settle(store, *times, offset, row, text); !done) return done.error();
  }
  auto unsure = store.unsure_closings(site);
  if (!unsure) return unsure.error();
  for (auto& row : *unsure) {
    if (auto done = settle(store, *times, offset, row, text); !done) return done.error();
    if (row.closing.round_at >= from && row.closing.round_at < to) rows.push_back(std::move(row));
  }
  return text;
}

}  // namespace steward
