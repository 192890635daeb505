#include <algorithm>
#include <set>

#include "cloud/metering/estate_checker.hpp"

// The estate's shape: nodes, units, points and the meters at them.

namespace steward::rows {

void Checker::check() {
  nodes_ = index("nodes.csv", "node", rows_.nodes, &Node::id);
  units_ = index("units.csv", "unit", rows_.units, &Unit::id);
  points_ = index("points.csv", "point", rows_.points, &Point::id);
  pools_ = index("pools.csv", "pool", rows_.pools, &Pool::id);
  for (const auto& row : rows_.tiers) tariffs_.emplace(row.value.tariff, &row);
  check_estate();
  check_nodes();
  for (const auto& row : rows_.units)
    refer("units.csv", row.line, "node", row.value.node, nodes_, "nodes.csv");
  check_points();
  check_installs();
  check_tiers();
  check_pools();
  check_invoices();
  check_bands();
  check_persons();
  check_fees();
  check_charges();
  check_reductions();
  check_occupancies();
  check_carried();
  check_readings();
}

void Checker::report_double(std::string_view file, std::uint32_t line, const std::string& what,
                            std::uint32_t first) {
  const auto where = std::to_string(first);
  report(file, line, what + " is already in line " + where + "; remove or rename one of them",
         what + " 已在第 " + where + " 行出现；请删除或改名");
}

void Checker::check_estate() {
  if (rows_.estates.size() == 1 || !whole("estate.csv")) return;
  const auto count = std::to_string(rows_.estates.size());
  report("estate.csv", 0, "has " + count + " rows; it must have one", "有 " + count + " 行；应为一行");
}

void Checker::check_nodes() {
  const Row<Node>* root = nullptr;
  for (const auto& row : rows_.nodes) {
    if (!row.value.parent.text.empty()) {
      refer("nodes.csv", row.line, "parent", row.value.parent, nodes_, "nodes.csv");
    } else if (root != nullptr) {
      const auto first = std::to_string(root->line);
      report("nodes.csv", row.line, "a second root: the parent is empty here and in line " + first,
             "第二个根节点：此行与第 " + first + " 行的 parent 均为空");
    } else {
      root = &row;
    }
  }
  check_circles("nodes.csv", "node", nodes_);
  if (root == nullptr && whole("nodes.csv")) {
    report("nodes.csv", 0, "no root; exactly one node must have an empty parent",
           "没有根节点；应有且只有一个节点的 parent 为空");
  }
}

void Checker::check_points() {
  for (const auto& row : rows_.points) {
    const auto& point = row.value;
    if (!point.parent.text.empty() &&
        refer("points.csv", row.line, "parent", point.parent, points_, "points.csv")) {
      check_parent(row, *points_.at(point.parent));
    }
    if (point.use != PointUse::unit || !row.sound) continue;
    refer("points.csv", row.line, "unit", point.unit, units_, "units.csv");
    if (refer("points.csv", row.line, "tariff", point.tariff, tariffs_, "tariffs.csv")) {
      check_medium("points.csv", row.line, point.tariff, point.medium);
    }
  }
  check_circles("points.csv", "point", points_);
}

void Checker::check_parent(const Row<Point>& row, const Row<Point>& parent) {
  if (!row.sound || !parent.sound) return;
  const auto& name = parent.value.id.text;
  if (parent.value.medium != row.value.medium) {
    report("points.csv", row.line,
           "counts " + std::string(word(row.value.medium)) + ", but its parent " + quoted(name) + " counts " +
               std::string(word(parent.value.medium)) + "; a tree has one medium",
           "介质为 " + std::string(word(row.value.medium)) + "，但上级 " + quoted(name) + " 为 " +
               std::string(word(parent.value.medium)) + "；同一棵树只能有一种介质");
  }
  if (parent.value.use == PointUse::unit) {
    report("points.csv", row.line,
           "the parent " + quoted(name) +
               " has use unit: what passes it is billed to its unit already; hang this "
               "point beside it",
           "上级 " + quoted(name) + " 的 use 为 unit，其用量已向该户计费；请将本点改挂到同级");
  }
}

void Checker::check_medium(std::string_view file, std::uint32_t line, const TariffId& tariff, Medium medium) {
  const auto priced = tariffs_.at(tariff)->value.medium;
  if (priced == medium) return;
  report(file, line,
         "tariff " + quoted(tariff.text) + " prices " + std::string(word(priced)) + ", the point counts " +
             std::string(word(medium)),
         "tariff " + quoted(tariff.text) + " 的介质为 " + std::string(word(priced)) + "，而计量点为 " +
             std::string(word(medium)));
}

void Checker::check_installs() {
  std::map<std::pair<PointId, std::string>, std::vector<const Row<Install>*>> at_point;
  std::map<std::pair<MeterId, std::string>, std::vector<const Row<Install>*>> of_meter;
  for (const auto& row : rows_.installs) {
    const auto& install = row.value;
    const bool known = refer("installs.csv", row.line, "point", install.point, points_, "points.csv");
    has_meter_.insert(install.point);
    registers_.insert({install.meter, install.channel});
    meters_.emplace(install.meter, &row);
    if (!row.sound) continue;
    if (known) at_point[{install.point, install.band}].push_back(&row);
    of_meter[{install.meter, install.channel}].push_back(&row);
  }
  for (auto& [point, stays] : at_point) {
    check_overlaps<Install>("installs.csv", std::move(stays), [](const Install& install) {
      return std::pair("point " + quoted(install.point.text) + " has two meters",
                       "计量点 " + quoted(install.point.text) + " 有两块表，");
    });
  }
  for (auto& [key, stays] : of_meter) {
    if (std::all_of(stays.begin(), stays.end(),
                    [&](auto* row) { return row->value.point == stays.front()->value.point; }))
      continue;
    check_overlaps<Install>("installs.csv", std::move(stays), [](const Install& install) {
      const auto name = quoted(install.meter.text) + " " + install.channel;
      return std::pair("meter " + name + " is at two points", "表 " + name + " 装在两处，");
    });
  }
  if (!whole("installs.csv")) return;
  for (const auto& row : rows_.points) {
    if (has_meter_.contains(row.value.id)) continue;
    report("points.csv", row.line,
           "point " + quoted(row.value.id.text) + " has no meter; add a row to installs.csv",
           "计量点 " + quoted(row.value.id.text) + " 没有表；请在 installs.csv 中登记");
  }
}

void check_rows(const EstateRows& rows, Problems& problems) { Checker(rows, problems).check(); }

}  // namespace steward::rows
