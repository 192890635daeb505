#include "drivers/modbus/unit_plan.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <random>
#include <set>

#include "tests/unit/drivers/channels.hpp"

using namespace steward;

namespace {

using Lists = std::vector<ChannelSelection>;
using TagKey = std::pair<RegisterKind, std::uint16_t>;
constexpr ReadCost slow{27'500, 2'083};  // 9600 8N1

RegisterSpan holding(std::uint16_t first, std::uint16_t count) {
  return {RegisterKind::holding, first, count};
}

Profile map_of(const std::vector<RegisterSpan>& spans) {
  Profile profile;
  for (const auto& span : spans) {
    ProfileChannel channel;
    channel.no = ChannelNo{static_cast<std::uint8_t>(profile.channels.size())};
    channel.name = "c" + std::to_string(profile.channels.size());
    channel.span = span;
    profile.channels.push_back(channel);
  }
  return profile;
}

bool allowed(const Profile& profile, const RegisterSpan& span) {
  if (span.count == 0 || span.count > profile.bus.max_span || span.end() > 0x10000) return false;
  for (const auto& bad : profile.bus.forbidden)
    for (std::uint32_t at = span.first; at < span.end(); ++at)
      if (bad.kind == span.kind && at >= bad.first && at < bad.end()) return false;
  return span.count % profile.bus.count_step == 0;
}

std::vector<RegisterSpan> spans_of(const std::vector<PlannedRead>& reads) {
  std::vector<RegisterSpan> spans;
  for (const auto& read : reads) spans.push_back(read.span);
  return spans;
}

/// What must hold of every plan, whatever it costs.
void check_unit(const Profile& profile, const Lists& selections, const UnitPlan& plan) {
  // Each tag means one start; everything that is asked is in the dictionary.
  std::map<TagKey, std::uint16_t> start_of;
  for (const auto& span : plan.dictionary.entries()) {
    CHECK(start_of.emplace(TagKey{span.kind, span.count}, span.first).second);
    if (plan.probe.distinct) CHECK(allowed(profile, span));
  }
  for (const auto& probe : plan.probe.spans) CHECK(plan.dictionary.serves(probe));
  if (plan.probe.distinct) {
    CHECK(plan.probe.spans[0].first == plan.probe.spans[1].first);
    CHECK(plan.probe.spans[0].count != plan.probe.spans[1].count);
  }
  REQUIRE(plan.reads.size() == selections.size());
  for (std::size_t list = 0; list < selections.size(); ++list) {
    const auto& reads = plan.reads[list];
    std::vector<int> seen(profile.channels.size(), 0);
    for (std::size_t at = 0; at < reads.size(); ++at) {
      const auto& span = reads[at].span;
      CHECK(plan.dictionary.serves(span));
      for (const auto& probe : plan.probe.spans)
        if (plan.probe.distinct) CHECK(TagKey{probe.kind, probe.count} != TagKey{span.kind, span.count});
      const auto& next = reads[(at + 1) % reads.size()].span;
      if (next == span) {
        const bool excused = std::any_of(plan.weak.begin(), plan.weak.end(), [&](const WeakBlock& weak) {
          return weak.span == span && weak.why == Weakness::no_alternate;
        });
        CHECK((excused || plan.dictionary.alternate(span).has_value()));
      }
      for (const auto& place : reads[at].channels) {
        const auto& channel = profile.channels[place.channel.value];
        ++seen[place.channel.value];
        CHECK(span.first + place.offset == channel.span.first);
        CHECK(place.offset + channel.span.count <= span.count);
        CHECK((span.kind == channel.span.kind || profile.bus.double_fc));
      }
    }
    for (const auto& channel : profile.channels) {
      const auto& wanted = selections[list];
      if (std::find(wanted.begin(), wanted.end(), channel.no) == wanted.end())
        CHECK(seen[channel.no.value] == 0);
      else
        CHECK((seen[channel.no.value] == 1 || !plan.strong(channel.no)));
    }
  }
}

/// The cheapest of all ways to cut the lists and of all ways to pad each read.
class AllWays {
 public:
  AllWays(const Profile& profile, const Lists& selections, const ReadCost& cost)
      : profile_(profile), cost_(cost) {
    for (const auto& selection : selections) {
      std::vector<RegisterSpan> spans;
      for (const ChannelNo no : selection) spans.push_back(profile.channels[no.value].span);
      std::sort(spans.begin(), spans.end());
      lists_.push_back(spans);
    }
    if (profile.bus.probe)
      for (const std::size_t which : {0U, 1U}) {
        const auto span = profile.bus.probe->span(which);
        probes_.push_back({span.kind, span.count});
      }
  }

