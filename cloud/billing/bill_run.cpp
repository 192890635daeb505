#include "cloud/billing/bill_run.hpp"

#include <algorithm>
#include <cassert>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "cloud/billing/adds_up.hpp"
#include "cloud/billing/apportion.hpp"
#include "cloud/billing/price.hpp"
#include "cloud/billing/stays.hpp"
#include "cloud/billing/tariff.hpp"

namespace steward {
namespace {

/// What one unit used of one medium on some days of the month.
struct UsedOnDays {
  Day from;
  Milli usage;
};

/// Draws up one month of one estate. Runs once, in the order of its methods.
class Drawing {
 public:
  Drawing(const Estate& estate, const ClosingReadings& readings, Month month, Problems& problems)
      : estate_(estate),
        readings_(readings),
        from_(first_day(month)),
        to_(first_day(month + std::chrono::months{1})),
        problems_(problems),
        names_(estate) {
    run_.estate = estate.id;
    run_.estate_name = estate.name;
    run_.offset = estate.offset;
    run_.month = month;
  }

  std::optional<BillRun> draw() {
    meter();
    run_.residuals = residuals_of(estate_, usages_, problems_);
    for (const auto& [id, point] : estate_.points) {
      if (point.use == PointUse::unit) bill_own_use(point);
    }
    for (const auto& [id, pool] : estate_.pools) check_pool_tariff(pool);
    if (!problems_.empty()) return std::nullopt;  // a pool is shared only when all of it is known
    for (const auto& [unit, details] : estate_.units) {
      for (NodeId at = details.node;; at = estate_.nodes.at(at).parent) {
        units_under_[at].push_back(unit);
        if (at == estate_.root) break;
      }
    }
    for (const auto& [id, pool] : estate_.pools) share_pool(pool);
    for (auto& [id, usage] : usages_) run_.usages.push_back(std::move(usage));
    note_residuals();
    finish_bills();
    return std::move(run_);
  }

 private:
  void meter() {
    for (const auto& [id, point] : estate_.points) {
      ++children_[point.parent];
      auto usage = usage_between(estate_, readings_, id, from_, to_, problems_);
      if (!usage) continue;
      run_.stepped = run_.stepped || on_stepped_time(*usage);
      usages_.emplace(id, std::move(*usage));
      note_removal(id);
    }
  }

  /// The version in force, or a problem.
  const TariffVersion* version_for(const TariffId& tariff, Day day) {
    const auto* version = version_on(estate_.tariffs.at(tariff), day);
    if (version == nullptr) {
      const auto when = text_of(day);
      problems_.push_back(
          {"tariffs.csv", 0,
           "tariff \"" + tariff.text + "\" has no price on " + when +
               "; add a version whose valid_from is that day or earlier",
           "tariff \"" + tariff.text + "\" 在 " + when + " 没有价格；请补充 valid_from 不晚于该日的版本"});
    }
    return version;
  }

  /// The days on which a point's month is cut: its occupant or its price changes.
  std::vector<Day> cuts_of(const Point& point, const std::vector<Stay>& stays) const {
    std::set<Day> cuts{from_, to_};
    for (const auto& stay : stays) cuts.insert(stay.from);
    for (const auto day : changes_inside(estate_.tariffs.at(point.tariff), from_, to_)) cuts.insert(day);
    return {cuts.begin(), cuts.end()};
  }

  /// Already used in the calendar year when the month begins; asked of the readings only when a tier needs
  /// it.
  std::optional<Milli> year_before(const Point& point, const std::vector<Day>& cuts) {
    bool yearly = false;
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      const auto* version = version_on(estate_.tariffs.at(point.tariff), cuts[i]);
      yearly =
          yearly || (version != nullptr && version->period == TierPeriod::year && version->tiers.size() > 1);
    }
    if (!yearly) return Milli{};
    const auto before = used_in_year(estate_, readings_, point.id, from_, problems_);
    if (!before) return std::nullopt;
    run_.stepped = run_.stepped || before->stepped;  // it chose the price
    return before->used;
  }

