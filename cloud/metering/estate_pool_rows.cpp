#include <array>
#include <utility>

#include "cloud/metering/cells.hpp"
#include "cloud/metering/estate_rows.hpp"

// Single rows of pools.csv and invoices.csv.

namespace steward::rows {
namespace {

void read_bases(Cells& cells, Pool& pool) {
  if (auto parts = read_basis(cells.text("basis"))) {
    pool.parts = std::move(*parts);
    return;
  }
  std::string all;
  Nearest nearest(cells.text("basis"));
  for (const auto basis : {Basis::area, Basis::household, Basis::usage, Basis::persons, Basis::floor,
                           Basis::coefficient, Basis::equal, Basis::formula}) {
    all += (all.empty() ? "" : ", ") + std::string(word(basis));
    nearest.offer(word(basis));
  }
  const auto& near = nearest.name();
  const auto what = "basis " + quoted(cells.text("basis"));
  cells.refuse(
      what + " is not one of " + all + ", nor parts of a million each once, like area:300000+usage:700000" +
          (near.empty() ? "" : "; did you mean " + quoted(near) + "?"),
      what + " 应为以下之一：" + all + "；或各项百万分比之和为 1000000，例如 area:300000+usage:700000" +
          (near.empty() ? "" : "；是否应为 " + quoted(near) + "？"));
}

bool weighs_by(const Pool& pool, Basis basis) {
  return std::any_of(pool.parts.begin(), pool.parts.end(),
                     [&](const auto& part) { return part.basis == basis; });
}

void read_formula(Cells& cells, Pool& pool) {
  const bool wanted = weighs_by(pool, Basis::formula);
  if (wanted == cells.empty("formula")) {
    cells.refuse(wanted ? "basis formula needs a formula, like area * max(floor - 1, 0)"
                        : "a formula is given, but formula is not in the basis",
                 wanted ? "basis 为 formula 时必须填写 formula，例如 area * max(floor - 1, 0)"
                        : "填写了 formula，但 basis 中没有 formula");
    return;
  }
  if (!wanted) return;
  auto parsed = Formula::parse(cells.text("formula"));
  if (auto* formula = std::get_if<Formula>(&parsed)) {
    pool.formula = std::move(*formula);
    return;
  }
  const auto& error = std::get<FormulaError>(parsed);
  const auto column = std::to_string(error.column);
  cells.refuse("formula, column " + column + ": it " + error.en, "formula 第 " + column + " 列：" + error.zh);
}

/// Cells that belong to another source than the row's.
void refuse_cells_of_others(Cells& cells, const Pool& pool) {
  const bool metered = pool.source == PoolSource::residual;
  const auto must = [&](std::string_view column, bool wanted) {
    if (cells.empty(column) != wanted) return;
    const auto source = std::string(word(pool.source));
    const auto name = std::string(column);
    cells.refuse("source is " + source + ", so " + name + (wanted ? " must be given" : " must be empty"),
                 "source 为 " + source + " 时 " + name + (wanted ? " 必须填写" : " 必须为空"));
  };
  must("point", metered);
  must("tariff", metered);
  must("amount", pool.source == PoolSource::fixed);
  for (const auto* column : {"negative", "tolerance_permille"}) {
    if (!metered) must(column, false);
  }
  const bool by_usage =
      weighs_by(pool, Basis::usage) || (pool.formula && pool.formula->names(FormulaName::usage));
  if (metered || !by_usage) {
    must("medium", false);
  } else if (pool.medium == Medium::none) {
    cells.refuse("usage is a weight, so medium must say of what: electricity or water",
                 "以用量为权重时必须填写 medium：electricity 或 water");
  }
  if (metered) return;
  if (pool.share != ShareOf::money)
    cells.refuse("source is " + std::string(word(pool.source)) + ", so share must be money",
                 "source 为 " + std::string(word(pool.source)) + " 时 share 必须为 money");
  if (pool.kind == PoolKind::loss)
    cells.refuse("kind is loss, so source must be residual: a loss is measured",
                 "kind 为 loss 时 source 必须为 residual：损耗来自计量");
}

}  // namespace

Pool pool_of(Cells& cells) {
  Pool pool;
  pool.id = cells.id<PoolId>("pool");
  pool.point = cells.id<PointId>("point", true);
  pool.node = cells.id<NodeId>("node");
  read_bases(cells, pool);
  pool.share = cells.choice("share", std::array{ShareOf::quantity, ShareOf::money});
  pool.tariff = cells.id<TariffId>("tariff", true);
  pool.name = cells.name("name");
  pool.source = cells.choice_or_empty(
      "source", std::array{PoolSource::residual, PoolSource::invoice, PoolSource::fixed});
  pool.kind = cells.choice_or_empty("kind", std::array{PoolKind::common, PoolKind::loss});
  pool.negative = cells.choice_or_empty(
      "negative", std::array{Negative::clamp, Negative::credit, Negative::scale, Negative::block});
  if (!cells.empty("medium"))
    pool.medium = cells.choice("medium", std::array{Medium::electricity, Medium::water});
  if (!cells.empty("tolerance_permille"))
    pool.tolerance_permille = cells.whole("tolerance_permille", 0, 1000);
  if (!cells.empty("vacant_percent")) {
    pool.vacant_ppm = cells.amount("vacant_percent", 4);  // 1 % is 10^4 ppm
    if (pool.vacant_ppm > whole_ppm) cells.refuse_cell("vacant_percent", "0 to 100", "0 至 100");
  }
  if (const auto amount = cells.amount_or_empty("amount", 2)) pool.amount = Fen{*amount};
  if (cells.sound()) read_formula(cells, pool);
  if (cells.sound()) refuse_cells_of_others(cells, pool);
  pool.line = cells.line();
  return pool;
}

InvoiceRow invoice_of(Cells& cells) {
  InvoiceRow row;
  row.pool = cells.id<PoolId>("pool");
  const auto month = read_month(cells.text("month"));
  if (!month) cells.refuse_cell("month", "a month like 2026-06", "月份，例如 2026-06");
  row.month = month.value_or(Month{});
  row.invoice.amount = Fen{cells.amount("amount", 2)};
  row.invoice.reference = cells.name("reference");
  return row;
}

}  // namespace steward::rows
