#include "drivers/modbus/plan.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <random>

#include "tests/unit/drivers/channels.hpp"

using namespace steward;

namespace {

Profile map_of(const std::vector<RegisterSpan>& spans, std::uint16_t max_span = max_span_words) {
  Profile profile;
  profile.bus.max_span = max_span;
  for (const auto& span : spans) {
    ProfileChannel channel;
    channel.no = ChannelNo{static_cast<std::uint8_t>(profile.channels.size())};
    channel.name = "c" + std::to_string(profile.channels.size());
    channel.span = span;
    profile.channels.push_back(channel);
  }
  return profile;
}

RegisterSpan holding(std::uint16_t first, std::uint16_t count) {
  return {RegisterKind::holding, first, count};
}
RegisterSpan input(std::uint16_t first, std::uint16_t count) { return {RegisterKind::input, first, count}; }

std::vector<RegisterSpan> spans_of(const std::vector<PlannedRead>& plan) {
  std::vector<RegisterSpan> spans;
  for (const auto& read : plan) spans.push_back(read.span);
  return spans;
}

bool touches_forbidden(const Profile& profile, const RegisterSpan& span) {
  return std::any_of(profile.bus.forbidden.begin(), profile.bus.forbidden.end(),
                     [&](const RegisterSpan& bad) {
                       for (std::uint32_t at = span.first; at < span.end(); ++at)
                         if (bad.kind == span.kind && at >= bad.first && at < bad.end()) return true;
                       return false;
                     });
}

/// What must hold of any plan, whatever it costs.
void check_plan(const Profile& profile, const ChannelSelection& selection,
                const std::vector<PlannedRead>& plan) {
  std::vector<int> seen(profile.channels.size(), 0);
  std::vector<std::pair<std::string, std::size_t>> group_read;
  for (std::size_t at = 0; at < plan.size(); ++at) {
    CHECK(plan[at].span.count >= 1);
    CHECK(plan[at].span.count <= profile.bus.max_span);
    CHECK_FALSE(touches_forbidden(profile, plan[at].span));
    for (const auto& place : plan[at].channels) {
      const auto& channel = profile.channels[place.channel.value];
      ++seen[place.channel.value];
      CHECK(plan[at].span.holds(channel.span));
      CHECK(plan[at].span.first + place.offset == channel.span.first);
      if (channel.group.empty()) continue;
      for (const auto& [group, read] : group_read)
        if (group == channel.group) CHECK(read == at);
      group_read.emplace_back(channel.group, at);
    }
  }
  for (const auto& channel : profile.channels) {
    const bool wanted = std::find(selection.begin(), selection.end(), channel.no) != selection.end();
    CHECK(seen[channel.no.value] == (wanted ? 1 : 0));
  }
}

std::int64_t cost_of(const std::vector<PlannedRead>& plan, const ReadCost& cost) {
  std::int64_t total = 0;
  for (const auto& read : plan) total += cost.per_request_us + cost.per_word_us * read.span.count;
  return total;
}

/// The cheapest of ALL ways to put the channels into reads: channel `at` joins any
/// read there is, or begins one. Knows nothing of address order.
void try_all(const Profile& profile, const ReadCost& cost, std::size_t at,
             std::vector<std::vector<std::size_t>>& reads, std::int64_t& best) {
  if (at == profile.channels.size()) {
    std::int64_t total = 0;
    for (const auto& read : reads) {
      std::uint32_t first = 0xFFFF;
      std::uint32_t end = 0;
      for (const auto no : read) {
        const auto& span = profile.channels[no].span;
        if (span.kind != profile.channels[read[0]].span.kind) return;
        first = std::min<std::uint32_t>(first, span.first);
        end = std::max(end, span.end());
      }
      const RegisterSpan span{profile.channels[read[0]].span.kind, static_cast<std::uint16_t>(first),
                              static_cast<std::uint16_t>(end - first)};
      if (span.count > profile.bus.max_span || touches_forbidden(profile, span)) return;
      total += cost.per_request_us + cost.per_word_us * span.count;
    }
    for (std::size_t a = 0; a < reads.size(); ++a)
      for (std::size_t b = a + 1; b < reads.size(); ++b)
        for (const auto x : reads[a])
          for (const auto y : reads[b])
            if (!profile.channels[x].group.empty() && profile.channels[x].group == profile.channels[y].group)
              return;
    best = std::min(best, total);
    return;
  }
  for (std::size_t into = 0; into <= reads.size(); ++into) {
    if (into == reads.size()) reads.emplace_back();
    reads[into].push_back(at);
    try_all(profile, cost, at + 1, reads, best);
    reads[into].pop_back();
    if (reads[into].empty()) {
      reads.pop_back();
      break;
    }
  }
}

}  // namespace

