#include "drivers/modbus/unit_plan.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <map>
#include <set>

#include "drivers/modbus/plan_bundles.hpp"
#include "drivers/modbus/plan_cuts.hpp"
#include "drivers/modbus/plan_tags.hpp"
#include "drivers/modbus/unit_plan_items.hpp"

namespace steward {
namespace {

constexpr int most_ways = 200;  // bounds the search where many blocks are of one length
constexpr std::size_t most_selections = 8;

/// A bill stands on these: counters and the ratios they are multiplied by.
bool important(const ProfileChannel& channel) {
  return channel.cumulative || channel.unit == ChannelUnit::ratio;
}

using Lists = std::vector<std::vector<Bundle>>;

/// One way to cut the lists, with the tags it got.
struct Draft {
  std::vector<Cut> cuts;
  std::vector<Need> needs;
  std::vector<std::size_t> need_of_cut;
  TagMatch match;
};

Draft drafted(const Profile& profile, const Lists& lists, std::vector<Cut> cuts, TagMatcher& matcher) {
  Draft draft;
  std::map<RegisterSpan, std::size_t> known;
  for (const Cut& cut : cuts) {
    const auto [at, fresh] = known.try_emplace(cut.span, draft.needs.size());
    if (fresh) draft.needs.push_back({cut.span, 0, false});
    Need& need = draft.needs[at->second];
    ++need.uses;
    for (auto bundle = cut.from; bundle < cut.to; ++bundle)
      for (const ChannelNo no : lists[cut.list][bundle].channels)
        need.important = need.important || important(profile.channels[no.value]);
    draft.need_of_cut.push_back(at->second);
  }
  draft.match = matcher.match(draft.needs);
  draft.cuts = std::move(cuts);
  return draft;
}

/// Whether some list asks for both needs: then one read for both is another way to cut it.
bool in_one_list(const Draft& draft, std::size_t a, std::size_t b) {
  for (std::size_t x = 0; x < draft.cuts.size(); ++x)
    for (std::size_t y = 0; y < draft.cuts.size(); ++y)
      if (draft.need_of_cut[x] == a && draft.need_of_cut[y] == b && draft.cuts[x].list == draft.cuts[y].list)
        return true;
  return false;
}

/// The draft with two needs, of different lists, asked for as one.
std::optional<Draft> joined(const Profile& profile, const Draft& draft, std::size_t a, std::size_t b,
                            TagMatcher& matcher) {
  const Need& one = draft.needs[a];
  const Need& other = draft.needs[b];
  if (one.span.kind != other.span.kind || in_one_list(draft, a, b)) return std::nullopt;
  const Need both{spanning(one.span, other.span), one.uses + other.uses, one.important || other.important};
  if (!readable(profile, both.span)) return std::nullopt;
  Draft next;
  next.cuts = draft.cuts;
  next.need_of_cut = draft.need_of_cut;
  for (auto& need : next.need_of_cut) {
    if (need == b) need = a;
    if (need > b) --need;
  }
  next.needs = draft.needs;
  next.needs[a] = both;
  next.needs.erase(next.needs.begin() + static_cast<std::ptrdiff_t>(b));
  for (std::size_t at = 0; at < next.needs.size(); ++at)
    if (at != a && next.needs[at].span == both.span) return std::nullopt;  // found from the other side
  next.match = matcher.match(next.needs);
  return next;
}

/// Two lists that want nearly the same registers do better with one request for both,
/// where tags are short: joins needs as long as that is cheaper.
void join_needs(const Profile& profile, Draft& draft, TagMatcher& matcher, std::int64_t unpadded_us) {
  bool better = draft.match.wire_us != unpadded_us;  // without padding there is nothing to win
  while (better) {
    better = false;
    for (std::size_t b = draft.needs.size(); b-- > 1 && !better;) {
      for (std::size_t a = 0; a < b && !better; ++a) {
        auto next = joined(profile, draft, a, b, matcher);
        if (!next || next->match.penalty >= draft.match.penalty) continue;
        draft = std::move(*next);
        better = true;
      }
    }
  }
}

Draft best_draft(const Profile& profile, const Lists& lists, const std::set<ReplyTag>& reserved,
                 const ReadCost& cost) {
  CutSearch search(profile, lists, cost);
  TagMatcher matcher(profile, reserved, cost);
  std::optional<Draft> best;
  std::int64_t limit_us = std::numeric_limits<std::int64_t>::max() / 4;
  for (int way = 0; way < most_ways; ++way) {
    auto cuts = search.next(limit_us);
    if (!cuts) break;
    Draft draft = drafted(profile, lists, std::move(*cuts), matcher);
    if (lists.size() > 1) join_needs(profile, draft, matcher, search.cost_us());
    const bool all = std::all_of(draft.match.requests.begin(), draft.match.requests.end(),
                                 [](const auto& request) { return request.has_value(); });
    if (!best || draft.match.penalty < best->match.penalty) best = std::move(draft);
    // A way that is dearer before padding is dearer after it, unless this one leaves a block out.
    if (all) limit_us = std::min(limit_us, best->match.wire_us);
  }
  assert(best);
  return std::move(*best);
}

/// Two readable requests for one start with tags of their own, as short as can be; at a
/// channel, or a few registers before one where forbidden ones follow it.
std::optional<std::array<RegisterSpan, 2>> canary(const Profile& profile, const std::set<ReplyTag>& taken) {
  constexpr std::uint32_t most_before = 8;
  const auto step = stepped(profile, 1);
  std::optional<std::array<RegisterSpan, 2>> best;
  for (std::uint32_t before = 0; before <= most_before && !best; ++before) {
    for (const ProfileChannel& channel : profile.channels) {
      if (channel.span.first < before * step) continue;
      const std::uint32_t first = channel.span.first - before * step;
      std::vector<RegisterSpan> found;
      for (std::uint32_t count = step; count <= profile.bus.max_span && found.size() < 2; count += step) {
        const RegisterSpan span{channel.span.kind, first, static_cast<std::uint16_t>(count)};
        if (readable(profile, span) && !taken.contains(reply_tag_of(span))) found.push_back(span);
      }
      if (found.size() == 2 && (!best || found[1].count < (*best)[1].count)) best = {found[0], found[1]};
    }
  }
  return best;
}

/// The tags of the draft's reads, and the one that a list's only read will alternate with.
std::set<ReplyTag> tags_of(const Profile& profile, const Lists& lists, const Draft& draft) {
  std::set<ReplyTag> tags;
  for (const auto& request : draft.match.requests)
    if (request) tags.insert(reply_tag_of(*request));
  for (std::size_t list = 0; list < lists.size(); ++list) {
    const auto in_list = [&](const Cut& cut) { return cut.list == list; };
    if (std::count_if(draft.cuts.begin(), draft.cuts.end(), in_list) != 1) continue;
    const auto cut = std::find_if(draft.cuts.begin(), draft.cuts.end(), in_list);
    const auto& request =
        draft.match.requests[draft.need_of_cut[static_cast<std::size_t>(cut - draft.cuts.begin())]];
    if (!request) continue;
    tags.insert({request->kind, static_cast<std::uint16_t>(request->count + stepped(profile, 1))});
  }
  return tags;
}

/// The best draft and a probe beside it.
std::pair<Draft, ProbePlan> with_probe(const Profile& profile, const Lists& lists, const ReadCost& cost) {
  if (const auto& hints = profile.bus.probe) {
    const ProbePlan probe{{hints->span(0), hints->span(1)}, hints->serial, true, true};
    return {best_draft(profile, lists, {reply_tag_of(probe.spans[0]), reply_tag_of(probe.spans[1])}, cost),
            probe};
  }
  // Data is asked far more often than the canary, so it chooses first, unless it leaves nothing.
  Draft draft = best_draft(profile, lists, {}, cost);
  if (const auto spans = canary(profile, tags_of(profile, lists, draft)))
    return {std::move(draft), {*spans, std::nullopt, false, true}};
  if (const auto spans = canary(profile, {})) {
    draft = best_draft(profile, lists, {reply_tag_of((*spans)[0]), reply_tag_of((*spans)[1])}, cost);
    return {std::move(draft), {*spans, std::nullopt, false, true}};
  }
  const RegisterSpan only = profile.channels.front().span;
  return {std::move(draft), {{only, only}, std::nullopt, false, false}};
}

/// Gives `span` a second count if there is one left, the shortest.
bool add_alternate(const Profile& profile, const RegisterSpan& span, const std::set<ReplyTag>& probes,
                   Dictionary& dictionary) {
  if (!profile.bus.alternate) return false;
  const auto step = stepped(profile, 1);
  for (std::uint32_t count = span.count + step; count <= profile.bus.max_span; count += step) {
    const RegisterSpan longer{span.kind, span.first, static_cast<std::uint16_t>(count)};
    if (!readable(profile, longer)) return false;
    if (!probes.contains(reply_tag_of(longer)) && dictionary.claim(longer)) return true;
  }
  return false;
}

/// Turns the draft into lists, and claims each tag: probes, then what bills stand on, then the rest.
class Writer {
 public:
  Writer(const Profile& profile, const Lists& lists, const Draft& draft, UnitPlan& plan)
      : profile_(profile), lists_(lists), draft_(draft), plan_(plan) {}