  std::int64_t least() {
    for (const auto& spans : lists_) {
      std::vector<std::int64_t> left(spans.size() + 1, 0);
      for (auto from = spans.size(); from-- > 0;) {
        left[from] = std::numeric_limits<std::int64_t>::max() / 4;
        auto end = spans[from].end();
        for (auto to = from; to < spans.size() && spans[to].kind == spans[from].kind; ++to) {
          end = std::max(end, spans[to].end());
          left[from] = std::min(left[from], left[to + 1] + cost_.per_request_us +
                                                cost_.per_word_us * (end - spans[from].first));
        }
      }
      left_.push_back(left);
    }
    go(0, 0, 0);
    return best_;
  }

 private:
  void go(std::size_t list, std::size_t from, std::int64_t spent) {
    std::int64_t at_least = spent;
    for (auto later = list; later < lists_.size(); ++later)
      at_least += left_[later][later == list ? from : 0];
    if (at_least >= best_) return;
    if (list == lists_.size()) {
      best_ = spent;
      return;
    }
    const auto& spans = lists_[list];
    if (from == spans.size()) return go(list + 1, 0, spent);
    auto need = spans[from];
    for (auto to = from; to < spans.size() && spans[to].kind == need.kind; ++to) {
      const auto end = std::max(need.end(), spans[to].end());
      need.count = static_cast<std::uint16_t>(end - need.first);
      if (need.count > profile_.bus.max_span) break;
      pad(list, to + 1, spent, need);
    }
  }

  void pad(std::size_t list, std::size_t next, std::int64_t spent, const RegisterSpan& need) {
    for (std::uint16_t count = need.count; count <= profile_.bus.max_span; ++count) {
      // A device that serves whole steps keeps to them at the front too.
      for (std::uint32_t front = 0; front + need.count <= count && front <= need.first;
           front += profile_.bus.count_step) {
        for (const auto kind : {RegisterKind::holding, RegisterKind::input}) {
          if (kind != need.kind && !profile_.bus.double_fc) continue;
          const RegisterSpan span{kind, need.first - front, count};
          if (!allowed(profile_, {need.kind, span.first, count}) || !allowed(profile_, span)) continue;
          const TagKey tag{kind, count};
          if (std::find(probes_.begin(), probes_.end(), tag) != probes_.end()) continue;
          if (!in_list_.insert({list, tag}).second) continue;  // no request twice in one list
          const auto [at, fresh] = meaning_.emplace(tag, span.first);
          if (at->second == span.first)
            go(list, next, spent + cost_.per_request_us + cost_.per_word_us * count);
          in_list_.erase({list, tag});
          if (fresh) meaning_.erase(at);
        }
      }
    }
  }

  const Profile& profile_;
  const ReadCost& cost_;
  std::vector<std::vector<RegisterSpan>> lists_;
  std::vector<TagKey> probes_;
  std::vector<std::vector<std::int64_t>> left_;  // per list and channel: what is to come costs at least
  std::map<TagKey, std::uint16_t> meaning_;
  std::set<std::pair<std::size_t, TagKey>> in_list_;
  std::int64_t best_ = std::numeric_limits<std::int64_t>::max();
};

/// A random map of a few channels within `room` addresses, with all that a profile may forbid.
Profile random_map(std::mt19937& pick, std::size_t most_channels, unsigned room) {
  std::vector<RegisterSpan> spans;
  const std::size_t count = 1 + pick() % most_channels;
  for (std::size_t at = 0; at < count; ++at)
    spans.push_back({pick() % 5 == 0 ? RegisterKind::input : RegisterKind::holding,
                     static_cast<std::uint16_t>(pick() % room), static_cast<std::uint16_t>(1 + pick() % 3)});
  Profile profile = map_of(spans);
  profile.bus.max_span = static_cast<std::uint16_t>(4 + pick() % 8);
  profile.bus.count_step = pick() % 4 == 0 ? 2 : 1;
  profile.bus.double_fc = pick() % 4 == 0;
  if (pick() % 3 == 0) {
    const RegisterSpan bad = holding(static_cast<std::uint16_t>(pick() % room), 1);
    const bool hits = std::any_of(spans.begin(), spans.end(), [&](const RegisterSpan& span) {
      return span.kind == bad.kind && bad.first < span.end() && span.first < bad.end();
    });
    if (!hits) profile.bus.forbidden = {bad};
  }
  {
    const auto step = profile.bus.count_step;
    profile.bus.probe = ProbeHints{};
    profile.bus.probe->spans = {holding(100, step), holding(100, static_cast<std::uint16_t>(2 * step))};
  }
  return profile;
}

}  // namespace

