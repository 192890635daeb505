#include <limits>
#include <string>
#include <utility>

#include "cloud/billing/month_work.hpp"

namespace steward {
namespace {

/// The weights of one pool's units under its bases.
class Weights {
 public:
  Weights(MonthWork& work, const Pool& pool, Medium medium)
      : work_(work), pool_(pool), medium_(medium), units_(work.units_under[pool.node]) {
    for (const auto& unit : units_) total_area_ += work.estate.units.at(unit).area_cm2;
  }

  std::int64_t of(Basis basis, const UnitId& id) const {
    const auto& unit = work_.estate.units.at(id);
    switch (basis) {
      case Basis::area: return unit.area_cm2;
      case Basis::household: return unit.kind == UnitKind::parking ? 0 : 1;
      case Basis::usage: return usage(id);
      case Basis::persons: return unit.persons.value_or(0);  // read_estate saw that none is open
      case Basis::floor: return unit.floor.value_or(0);
      case Basis::coefficient: return unit.coefficient_ppm.value_or(0);
      case Basis::equal: return 1;
      case Basis::formula: return by_formula(id, unit);
    }
    return 0;
  }

 private:
  std::int64_t usage(const UnitId& id) const {
    return medium_ == Medium::none ? 0 : work_.usage_of(id, medium_, work_.from, work_.to).count;
  }

  std::int64_t by_formula(const UnitId& id, const Unit& unit) const {
    Formula::Inputs inputs{};
    const auto set = [&](FormulaName name, std::int64_t value) {
      inputs[static_cast<std::size_t>(name)] = value;
    };
    set(FormulaName::area, unit.area_cm2);
    set(FormulaName::household, of(Basis::household, id));
    set(FormulaName::persons, unit.persons.value_or(0));
    set(FormulaName::floor, unit.floor.value_or(0));
    set(FormulaName::coefficient, unit.coefficient_ppm.value_or(0));
    set(FormulaName::usage, usage(id));
    set(FormulaName::units, static_cast<std::int64_t>(units_.size()));
    set(FormulaName::total_area, total_area_);
    const auto found = pool_.formula->weight(inputs);
    if (const auto* weight = std::get_if<std::int64_t>(&found)) return *weight;
    const auto& error = std::get<FormulaError>(found);
    const auto column = std::to_string(error.column);
    work_.problems.push_back({"pools.csv", pool_.line,
                              "formula of pool \"" + pool_.id.text + "\", column " + column +
                                  ": for unit \"" + id.text + "\" it " + error.en,
                              "公摊 \"" + pool_.id.text + "\" 的 formula 第 " + column + " 列：房屋 \"" +
                                  id.text + "\"：" + error.zh});
    return 0;
  }

  MonthWork& work_;
  const Pool& pool_;
  const Medium medium_;
  const std::vector<UnitId>& units_;
  std::int64_t total_area_ = 0;
};

}  // namespace

std::vector<UnitShare> weigh_units(MonthWork& work, const Pool& pool, PoolStatement& statement) {
  const Weights weights(work, pool, statement.medium);
  std::vector<UnitShare> shares;
  for (const auto& unit : work.units_under[pool.node]) {
    UnitShare share{unit, {}, 0, false};
    for (auto& term : statement.terms) {
      const auto weight = weights.of(term.basis, unit);
      share.terms.push_back({weight, 0});
      term.weight_sum += weight;
      if (weight > 0) ++term.units;
    }
    shares.push_back(std::move(share));
  }
  return shares;
}

}  // namespace steward
