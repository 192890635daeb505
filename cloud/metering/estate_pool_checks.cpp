#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "cloud/metering/estate_checker.hpp"

// What the estate's shape is used for: pools, and the invoices they share.

namespace steward::rows {

void Checker::check_pools() {
  std::set<NodeId> with_units;
  for (const auto& row : rows_.units) {
    auto at = row.value.node;
    while (nodes_.contains(at) && with_units.insert(at).second) at = nodes_.at(at)->value.parent;
  }
  for (const auto& row : rows_.pools) {
    const auto& pool = row.value;
    const bool node = refer("pools.csv", row.line, "node", pool.node, nodes_, "nodes.csv");
    if (node && whole("units.csv") && !with_units.contains(pool.node)) {
      report("pools.csv", row.line,
             "no unit is under node " + quoted(pool.node.text) + "; name a node that has units",
             "节点 " + quoted(pool.node.text) + " 之下没有房屋；请填写有房屋的节点");
    }
    if (node && row.sound) check_pool_weights(row);
    if (pool.source != PoolSource::residual) continue;
    check_pool_tariff(row);
    check_pool_point(row);
  }
}

void Checker::check_pool_point(const Row<Pool>& row) {
  const auto& pool = row.value;
  if (!refer("pools.csv", row.line, "point", pool.point, points_, "points.csv")) return;
  const auto& point = *points_.at(pool.point);
  if (point.sound && point.value.use == PointUse::unit) {
    report("pools.csv", row.line,
           "point " + quoted(pool.point.text) + " has use unit and is billed to unit " +
               quoted(point.value.unit.text) + "; only common and master points can be shared",
           "计量点 " + quoted(pool.point.text) + " 的 use 为 unit，已向 " + quoted(point.value.unit.text) +
               " 计费；只有 common 和 master 可以公摊");
  }
  const auto [place, fresh] = shared_.emplace(pool.point, row.line);
  if (fresh) return;
  const auto line = std::to_string(place->second);
  report("pools.csv", row.line,
         "point " + quoted(pool.point.text) + " is already shared by line " + line +
             "; it would be billed twice",
         "计量点 " + quoted(pool.point.text) + " 已在第 " + line + " 行公摊；不能重复计费");
}

bool Checker::is_under(NodeId node, const NodeId& above) const {
  for (std::size_t step = 0; step <= nodes_.size() && nodes_.contains(node); ++step) {
    if (node == above) return true;
    node = nodes_.at(node)->value.parent;
  }
  return false;
}

/// A basis that units.csv leaves open for some unit: an empty cell is a question, not a 0.
void Checker::check_pool_weights(const Row<Pool>& row) {
  const auto& pool = row.value;
  const auto need = [&](Basis basis, FormulaName name, std::string_view column,
                        std::optional<std::int64_t> Unit::*value) {
    const bool weighs = std::any_of(pool.parts.begin(), pool.parts.end(),
                                    [&](const auto& part) { return part.basis == basis; });
    if (!weighs && !(pool.formula && pool.formula->names(name))) return;
    std::size_t open = 0;
    const Row<Unit>* first = nullptr;
    for (const auto& unit : rows_.units) {
      if (!unit.sound || (unit.value.*value).has_value() || !is_under(unit.value.node, pool.node)) continue;
      if (open++ == 0) first = &unit;
    }
    if (first == nullptr) return;
    const auto what = std::string(column);
    const auto where = "units.csv line " + std::to_string(first->line);
    const auto more = open > 1 ? " and " + std::to_string(open - 1) + " more" : std::string();
    report("pools.csv", row.line,
           "the pool weighs by " + what + ", which is empty for unit " + quoted(first->value.id.text) + " (" +
               where + ")" + more + "; fill it in, 0 takes no part",
           "按 " + what + " 分摊，但房屋 " + quoted(first->value.id.text) + " 未填写（" + where + "）" +
               (open > 1 ? "等 " + std::to_string(open) + " 户" : "") + "；请补填，0 为不参与");
  };
  need(Basis::persons, FormulaName::persons, "persons", &Unit::persons);
  need(Basis::floor, FormulaName::floor, "floor", &Unit::floor);
  need(Basis::coefficient, FormulaName::coefficient, "coefficient", &Unit::coefficient_ppm);
}

void Checker::check_pool_tariff(const Row<Pool>& row) {
  const auto& pool = row.value;
  if (!refer("pools.csv", row.line, "tariff", pool.tariff, tariffs_, "tariffs.csv")) return;
  const auto point = points_.find(pool.point);
  if (point != points_.end() && point->second->sound) {
    check_medium("pools.csv", row.line, pool.tariff, point->second->value.medium);
  }
  for (const auto& tier : rows_.tiers) {
    if (tier.value.tariff != pool.tariff || tier.value.tier < 2) continue;
    report("pools.csv", row.line,
           "tariff " + quoted(pool.tariff.text) + " has tiers (tariffs.csv line " +
               std::to_string(tier.line) + "); a pool needs one price",
           "tariff " + quoted(pool.tariff.text) + " 有阶梯（tariffs.csv 第 " + std::to_string(tier.line) +
               " 行）；公摊只能用单一价格");
    return;
  }
}

void Checker::check_invoices() {
  std::map<std::pair<PoolId, Month>, std::uint32_t> seen;
  for (const auto& row : rows_.invoices) {
    const auto& pool = row.value.pool;
    if (refer("invoices.csv", row.line, "pool", pool, pools_, "pools.csv") && pools_.at(pool)->sound &&
        pools_.at(pool)->value.source != PoolSource::invoice) {
      const auto source = std::string(word(pools_.at(pool)->value.source));
      report("invoices.csv", row.line,
             "pool " + quoted(pool.text) + " has source " + source +
                 "; only a pool of source invoice shares invoices",
             "公摊 " + quoted(pool.text) + " 的 source 为 " + source +
                 "；只有 source 为 invoice 的公摊可以分摊账单");
    }
    if (!row.sound) continue;
    const auto [place, fresh] = seen.emplace(std::pair(pool, row.value.month), row.line);
    if (!fresh) {
      report_double("invoices.csv", row.line, "pool " + quoted(pool.text) + " in " + text_of(row.value.month),
                    place->second);
    }
  }
}

}  // namespace steward::rows
