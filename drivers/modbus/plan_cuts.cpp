#include "drivers/modbus/plan_cuts.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <tuple>

namespace steward {
namespace {

constexpr std::size_t most_steps = 200'000;
constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max() / 4;
constexpr std::size_t no_step = std::numeric_limits<std::size_t>::max();

}  // namespace

bool CutSearch::Dearer::operator()(const Open& a, const Open& b) const {
  return std::tuple(a.total_us, a.reads, a.step) > std::tuple(b.total_us, b.reads, b.step);
}

CutSearch::CutSearch(const Profile& profile, const std::vector<std::vector<Bundle>>& lists,
                     const ReadCost& cost) {
  find_edges(profile, lists, cost);
  remaining_.assign(edges_.size() + 1, never);
  remaining_.back() = 0;
  for (std::size_t at = edges_.size(); at-- > 0;)
    for (const Edge& edge : edges_[at])
      remaining_[at] = std::min(remaining_[at], edge.cost_us + remaining_[edge.to]);
  steps_.push_back({no_step, 0, 0});
  spent_us_.push_back(0);
  open_.push({remaining_.front(), 0, 0});
}

void CutSearch::find_edges(const Profile& profile, const std::vector<std::vector<Bundle>>& lists,
                           const ReadCost& cost) {
  for (std::size_t list = 0; list < lists.size(); ++list) {
    const auto base = edges_.size();
    list_from_.push_back(base);
    const auto& bundles = lists[list];
    for (std::size_t from = 0; from < bundles.size(); ++from) {
      list_of_.push_back(list);
      std::vector<Edge> edges;
      RegisterSpan span = bundles[from].span;
      for (std::size_t to = from; to < bundles.size() && bundles[to].span.kind == span.kind; ++to) {
        span = spanning(span, bundles[to].span);
        if (!readable(profile, span)) break;  // further on is only longer
        const auto count = stepped(profile, span.count);
        // Without a request of whole steps the bundle is asked for as it stands, and is weak.
        const auto request = padded(profile, span, count);
        if (!request && to != from) continue;
        edges.push_back({base + to + 1, cost.per_request_us + cost.per_word_us * count, span});
      }
      assert(!edges.empty());  // read_profile refuses what fits no request
      edges_.push_back(std::move(edges));
    }
  }
}

std::optional<std::vector<Cut>> CutSearch::next(std::int64_t limit_us) {
  while (!open_.empty()) {
    const Open top = open_.top();
    if (top.total_us >= limit_us) break;
    open_.pop();
    const Step step = steps_[top.step];
    const std::size_t at = step.before == no_step ? 0 : edges_[step.at][step.edge].to;
    if (at == edges_.size()) {
      cost_us_ = top.total_us;
      return path_of(top.step);
    }
    if (steps_.size() + edges_[at].size() > most_steps) return std::nullopt;
    const auto spent = spent_us_[top.step];
    for (std::size_t edge = 0; edge < edges_[at].size(); ++edge) {
      const Edge& along = edges_[at][edge];
      const auto total = spent + along.cost_us + remaining_[along.to];
      if (total >= limit_us) continue;
      steps_.push_back({top.step, at, edge});
      spent_us_.push_back(spent + along.cost_us);
      open_.push({total, top.reads + 1, steps_.size() - 1});
    }
  }
  exhausted_ = true;
  return std::nullopt;
}

std::vector<Cut> CutSearch::path_of(std::size_t step) const {
  std::vector<Cut> cuts;
  for (; steps_[step].before != no_step; step = steps_[step].before) {
    const auto at = steps_[step].at;
    const Edge& edge = edges_[at][steps_[step].edge];
    const auto list = list_of_[at];
    cuts.push_back({list, at - list_from_[list], edge.to - list_from_[list], edge.span});
  }
  std::reverse(cuts.begin(), cuts.end());
  return cuts;
}

}  // namespace steward