TEST_SUITE("drivers/modbus/unit_plan") {
  TEST_CASE("four blocks of ten are asked as ten, eleven, twelve and thirteen") {
    const Profile profile = map_of({holding(0, 4), holding(4, 4), holding(8, 2), holding(100, 4),
                                    holding(104, 4), holding(108, 2), holding(200, 4), holding(204, 4),
                                    holding(208, 2), holding(300, 4), holding(304, 4), holding(308, 2)});
    const auto plan = plan_unit(profile, {all_channels(profile)}, slow);
    check_unit(profile, {all_channels(profile)}, plan);
    REQUIRE(plan.reads[0].size() == 4);
    std::vector<std::uint16_t> counts;
    for (const auto& read : plan.reads[0]) counts.push_back(read.span.count);
    std::sort(counts.begin(), counts.end());
    CHECK(counts == std::vector<std::uint16_t>{10, 11, 12, 13});
    CHECK(plan.weak.empty());
    CHECK(plan.wire_us - plan.ideal_us == 6 * slow.per_word_us);
  }

  TEST_CASE("a unit with one block alternates it with the next count") {
    const Profile profile = map_of({holding(72, 4)});
    const auto plan = plan_unit(profile, {all_channels(profile)}, slow);
    check_unit(profile, {all_channels(profile)}, plan);
    CHECK(spans_of(plan.reads[0]) == std::vector{holding(72, 4)});
    CHECK(plan.dictionary.alternate(holding(72, 4)) == holding(72, 5));
    CHECK(plan.wire_us == plan.ideal_us);
  }

  TEST_CASE("a meter that serves even counts only is asked for even counts only") {
    Profile profile = map_of({holding(0, 1), holding(90, 2), holding(200, 2)});
    profile.bus.count_step = 2;
    const auto plan = plan_unit(profile, {all_channels(profile)}, slow);
    check_unit(profile, {all_channels(profile)}, plan);
    for (const auto& span : plan.dictionary.entries()) CHECK(span.count % 2 == 0);
    CHECK(plan.weak.empty());
  }

  TEST_CASE("padding never touches a forbidden register, and grows at the front instead") {
    Profile profile = map_of({holding(0, 2), holding(50, 2)});
    profile.bus.forbidden = {holding(2, 1), holding(52, 1)};
    const auto plan = plan_unit(profile, {all_channels(profile)}, slow);
    check_unit(profile, {all_channels(profile)}, plan);
    CHECK(spans_of(plan.reads[0]) == std::vector{holding(0, 2), holding(49, 3)});
    CHECK(plan.reads[0][1].channels[0].offset == 1);
  }

  TEST_CASE("the probe's counts stay the probe's, whatever the blocks would like") {
    Profile profile = map_of({holding(0, 2), holding(50, 3)});
    profile.bus.probe = ProbeHints{};
    profile.bus.probe->spans = {holding(0xFC00, 2), holding(0xFC00, 3)};
    profile.bus.probe->serial = SerialField{{RegisterKind::holding, 0xFC00, 2}};
    const auto plan = plan_unit(profile, {all_channels(profile)}, slow);
    check_unit(profile, {all_channels(profile)}, plan);
    CHECK(plan.probe.from_profile);
    CHECK(plan.probe.serial == profile.bus.probe->serial);
    CHECK(plan.dictionary.meaning(tag_of(holding(0, 2))) == holding(0xFC00, 2));
    CHECK(plan.dictionary.meaning(tag_of(holding(0, 3))) == holding(0xFC00, 3));
  }

  TEST_CASE("without an identity register the probe is a canary that names nobody") {
    const Profile profile = map_of({holding(0, 2), holding(50, 2)});
    const auto plan = plan_unit(profile, {all_channels(profile)}, slow);
    check_unit(profile, {all_channels(profile)}, plan);
    CHECK_FALSE(plan.probe.from_profile);
    CHECK_FALSE(plan.probe.serial);
    CHECK(plan.probe.distinct);
  }

  TEST_CASE("FC 3 and FC 4 twins give a block a tag of its own without a longer reply") {
    Profile profile = map_of({holding(0, 2), holding(50, 2)});
    profile.bus.double_fc = true;
    const auto plan = plan_unit(profile, {all_channels(profile)}, slow);
    check_unit(profile, {all_channels(profile)}, plan);
    CHECK(plan.wire_us == plan.ideal_us);
    CHECK(plan.reads[0][0].span.kind != plan.reads[0][1].span.kind);
  }

  TEST_CASE("blocks that cannot get counts of their own are named, not read, and bills come first") {
    Profile profile = map_of({holding(0, 2), holding(50, 2), holding(100, 2), holding(150, 2)});
    profile.bus.max_span = 4;
    profile.bus.count_step = 2;
    profile.channels[3].cumulative = true;
    profile.bus.probe = ProbeHints{};
    profile.bus.probe->spans = {holding(0, 1),
                                holding(0, 3)};  // odd counts: the identity block has rules of its own
    const auto plan = plan_unit(profile, {all_channels(profile)}, slow);
    CHECK(plan.reads[0].size() == 2);  // counts 2 and 4
    CHECK(plan.weak.size() == 2);
    CHECK(plan.strong(ChannelNo{3}));
    for (const auto& weak : plan.weak) {
      CHECK(weak.why == Weakness::no_count);
      REQUIRE(weak.channels.size() == 1);
      CHECK_FALSE(plan.strong(weak.channels[0]));
    }
  }

  TEST_CASE("a block that can have no second count is named: its time cannot be proven") {
    Profile profile = map_of({holding(0, 2)});
    profile.bus.alternate = false;
    const auto plan = plan_unit(profile, {all_channels(profile)}, slow);
    check_unit(profile, {all_channels(profile)}, plan);
    REQUIRE(plan.weak.size() == 1);
    CHECK(plan.weak[0].why == Weakness::no_alternate);
    CHECK(plan.reads[0].size() == 1);
    CHECK_FALSE(plan.strong(ChannelNo{0}));
  }

  TEST_CASE("a device that serves one register only has no probe, and nothing of it is billing grade") {
    Profile profile = map_of({holding(0, 1)});
    profile.bus.max_span = 1;
    const auto plan = plan_unit(profile, {all_channels(profile)}, slow);
    CHECK_FALSE(plan.probe.distinct);
    CHECK_FALSE(plan.strong(ChannelNo{0}));
  }

  TEST_CASE("two selections share one dictionary") {
    const Profile profile = map_of({holding(0, 2), holding(2, 2), holding(60, 2), holding(120, 2)});
    const Lists lists{all_channels(profile), {ChannelNo{1}}, {ChannelNo{1}, ChannelNo{3}}};
    const auto plan = plan_unit(profile, lists, slow);
    check_unit(profile, lists, plan);
    CHECK(plan.weak.empty());
    CHECK(plan_unit(profile, lists, slow).dictionary == plan.dictionary);
  }

  TEST_CASE("the shipped meters are planned whole") {
    for (const auto& file : std::filesystem::directory_iterator(source_path("drivers/profiles"))) {
      const auto name = file.path().stem().string();
      INFO(name);
      const Profile profile = shipped(name);
      if (profile.protocol != Protocol::modbus) continue;  // unit_plan_items_test.cpp
      const Lists lists{all_channels(profile), {ChannelNo{0}}};
      const auto plan = plan_unit(profile, lists, slow);
      check_unit(profile, lists, plan);
      CHECK(plan.weak.empty());
      CHECK(plan.wire_us <= plan.ideal_us * 115 / 100);  // what distinct byte counts cost
    }
  }

  TEST_CASE("twenty equal blocks are planned at once, with twenty counts") {
    std::vector<RegisterSpan> spans;
    for (int at = 0; at < 20; ++at) spans.push_back(holding(static_cast<std::uint16_t>(at * 40), 2));
    const Profile profile = map_of(spans);
    const Lists lists{all_channels(profile), all_channels(profile)};
    const auto plan = plan_unit(profile, lists, slow);
    check_unit(profile, lists, plan);
    CHECK(plan.weak.empty());
    // No dearer than each its own count: 0 + 1 + ... + 19 words more.
    CHECK(plan.wire_us <= plan.ideal_us + 2 * 190 * slow.per_word_us);
  }

  TEST_CASE("no other way to read a small map is more than a twentieth cheaper") {
    std::mt19937 pick(3);
    int compared = 0;
    int optimal = 0;
    for (int round = 0; round < 400; ++round) {
      const Profile profile = random_map(pick, 5, 24);
      Lists lists{all_channels(profile)};
      if (pick() % 2 == 0)
        lists.push_back({ChannelNo{static_cast<std::uint8_t>(pick() % profile.channels.size())}});
      const ReadCost cost{static_cast<std::int64_t>(pick() % 40) * 500,
                          1000 + static_cast<std::int64_t>(pick() % 3000)};
      const auto plan = plan_unit(profile, lists, cost);
      INFO("round ", round);
      check_unit(profile, lists, plan);
      const auto least = AllWays(profile, lists, cost).least();
      const bool left_out = std::any_of(plan.weak.begin(), plan.weak.end(),
                                        [](const WeakBlock& weak) { return weak.why == Weakness::no_count; });
      if (least == std::numeric_limits<std::int64_t>::max()) {
        CHECK(left_out);
        continue;
      }
      CHECK_FALSE(left_out);
      CHECK(plan.wire_us * 100 <= least * 105);
      ++compared;
      optimal += plan.wire_us == least ? 1 : 0;
    }
    CHECK(compared > 200);
    CHECK(optimal * 100 >= compared * 95);
  }
}
