#include "cloud/billing/preview.hpp"

#include <array>

#include "cloud/billing/basis_words.hpp"
#include "cloud/billing/text_table.hpp"

namespace steward {
namespace {

constexpr std::array unit_names{FormulaName::area, FormulaName::persons, FormulaName::floor,
                                FormulaName::coefficient};

std::int64_t input_of(const Unit& unit, FormulaName name) {
  switch (name) {
    case FormulaName::area: return unit.area_cm2;
    case FormulaName::persons: return unit.persons.value_or(0);
    case FormulaName::floor: return unit.floor.value_or(0);
    case FormulaName::coefficient: return unit.coefficient_ppm.value_or(0);
    case FormulaName::household:
    case FormulaName::usage:
    case FormulaName::units:
    case FormulaName::total_area: break;  // not of the unit's row
  }
  return 0;
}

std::string head_text(const PoolStatement& pool) {
  std::string text = pool.id.text + (pool.name.empty() ? "" : " " + pool.name) + "  " + kind_zh(pool.kind) +
                     " " + kind_en(pool.kind) + "\n";
  if (pool.source == PoolSource::residual) {
    text += "  " + quantity_text(pool.residual.usage.count, pool.medium) + " − " +
            quantity_text(pool.residual.children.count, pool.medium) + " = " +
            quantity_text(pool.residual.residual.count, pool.medium) +
            (pool.residual.clamped.count > 0 ? " (负值按零处理 below zero, taken as zero)" : "") + "  × " +
            price_text(pool.price) + " = " + yuan_text(pool.cost) + " 元\n";
  } else {
    text += "  " + std::string(word(pool.source)) + (pool.reference.empty() ? "" : " " + pool.reference) +
            "  " + yuan_text(pool.cost) + " 元\n";
  }
  for (const auto& term : pool.terms) {
    text += "  " + percent_text(term.ppm) + " " + basis_zh(term.basis) + " " + std::string(word(term.basis)) +
            ": " + share_text(pool, term.total, " 元") + ", Σ " +
            weight_text(term.basis, term.weight_sum, pool.medium) +
            (term.units == 0 ? "  空置账户承担 vacant account" : "") + "\n";
  }
  if (!pool.formula.empty()) text += "  公式 formula: " + pool.formula + "\n";
  return text;
}

std::string shares_text(const Estate& estate, const PoolRun& run) {
  const auto& pool = run.statement;
  const auto& formula = estate.pools.at(pool.id).formula;
  std::vector<FormulaName> inputs;
  for (const auto name : unit_names) {
    if (formula && formula->names(name)) inputs.push_back(name);
  }
  std::vector<Align> columns{Align::left};
  std::vector<std::string> head{"房屋 Unit"};
  const auto column = [&](std::string text) {
    columns.push_back(Align::right);
    head.push_back(std::move(text));
  };
  for (const auto name : inputs) column(std::string(word(name)));
  for (const auto& term : pool.terms) {
    column("权重 " + std::string(word(term.basis)));
    if (pool.terms.size() > 1) column("份额 share");
  }
  column("应分 Share");
  columns.push_back(Align::left);
  head.emplace_back("余 Left over");
  TextTable table(std::move(columns));
  table.row(std::move(head));
  table.rule();
  std::int64_t sum = run.unshared;
  for (const auto& share : run.shares) {
    std::vector<std::string> cells{share.unit.text};
    for (const auto name : inputs)
      cells.push_back(std::to_string(input_of(estate.units.at(share.unit), name)));
    for (std::size_t t = 0; t < pool.terms.size(); ++t) {
      cells.push_back(weight_text(pool.terms[t].basis, share.terms[t].weight, pool.medium));
      if (pool.terms.size() > 1) cells.push_back(share_text(pool, share.terms[t].share, " 元"));
    }
    cells.push_back(share_text(pool, share.share, " 元"));
    cells.emplace_back(share.left_over ? "*" : "");
    sum += share.share;
    table.row(std::move(cells));
  }
  return table.text("  ") + "  合计 Sum " + share_text(pool, sum, " 元") +
         (run.unshared == 0 ? "" : ", 空置账户 vacant account " + share_text(pool, run.unshared, " 元")) +
         "\n";
}

}  // namespace

std::string pools_page(const Estate& estate, const BillRun& run, const PoolId& pool) {
  std::string text;
  for (const auto& one : run.pools) {
    if (!pool.text.empty() && one.statement.id != pool) continue;
    text += (text.empty() ? "" : "\n") + head_text(one.statement) + shares_text(estate, one);
  }
  return text;
}

}  // namespace steward