  void bill_own_use(const Point& point) {
    const auto stays = stays_in(estate_, point.unit, from_, to_);
    const auto cuts = cuts_of(point, stays);
    const auto before = year_before(point, cuts);
    Milli used;  // since the month began
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      const auto* version = version_for(point.tariff, cuts[i]);
      auto usage = piece_of(point, cuts[i], cuts[i + 1]);
      if (version == nullptr || !usage || !before) continue;
      const auto stay =
          std::find_if(stays.begin(), stays.end(), [&](const Stay& s) { return s.to > cuts[i]; });
      const auto start = version->period == TierPeriod::year ? *before + used : used;
      for (const auto& part : cut_by_tier(*version, start, usage->usage)) {
        add(stay->account, {point.unit, point.medium, cuts[i], cuts[i + 1], point.tariff, version->valid_from,
                            part.price, part.quantity, round_to_fen(part.quantity, part.price),
                            OwnUse{point.id, version->period, part.tier, part.upto, part.used_before}});
      }
      used += usage->usage;
      unit_usage_[{point.unit, point.medium}].push_back({cuts[i], usage->usage});
      bill_of(stay->account).usages.push_back(std::move(*usage));
    }
  }

  std::optional<PointUsage> piece_of(const Point& point, Day from, Day to) {
    if (from == from_ && to == to_) {
      const auto whole = usages_.find(point.id);
      return whole == usages_.end() ? std::nullopt : std::optional(whole->second);
    }
    auto piece = usage_between(estate_, readings_, point.id, from, to, problems_);
    run_.stepped = run_.stepped || (piece && on_stepped_time(*piece));
    return piece;
  }

  void check_pool_tariff(const Pool& pool) {
    version_for(pool.tariff, from_);
    for (const auto day : changes_inside(estate_.tariffs.at(pool.tariff), from_, to_)) {
      problems_.push_back({"tariffs.csv", 0,
                           "tariff \"" + pool.tariff.text + "\" of pool \"" + pool.id.text +
                               "\" changes on " + text_of(day) +
                               ", inside the month; let a pool's price change on the first of a month",
                           "公摊 \"" + pool.id.text + "\" 的 tariff \"" + pool.tariff.text + "\" 在月中 " +
                               text_of(day) + " 变价；公摊价格应从每月 1 日起变更"});
    }
  }

  Milli usage_of(const UnitId& unit, Medium medium, Day from, Day to) const {
    Milli sum;
    const auto found = unit_usage_.find({unit, medium});
    if (found == unit_usage_.end()) return sum;
    for (const auto& used : found->second) {
      if (used.from >= from && used.from < to) sum += used.usage;
    }
    return sum;
  }

  std::int64_t weight_of(const Pool& pool, Medium medium, const UnitId& unit) const {
    const auto& details = estate_.units.at(unit);
    switch (pool.basis) {
      case Basis::area: return details.area_cm2;
      case Basis::household: return details.kind == UnitKind::parking ? 0 : 1;
      case Basis::usage: return usage_of(unit, medium, from_, to_).count;
    }
    return 0;
  }

  PoolStatement statement_of(const Pool& pool) {
    PoolStatement statement;
    statement.id = pool.id;
    statement.name = pool.name;
    statement.node = pool.node;
    statement.node_name = estate_.nodes.at(pool.node).name;
    statement.basis = pool.basis;
    statement.share = pool.share;
    statement.usage = usages_.at(pool.point);
    const auto children = children_.find(pool.point);
    statement.children_count = children == children_.end() ? 0 : children->second;
    statement.residual = *std::lower_bound(run_.residuals.begin(), run_.residuals.end(), pool.point,
                                           [](const Residual& r, const PointId& id) { return r.point < id; });
    const auto* version = version_on(estate_.tariffs.at(pool.tariff), from_);
    statement.tariff = pool.tariff;
    statement.tariff_from = version->valid_from;
    statement.price = version->tiers.front().price;
    statement.cost = round_to_fen(statement.residual.residual, statement.price);
    return statement;
  }