TEST_SUITE("drivers/modbus/plan") {
  TEST_CASE("neighbours come in one request, each at its place") {
    const Profile profile = map_of({holding(10, 2), holding(12, 1), holding(13, 4)});
    const auto plan = plan_reads(profile, all_channels(profile));
    REQUIRE(plan.size() == 1);
    CHECK(plan[0].span == holding(10, 7));
    CHECK(plan[0].channels ==
          std::vector<PlannedChannel>{{ChannelNo{0}, 0}, {ChannelNo{1}, 2}, {ChannelNo{2}, 3}});
  }

  TEST_CASE("a gap is read when that costs less wire than another request") {
    const ReadCost cost{1000, 100};
    CHECK(spans_of(plan_reads(map_of({holding(0, 1), holding(10, 1)}), {ChannelNo{0}, ChannelNo{1}}, cost)) ==
          std::vector{holding(0, 11)});  // 9 words = 900 us < 1000 us
    CHECK(spans_of(plan_reads(map_of({holding(0, 1), holding(12, 1)}), {ChannelNo{0}, ChannelNo{1}}, cost)) ==
          std::vector{holding(0, 1), holding(12, 1)});  // 11 words = 1100 us
    CHECK(spans_of(plan_reads(map_of({holding(0, 1), holding(11, 1)}), {ChannelNo{0}, ChannelNo{1}}, cost)) ==
          std::vector{holding(0, 12)});  // equal: fewer requests
  }

  TEST_CASE("a slow line fills larger gaps than a fast one that waits for its device less") {
    const auto slow = rtu_read_cost({2400, Parity::even, 1}, 10);
    const auto fast = rtu_read_cost({115200, Parity::none, 1}, 10);
    CHECK(slow.per_request_us == 101667);  // 13 characters of 11 bits, 2 x T3.5, 10 ms
    CHECK(slow.per_word_us == 9167);
    CHECK(fast.per_request_us / fast.per_word_us > slow.per_request_us / slow.per_word_us);
    CHECK(tcp_read_cost().per_request_us > 100 * tcp_read_cost().per_word_us);
  }

  TEST_CASE("no request is longer than the profile allows, none mixes kinds") {
    const Profile profile = map_of({input(0, 2), input(2, 2), input(4, 2), holding(0, 2), holding(2, 2)}, 4);
    const auto plan = plan_reads(profile, all_channels(profile), {1000, 1});
    check_plan(profile, all_channels(profile), plan);
    CHECK(plan.size() == 3);
  }

  TEST_CASE("a forbidden register is never padding") {
    Profile profile = map_of({holding(0, 1), holding(4, 1)});
    profile.bus.forbidden = {holding(2, 1)};
    CHECK(plan_reads(profile, all_channels(profile), {1000, 1}).size() == 2);
    profile.bus.forbidden = {input(2, 1)};
    CHECK(plan_reads(profile, all_channels(profile), {1000, 1}).size() == 1);
  }

  TEST_CASE("channels of one group come in one reply, however far apart") {
    Profile profile = map_of({holding(0, 1), holding(50, 1), holding(100, 1)});
    profile.channels[0].group = profile.channels[2].group = "bill";
    const ReadCost cost{10, 100};  // gaps are dear here
    const auto plan = plan_reads(profile, all_channels(profile), cost);
    CHECK(spans_of(plan) == std::vector{holding(0, 101)});
    check_plan(profile, all_channels(profile), plan);
    // Without the group each would be read for itself.
    profile.channels[0].group.clear();
    CHECK(plan_reads(profile, all_channels(profile), cost).size() == 3);
  }

  TEST_CASE("only what is selected is read") {
    const Profile profile = map_of({holding(0, 2), holding(2, 2), holding(4, 2)});
    CHECK(spans_of(plan_reads(profile, {ChannelNo{1}})) == std::vector{holding(2, 2)});
    CHECK(plan_reads(profile, {}).empty());
  }

  TEST_CASE("the last register of a device can be read") {
    const Profile profile = map_of({holding(0xFFFF, 1), holding(0xFFFE, 1)});
    CHECK(spans_of(plan_reads(profile, all_channels(profile))) == std::vector{holding(0xFFFE, 2)});
  }

  TEST_CASE("the shipped meters need this many requests") {
    CHECK(plan_reads(shipped("eastron-sdm630"), all_channels(shipped("eastron-sdm630"))).size() == 3);
    CHECK(plan_reads(shipped("acrel-adl400"), all_channels(shipped("acrel-adl400"))).size() == 6);
    CHECK(plan_reads(shipped("tuf-2000"), all_channels(shipped("tuf-2000"))).size() == 5);
    for (const char* name : {"eastron-sdm630", "acrel-adl400", "tuf-2000"}) {
      const Profile profile = shipped(name);
      check_plan(profile, all_channels(profile), plan_reads(profile, all_channels(profile)));
    }
  }

  TEST_CASE("no other way to read a small map is cheaper") {
    std::mt19937 pick(1);
    for (int round = 0; round < 400; ++round) {
      std::vector<RegisterSpan> spans;
      const std::size_t count = 1 + pick() % 7;
      for (std::size_t at = 0; at < count; ++at)
        spans.push_back({pick() % 4 == 0 ? RegisterKind::input : RegisterKind::holding,
                         static_cast<std::uint16_t>(pick() % 40),
                         static_cast<std::uint16_t>(1 + pick() % 4)});
      Profile profile = map_of(spans, static_cast<std::uint16_t>(pick() % 2 == 0 ? 44 : 8 + pick() % 20));
      if (pick() % 2 == 0) {
        const RegisterSpan bad = holding(static_cast<std::uint16_t>(pick() % 40), 1);
        const bool hits = std::any_of(spans.begin(), spans.end(), [&](const RegisterSpan& span) {
          return span.kind == bad.kind && bad.first < span.end() && span.first < bad.end();
        });
        if (!hits) profile.bus.forbidden = {bad};
      }
      // A group only where one request can hold it: read_profile refuses others.
      if (count >= 2 && profile.bus.forbidden.empty() && profile.bus.max_span == 44 &&
          spans[0].kind == spans[1].kind)
        profile.channels[0].group = profile.channels[1].group = "g";
      const ReadCost cost{static_cast<std::int64_t>(pick() % 2000),
                          1 + static_cast<std::int64_t>(pick() % 200)};
      const auto plan = plan_reads(profile, all_channels(profile), cost);
      check_plan(profile, all_channels(profile), plan);
      std::int64_t best = std::numeric_limits<std::int64_t>::max();
      std::vector<std::vector<std::size_t>> reads;
      try_all(profile, cost, 0, reads, best);
      INFO("round ", round);
      CHECK(cost_of(plan, cost) == best);
    }
  }
}