  void write() {
    for (const auto& span : plan_.probe.spans) {
      probes_.insert(reply_tag_of(span));
      plan_.dictionary.claim(span);
    }
    for (const bool first : {true, false})
      for (std::size_t at = 0; at < draft_.needs.size(); ++at)
        if (draft_.needs[at].important == first) claim(at);
    plan_.reads.resize(lists_.size());
    for (std::size_t at = 0; at < draft_.cuts.size(); ++at) list(draft_.cuts[at], draft_.need_of_cut[at]);
    alternate_single();
    for (const bool first : {true, false})
      for (std::size_t at = 0; at < draft_.needs.size(); ++at)
        if (draft_.needs[at].important == first && served(at))
          add_alternate(profile_, *draft_.match.requests[at], probes_, plan_.dictionary);
  }

 private:
  void claim(std::size_t need) {
    const auto& request = draft_.match.requests[need];
    if (request && plan_.dictionary.claim(*request)) served_.insert(need);
  }
  bool served(std::size_t need) const { return served_.contains(need); }

  void list(const Cut& cut, std::size_t need) {
    const auto& bundles = lists_[cut.list];
    if (served(need)) {
      auto read = planned(profile_, *draft_.match.requests[need], bundles, cut.from, cut.to);
      plan_.reads[cut.list].push_back(std::move(read));
    } else {
      weak(planned(profile_, cut.span, bundles, cut.from, cut.to), Weakness::no_count);
    }
  }

