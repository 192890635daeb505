#pragma once
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cloud/metering/cells.hpp"
#include "cloud/metering/estate_rows.hpp"
#include "cloud/metering/suggest.hpp"

namespace steward::rows {

template <class Id, class T>
using Index = std::map<Id, const Row<T>*>;

/// Holds the rows of all files against one another. Internal to check_rows.
class Checker {
 public:
  Checker(const EstateRows& rows, Problems& problems) : rows_(rows), problems_(problems) {}

  void check();

 private:
  void report(std::string_view file, std::uint32_t line, std::string en, std::string zh) {
    problems_.push_back({std::string(file), line, std::move(en), std::move(zh)});
  }
  bool whole(std::string_view file) const { return rows_.whole_files.contains(file); }

  template <class Id, class T>
  Index<Id, T> index(std::string_view file, std::string_view column, const std::vector<Row<T>>& rows,
                     Id T::*id) {
    Index<Id, T> found;
    for (const auto& row : rows) {
      const auto [place, fresh] = found.emplace(row.value.*id, &row);
      if (!fresh)
        report_double(file, row.line, std::string(column) + " " + quoted((row.value.*id).text),
                      place->second->line);
    }
    return found;
  }
  void report_double(std::string_view file, std::uint32_t line, const std::string& what, std::uint32_t first);

  /// Reports a reference to a name that is not there, with the nearest one that is.
  template <class Id, class Map>
  bool refer(std::string_view file, std::uint32_t line, std::string_view column, const Id& id,
             const Map& known, std::string_view target) {
    if (known.contains(id)) return true;
    if (!whole(target) || id.text.empty()) return false;  // the cause is already reported
    Nearest nearest(id.text);
    if (problems_.size() < 1000) {  // beyond, nobody reads suggestions, and each costs a walk over all names
      for (const auto& [candidate, row] : known) nearest.offer(candidate.text);
    }
    const auto& near = nearest.name();
    const auto what = std::string(column) + " " + quoted(id.text);
    const auto zh = std::string(target) + " 中没有 " + what;
    report(file, line,
           what + " is not in " + std::string(target) +
               (near.empty() ? "" : "; did you mean " + quoted(near) + "?"),
           zh + (near.empty() ? "" : "；是否应为 " + quoted(near) + "？"));
    return false;
  }
  void check_estate();

  /// Reports every circle of parents once, at its member with the lowest id.
  template <class Id, class T>
  void check_circles(std::string_view file, std::string_view column, const Index<Id, T>& rows) {
    std::set<Id> done;
    for (const auto& [start, row] : rows) {
      std::vector<Id> way;
      std::set<Id> on_way;
      Id at = start;
      while (rows.contains(at) && !done.contains(at) && on_way.insert(at).second) {
        way.push_back(at);
        at = rows.at(at)->value.parent;
      }
      if (on_way.contains(at)) report_circle(file, column, rows, way, at);
      done.insert(way.begin(), way.end());
    }
  }
  template <class Id, class T>
  void report_circle(std::string_view file, std::string_view column, const Index<Id, T>& rows,
                     const std::vector<Id>& way, const Id& at) {
    auto lowest = at;
    for (auto place = std::find(way.begin(), way.end(), at); place != way.end(); ++place)
      lowest = std::min(lowest, *place);
    std::string round = lowest.text;
    auto next = rows.at(lowest)->value.parent;
    for (; next != lowest; next = rows.at(next)->value.parent) round += " -> " + next.text;
    round += " -> " + lowest.text;
    report(file, rows.at(lowest)->line,
           "the parents of " + std::string(column) + "s go round in a circle: " + round,
           "上级关系成环：" + round);
  }
  void check_nodes();

  void check_points();
  void check_parent(const Row<Point>& row, const Row<Point>& parent);
  void check_medium(std::string_view file, std::uint32_t line, const TariffId& tariff, Medium medium);

  /// Reports stays of one thing that overlap. `what` names the thing in both languages.
  template <class T>
  void check_overlaps(std::string_view file, std::vector<const Row<T>*> stays,
                      const std::function<std::pair<std::string, std::string>(const T&)>& what) {
    std::stable_sort(stays.begin(), stays.end(), [](auto* a, auto* b) {
      return std::pair(a->value.from, a->line) < std::pair(b->value.from, b->line);
    });
    for (std::size_t i = 1; i < stays.size(); ++i) {
      const auto& before = *stays[i - 1];
      const auto& after = *stays[i];
      if (before.value.to && *before.value.to <= after.value.from) continue;
      const auto line = std::to_string(before.line);
      const auto [en, zh] = what(after.value);
      report(file, after.line,
             en + " from " + text_of(after.value.from) + ": line " + line + " lasts " +
                 (before.value.to ? "until " + text_of(*before.value.to) : "without end") +
                 "; end that one first",
             zh + "自 " + text_of(after.value.from) + " 起：与第 " + line + " 行（" +
                 (before.value.to ? "至 " + text_of(*before.value.to) : std::string("未结束")) +
                 "）重叠；请先结束前者");
    }
  }
  void check_installs();

  void check_tiers();
  void check_version(const std::vector<const Row<TierRow>*>& tiers);
  void check_pools();
  void check_pool_point(const Row<Pool>& row);
  void check_pool_tariff(const Row<Pool>& row);
  void check_pool_weights(const Row<Pool>& row);
  void check_invoices();
  void check_bands();
  using LineByBand = std::map<std::string, std::uint32_t>;  // of installs.csv
  using BandsByDay = std::map<Day, std::set<std::string>>;  // of one tariff, by valid_from
  void check_bands_of(const Row<Point>& row, const LineByBand& counted, const BandsByDay& priced);
  void check_fees();
  void check_persons();
  void check_charges();
  void check_reductions();
  void check_occupancies();
  void check_carried();
  using ReadingsInOrder = std::map<std::tuple<MeterId, std::string, Instant>, const Row<ReadingRow>*>;
  void check_readings();
  void check_estimates(const ReadingsInOrder& readings);

  const EstateRows& rows_;
  Problems& problems_;
  Index<NodeId, Node> nodes_;
  Index<UnitId, Unit> units_;
  Index<PointId, Point> points_;
  Index<PoolId, Pool> pools_;
  Index<TariffId, TierRow> tariffs_;  // by first row
  Index<MeterId, Install> meters_;    // by first row
  /// Is `node` at or below `above`? Bounded, since a circle of parents is reported elsewhere.
  bool is_under(NodeId node, const NodeId& above) const;

  std::map<PointId, std::uint32_t> shared_;  // the line of pools.csv that shares it
  std::set<PointId> has_meter_;
  std::set<std::pair<MeterId, std::string>> registers_;
};

}  // namespace steward::rows
