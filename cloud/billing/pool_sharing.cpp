#include <algorithm>
#include <cassert>
#include <optional>
#include <string>
#include <utility>

#include "cloud/billing/apportion.hpp"
#include "cloud/billing/month_work.hpp"
#include "cloud/billing/price.hpp"
#include "cloud/billing/stays.hpp"
#include "cloud/billing/tariff.hpp"

namespace steward {
namespace {

PoolStatement metered_statement(const MonthWork& work, const Pool& pool, PoolStatement statement) {
  statement.usage = work.usages.at(pool.point);
  statement.medium = statement.usage.medium;
  statement.negative = pool.negative;
  for (const auto& [id, point] : work.estate.points) {
    if (point.parent == pool.point) ++statement.children_count;
  }
  statement.residual = *std::lower_bound(work.run.residuals.begin(), work.run.residuals.end(), pool.point,
                                         [](const Residual& r, const PointId& id) { return r.point < id; });
  const auto* version = version_on(work.estate.tariffs.at(pool.tariff), work.from);
  statement.tariff = pool.tariff;
  statement.tariff_from = version->valid_from;
  statement.price = version->tiers.front().price;
  statement.cost = round_to_fen(statement.residual.residual, statement.price);
  return statement;
}

PoolStatement statement_of(const MonthWork& work, const Pool& pool) {
  PoolStatement statement;
  statement.id = pool.id;
  statement.name = pool.name;
  statement.node = pool.node;
  statement.node_name = work.estate.nodes.at(pool.node).name;
  statement.source = pool.source;
  statement.kind = pool.kind;
  statement.share = pool.share;
  statement.medium = pool.medium;
  if (pool.formula) statement.formula = pool.formula->text();
  if (pool.source == PoolSource::residual) return metered_statement(work, pool, std::move(statement));
  if (pool.source == PoolSource::fixed) {
    statement.cost = *pool.amount;
    return statement;
  }
  const auto& invoice = work.estate.invoices.at({pool.id, work.run.month});
  statement.cost = invoice.amount;
  statement.reference = invoice.reference;
  return statement;
}

/// The bases that share this month, each with its part of the whole by largest remainder.
void add_terms(const Pool& pool, PoolStatement& statement) {
  const bool scaled = statement.total() < 0 && pool.negative == Negative::scale;
  const auto parts = scaled ? std::vector{BasisPart{Basis::usage, whole_ppm}} : pool.parts;
  std::vector<std::int64_t> ppms;
  for (const auto& part : parts) ppms.push_back(part.ppm);
  const auto totals = share_out(statement.total(), ppms);
  assert(totals);  // ppm are above zero
  for (std::size_t i = 0; i < parts.size(); ++i)
    statement.terms.push_back({parts[i].basis, parts[i].ppm, totals->shares[i], 0, 0});
}

/// Lines of one pool onto the bills.
class Billing {
 public:
  Billing(MonthWork& work, const Pool& pool, const PoolStatement& statement)
      : work_(work), pool_(pool), statement_(statement), money_(statement.share == ShareOf::money) {}

  /// A unit's share to whoever lived there: by days, or by what each used where usage is the only basis.
  void to_stays(const UnitShare& share) {
    const bool by_usage = statement_.terms.size() == 1 && statement_.terms.front().basis == Basis::usage;
    const auto stays = stays_in(work_.estate, share.unit, work_.from, work_.to);
    std::vector<std::int64_t> parts;
    std::int64_t whole = 0;
    for (const auto& stay : stays) {
      parts.push_back(by_usage ? work_.usage_of(share.unit, statement_.medium, stay.from, stay.to).count
                               : (stay.to - stay.from).count());
      whole += parts.back();
    }
    const auto out = share_out(share.share, parts);
    assert(out);  // days are above zero; so is the usage of a unit whose weight is
    for (std::size_t i = 0; i < stays.size(); ++i) {
      if (parts[i] == 0) continue;
      add(stays[i].account, share.unit, stays[i], {statement_.id, share.terms, share.share, parts[i], whole},
          out->shares[i]);
    }
  }