  /// A block alone in its list follows itself. So does one that ends a list and begins another.
  void alternate_single() {
    std::set<RegisterSpan> done;
    for (const auto& last : plan_.reads) {
      for (const auto& first : plan_.reads) {
        if (last.empty() || first.empty() || last.back().span != first.front().span) continue;
        if (!done.insert(first.front().span).second) continue;
        if (!add_alternate(profile_, first.front().span, probes_, plan_.dictionary))
          weak(first.front(), Weakness::no_alternate);
      }
    }
  }

  void weak(const PlannedRead& read, Weakness why) {
    WeakBlock block{read.span, {}, why};
    for (const auto& place : read.channels) block.channels.push_back(place.channel);
    const auto same = [&](const WeakBlock& one) { return one.span == block.span && one.why == why; };
    if (std::none_of(plan_.weak.begin(), plan_.weak.end(), same)) plan_.weak.push_back(std::move(block));
  }

  const Profile& profile_;
  const Lists& lists_;
  const Draft& draft_;
  UnitPlan& plan_;
  std::set<ReplyTag> probes_;
  std::set<std::size_t> served_;
};

}  // namespace

bool UnitPlan::strong(ChannelNo channel) const {
  if (!probe.distinct) return false;
  return std::none_of(weak.begin(), weak.end(), [&](const WeakBlock& block) {
    return std::find(block.channels.begin(), block.channels.end(), channel) != block.channels.end();
  });
}

UnitPlan plan_unit(const Profile& profile, const std::vector<ChannelSelection>& selections,
                   const ReadCost& cost) {
  assert(selections.size() <= most_selections);
  if (profile.protocol != Protocol::modbus) {
    auto items = plan_items(profile, selections, cost);
    plan_history(profile, items);
    return items;
  }
  // Selections that want the same are one list: asked twice is not planned twice.
  Lists lists;
  std::vector<ChannelSelection> wanted;
  std::vector<std::size_t> list_of;
  for (const auto& selection : selections) {
    auto sorted = selection;
    std::sort(sorted.begin(), sorted.end());
    const auto known = std::find(wanted.begin(), wanted.end(), sorted);
    list_of.push_back(static_cast<std::size_t>(known - wanted.begin()));
    if (known != wanted.end()) continue;
    lists.push_back(bundles_of(profile, sorted));
    wanted.push_back(std::move(sorted));
  }
  const auto [draft, probe] = with_probe(profile, lists, cost);
  UnitPlan plan;
  plan.probe = probe;
  Writer(profile, lists, draft, plan).write();
  const auto lists_read = std::move(plan.reads);
  plan.reads.clear();
  for (std::size_t at = 0; at < selections.size(); ++at) {
    plan.reads.push_back(lists_read[list_of[at]]);
    for (const auto& read : plan.reads[at])
      plan.wire_us += cost.per_request_us + cost.per_word_us * read.span.count;
    for (const auto& read : plan_reads(profile, selections[at], cost))
      plan.ideal_us += cost.per_request_us + cost.per_word_us * read.span.count;
  }
  plan_history(profile, plan);
  return plan;
}

}  // namespace steward