  void share_pool(const Pool& pool) {
    PoolRun shared{statement_of(pool), {}};
    auto& statement = shared.statement;
    const auto medium = statement.usage.medium;
    std::vector<std::int64_t> weights;
    for (const auto& unit : units_under_[pool.node]) {
      weights.push_back(weight_of(pool, medium, unit));
      shared.shares.push_back({unit, weights.back(), 0, false});
      statement.weight_sum += weights.back();
      if (weights.back() > 0) ++statement.units;
    }
    const auto total =
        pool.share == ShareOf::money ? statement.cost.count : statement.residual.residual.count;
    const auto out = share_out(total, weights);
    if (!out) {
      shared.shares.clear();
      note_no_weight(statement);
      add_share(statement, estate_.vacant_account, UnitId{}, {from_, to_}, {pool.id, 0, total, 1, 1}, total);
    } else {
      for (std::size_t i = 0; i < weights.size(); ++i) shared.shares[i].share = out->shares[i];
      for (const auto place : out->left_over) shared.shares[place].left_over = true;
      for (const auto& share : shared.shares) {
        if (share.weight > 0) share_among_stays(statement, share);
      }
    }
    run_.pools.push_back(std::move(shared));
  }

  /// A unit's share to whoever lived there: by days, or by what each used where usage is the basis.
  void share_among_stays(const PoolStatement& statement, const UnitShare& share) {
    const auto stays = stays_in(estate_, share.unit, from_, to_);
    std::vector<std::int64_t> parts;
    std::int64_t whole = 0;
    for (const auto& stay : stays) {
      parts.push_back(statement.basis == Basis::usage
                          ? usage_of(share.unit, statement.usage.medium, stay.from, stay.to).count
                          : (stay.to - stay.from).count());
      whole += parts.back();
    }
    const auto out = share_out(share.share, parts);
    assert(out);  // days are above zero; so is the usage of a unit whose weight is
    for (std::size_t i = 0; i < stays.size(); ++i) {
      if (parts[i] == 0) continue;
      add_share(statement, stays[i].account, share.unit, {stays[i].from, stays[i].to},
                {statement.id, share.weight, share.share, parts[i], whole}, out->shares[i]);
    }
  }

  void add_share(const PoolStatement& statement, const AccountId& account, const UnitId& unit,
                 std::pair<Day, Day> days, PoolShare why, std::int64_t share) {
    const bool money = statement.share == ShareOf::money;
    add(account, {unit, statement.usage.medium, days.first, days.second, statement.tariff,
                  statement.tariff_from, statement.price, money ? std::nullopt : std::optional(Milli{share}),
                  money ? Fen{share} : round_to_fen(Milli{share}, statement.price), std::move(why)});
    auto& pools = bill_of(account).pools;
    // Pools come in id order, so a bill's statements are sorted and the last one is the only one to compare
    // with.
    if (pools.empty() || pools.back().id != statement.id) pools.push_back(statement);
  }

  Bill& bill_of(const AccountId& account) { return bills_[account]; }
  void add(const AccountId& account, BillLine line) { bill_of(account).lines.push_back(std::move(line)); }

  void note_removal(const PointId& point) {
    const auto& last = estate_.installs.at(point).back();
    if (!last.to || *last.to >= to_) return;
    run_.notices.push_back({"point " + point.text + " has no meter since " + text_of(*last.to) +
                                "; when it was exchanged, add the new meter to installs.csv before you issue",
                            "计量点 " + point.text + " 自 " + text_of(*last.to) +
                                " 起没有装表；如为换表，请先在 installs.csv 中登记新表再出账"});
  }