  void to_landlord(std::int64_t total) {
    std::vector<ShareTerm> terms;
    for (const auto& term : statement_.terms) terms.push_back({0, term.units == 0 ? term.total : 0});
    add(work_.estate.vacant_account, UnitId{}, {work_.estate.vacant_account, work_.from, work_.to},
        {statement_.id, std::move(terms), total, 1, 1}, total);
  }

 private:
  BillLine line(const UnitId& unit, const Stay& stay, Fen amount) const {
    const bool priced = !statement_.tariff.text.empty();
    return {unit,
            statement_.medium,
            stay.from,
            stay.to,
            statement_.tariff,
            priced ? statement_.tariff_from : work_.from,
            statement_.price,
            std::nullopt,
            amount,
            {}};
  }

  void add(const AccountId& account, const UnitId& unit, const Stay& stay, PoolShare why,
           std::int64_t share) {
    auto one = line(unit, stay, money_ ? Fen{share} : round_to_fen(Milli{share}, statement_.price));
    if (!money_) one.quantity = Milli{share};
    one.why = std::move(why);
    // The owner of a vacant unit pays a part of its share and the landlord the rest: never a neighbour.
    if (stay.vacant && pool_.vacant_ppm < whole_ppm) {
      spare_owner(work_, one, account, pool_.vacant_ppm, pool_.id.text);
      work_.book.add(work_.estate.vacant_account, statement_);
    }
    work_.book.add(account, std::move(one));
    work_.book.add(account, statement_);
  }

  MonthWork& work_;
  const Pool& pool_;
  const PoolStatement& statement_;
  const bool money_;
};

}  // namespace

void check_pool(MonthWork& work, const Pool& pool) {
  if (pool.source == PoolSource::invoice && !work.estate.invoices.contains({pool.id, work.run.month})) {
    const auto month = text_of(work.run.month);
    work.problems.push_back(
        {"invoices.csv", 0,
         "pool \"" + pool.id.text + "\" has no invoice of " + month +
             "; add its row, with amount 0 when there was none",
         "公摊 \"" + pool.id.text + "\" 在 " + month + " 没有账单；请补一行，若无费用则 amount 为 0"});
  }
  if (pool.source != PoolSource::residual) return;
  version_for(work, pool.tariff, work.from);
  for (const auto day : changes_inside(work.estate.tariffs.at(pool.tariff), work.from, work.to)) {
    work.problems.push_back({"tariffs.csv", 0,
                             "tariff \"" + pool.tariff.text + "\" of pool \"" + pool.id.text +
                                 "\" changes on " + text_of(day) +
                                 ", inside the month; let a pool's price change on the first of a month",
                             "公摊 \"" + pool.id.text + "\" 的 tariff \"" + pool.tariff.text + "\" 在月中 " +
                                 text_of(day) + " 变价；公摊价格应从每月 1 日起变更"});
  }
}

void share_pool(MonthWork& work, const Pool& pool) {
  PoolRun shared{statement_of(work, pool), {}, 0};
  auto& statement = shared.statement;
  add_terms(pool, statement);
  shared.shares = weigh_units(work, pool, statement);
  for (std::size_t t = 0; t < statement.terms.size(); ++t) {
    const auto& term = statement.terms[t];
    std::vector<std::int64_t> weights;
    for (const auto& share : shared.shares) weights.push_back(share.terms[t].weight);
    const auto out = share_out(term.total, weights);
    if (!out) {
      note_no_weight(work, statement, term);
      shared.unshared += term.total;
      continue;
    }
    for (std::size_t i = 0; i < weights.size(); ++i) {
      shared.shares[i].terms[t].share = out->shares[i];
      shared.shares[i].share += out->shares[i];
    }
    for (const auto place : out->left_over) shared.shares[place].left_over = true;
  }
  Billing billing(work, pool, statement);
  bool weighed = false;
  for (const auto& term : statement.terms) weighed = weighed || term.units > 0;
  if (!weighed) shared.shares.clear();
  if (std::any_of(statement.terms.begin(), statement.terms.end(),
                  [](const auto& term) { return term.units == 0; }))
    billing.to_landlord(shared.unshared);
  for (const auto& share : shared.shares) {
    if (std::any_of(share.terms.begin(), share.terms.end(), [](const auto& term) { return term.weight > 0; }))
      billing.to_stays(share);
  }
  work.run.pools.push_back(std::move(shared));
}

}  // namespace steward
