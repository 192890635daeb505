#include "drivers/modbus/plan.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

#include "drivers/modbus/plan_bundles.hpp"

namespace steward {
namespace {

/// The cheapest plan of the first n bundles, and where its last read begins.
struct Best {
  std::int64_t cost_us = std::numeric_limits<std::int64_t>::max();
  std::size_t reads = 0;
  std::size_t last_from = 0;
};

}  // namespace

ChannelSelection all_channels(const Profile& profile) {
  ChannelSelection selection;
  for (const auto& channel : profile.channels) selection.push_back(channel.no);
  return selection;
}

ReadCost rtu_read_cost(const LineFormat& format, std::int64_t turnaround_ms) {
  const auto us = [](std::chrono::nanoseconds time) { return (time.count() + 999) / 1000; };
  return ReadCost{us(characters(format, 8 + 5) + 2 * frame_silence(format)) + turnaround_ms * 1000,
                  us(characters(format, 2))};
}

ReadCost line_read_cost(Protocol protocol, const LineFormat& format) {
  constexpr std::int64_t thinks_ms = 20;  // DL/T 645-2007, 5.2: a reply begins after 20 ms at the earliest
  if (protocol == Protocol::modbus) return rtu_read_cost(format);
  const std::int64_t each_way = protocol == Protocol::dlt645 ? 4 + 12 + 4 : 2 + 13 + 3;
  auto cost = rtu_read_cost(format, thinks_ms);
  const auto more = characters(format, 2 * each_way - 13);
  cost.per_request_us += (more.count() + 999) / 1000;
  return cost;
}

/// Half a millisecond of round trip against 2 bytes at 100 Mbit/s, rounded up.
ReadCost tcp_read_cost() { return ReadCost{500, 1}; }

std::vector<PlannedRead> plan_reads(const Profile& profile, const ChannelSelection& selection,
                                    const ReadCost& cost) {
  if (profile.protocol != Protocol::modbus) return item_reads(profile, selection);

  // Reads of neighbours in address order suffice: if a read began inside another and
  // ended beyond it, giving its last bundle to the later one never makes either longer.
  const std::vector<Bundle> bundles = bundles_of(profile, selection);
  std::vector<Best> best(bundles.size() + 1);
  best[0] = Best{0, 0, 0};
  for (std::size_t to = 1; to <= bundles.size(); ++to) {
    RegisterSpan span = bundles[to - 1].span;
    for (std::size_t from = to; from-- > 0;) {
      if (bundles[from].span.kind != span.kind) break;
      span = spanning(span, bundles[from].span);
      if (!readable(profile, span)) break;  // further back is only longer
      const std::int64_t total = best[from].cost_us + cost.per_request_us + cost.per_word_us * span.count;
      const std::size_t reads = best[from].reads + 1;
      if (std::pair(total, reads) <= std::pair(best[to].cost_us, best[to].reads))
        best[to] = {total, reads, from};
    }
    assert(best[to].reads > 0);  // read_profile refuses what fits no request
  }
  std::vector<PlannedRead> plan;
  for (std::size_t to = bundles.size(); to > 0; to = best[to].last_from) {
    const std::size_t from = best[to].last_from;
    RegisterSpan span = bundles[from].span;
    for (std::size_t at = from; at < to; ++at) span = spanning(span, bundles[at].span);
    plan.push_back(planned(profile, span, bundles, from, to));
  }
  std::reverse(plan.begin(), plan.end());
  return plan;
}

std::vector<PlannedRead> plan_reads(const Profile& profile, const ChannelSelection& selection) {
  const Parity parity = parity_of(profile.bus.parity).value_or(Parity::none);
  return plan_reads(profile, selection,
                    line_read_cost(profile.protocol, {profile.bus.baud, parity, profile.bus.stop_bits}));
}

}  // namespace steward