  void note_no_weight(const PoolStatement& statement) {
    run_.notices.push_back({"pool " + statement.id.text + ": no unit has weight (" +
                                std::string(word(statement.basis)) + "), the vacant account bears all of it",
                            "公摊 " + statement.id.text + "：没有房屋参与分摊（" +
                                std::string(word(statement.basis)) + "），全部由空置账户承担"});
  }

  void note_residuals() {
    std::set<PointId> shared;
    for (const auto& [id, pool] : estate_.pools) shared.insert(pool.point);
    for (const auto& found : run_.residuals) {
      const auto& point = estate_.points.at(found.point);
      const auto unit = " " + std::string(priced_unit(point.medium));
      if (found.clamped.count > 0) {
        const auto below = grouped_decimal_text(found.clamped.count, 3) + unit;
        run_.notices.push_back(
            {"point " + found.point.text + ": its children counted " + below +
                 " more than itself, within the tolerance; its residual is taken as zero",
             "计量点 " + found.point.text + "：下级合计多出 " + below + "，在容差之内，剩余量按零处理"});
      } else if (found.residual.count > 0 && point.use != PointUse::unit && !shared.contains(found.point)) {
        const auto left = grouped_decimal_text(found.residual.count, 3) + unit;
        run_.notices.push_back(
            {"point " + found.point.text + ": " + left + " are in no pool and billed to nobody",
             "计量点 " + found.point.text + "：" + left + " 未设公摊，未向任何人计费"});
      }
    }
  }

  static auto line_order(const BillLine& line) {
    const auto* own = std::get_if<OwnUse>(&line.why);
    const auto* share = std::get_if<PoolShare>(&line.why);
    return std::tuple(line.unit, line.why.index(), line.medium, own ? own->point.text : share->pool.text,
                      line.from, own ? own->tier : 0);
  }

  void finish_bills() {
    for (auto& [account, bill] : bills_) {
      bill.id = BillId(text_of(run_.month) + "-" + account.text);
      bill.estate = run_.estate;
      bill.estate_name = run_.estate_name;
      bill.offset = run_.offset;
      bill.month = run_.month;
      bill.account = account;
      bill.account_name = names_.of(account);
      bill.vacant_account = account == estate_.vacant_account;
      bill.stepped = run_.stepped;
      std::sort(bill.lines.begin(), bill.lines.end(),
                [](const auto& a, const auto& b) { return line_order(a) < line_order(b); });
      for (const auto& line : bill.lines) bill.total += line.amount;
      run_.total += bill.total;
      run_.bills.push_back(std::move(bill));
    }
  }

  const Estate& estate_;
  const ClosingReadings& readings_;
  const Day from_;
  const Day to_;
  Problems& problems_;
  const AccountNames names_;
  BillRun run_;
  std::map<PointId, PointUsage> usages_;
  std::map<PointId, std::uint32_t> children_;  // how many, by parent
  std::map<NodeId, std::vector<UnitId>> units_under_;
  std::map<std::pair<UnitId, Medium>, std::vector<UsedOnDays>> unit_usage_;
  std::map<AccountId, Bill> bills_;
};

}  // namespace

DrawnUp draw_up(const Estate& estate, ClosingReadings readings, Month month) {
  for (const auto& reading : estate.readings) readings.add(reading);
  DrawnUp drawn;
  drawn.run = Drawing(estate, readings, month, drawn.problems).draw();
  std::sort(drawn.problems.begin(), drawn.problems.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.file, a.line, a.en) < std::tie(b.file, b.line, b.en);
  });
  drawn.problems.erase(std::unique(drawn.problems.begin(), drawn.problems.end()), drawn.problems.end());
  assert(drawn.run.has_value() == drawn.problems.empty());
  if (drawn.run) {
    const auto wrong = what_does_not_add_up(*drawn.run);
    assert(wrong.empty());
  }
  return drawn;
}

}  // namespace steward
