// Properties of the arithmetic of bills, over random inputs (RapidCheck). A
// failure prints the seed to rerun it with: RC_PARAMS="seed=...".
#include <rapidcheck.h>

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "cloud/billing/apportion.hpp"
#include "cloud/billing/bill_json.hpp"
#include "cloud/billing/bill_run.hpp"
#include "cloud/billing/price.hpp"
#include "cloud/billing/tariff.hpp"
#include "cloud/metering/decimal.hpp"
#include "cloud/metering/usage.hpp"

using namespace steward;

namespace {

__extension__ using Wide = __int128;
constexpr Day first_price{std::chrono::year{2020} / 1 / 1};

std::vector<std::int64_t> some_weights() {
  return *rc::gen::suchThat(
      rc::gen::container<std::vector<std::int64_t>>(
          rc::gen::weightedOneOf<std::int64_t>({{1, rc::gen::just<std::int64_t>(0)},
                                                {6, rc::gen::inRange<std::int64_t>(0, 2'000'000)},
                                                {1, rc::gen::inRange<std::int64_t>(1, 4)}})),
      [](const auto& weights) {
        return std::any_of(weights.begin(), weights.end(), [](auto w) { return w > 0; });
      });
}
std::int64_t some_total() { return *rc::gen::inRange<std::int64_t>(-1'000'000'000'000, 1'000'000'000'000); }

std::int64_t sum_of(const std::vector<std::int64_t>& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), std::int64_t{0});
}

TariffVersion some_tariff() {
  TariffVersion version{first_price, TierPeriod::year, {}};
  auto bounds = *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(1, 10'000'000));
  if (bounds.size() > 7) bounds.resize(7);
  std::sort(bounds.begin(), bounds.end());
  bounds.erase(std::unique(bounds.begin(), bounds.end()), bounds.end());
  for (const auto bound : bounds)
    version.tiers.push_back({Milli{bound}, MicroYuan{*rc::gen::inRange<std::int64_t>(0, 20'000'000)}});
  version.tiers.push_back({std::nullopt, MicroYuan{*rc::gen::inRange<std::int64_t>(0, 20'000'000)}});
  return version;
}

/// What the parts cost in 10^-9 yuan, before any rounding.
Wide exact_cost(const std::vector<TierPart>& parts) {
  Wide cost = 0;
  for (const auto& part : parts) cost += Wide{part.quantity.count} * part.price.count;
  return cost;
}

}  // namespace

TEST_SUITE("property/apportion") {
  TEST_CASE("P1: shares add up to the total, always") {
    CHECK(rc::check([] {
      const auto total = some_total();
      const auto out = share_out(total, some_weights());
      RC_ASSERT(bool{out});
      RC_ASSERT(sum_of(out->shares) == total);
    }));
  }

  TEST_CASE("P2: no share is a whole count away from its exact proportion") {
    CHECK(rc::check([] {
      const auto total = some_total();
      const auto weights = some_weights();
      const auto out = share_out(total, weights);
      RC_ASSERT(bool{out});
      const Wide sum = sum_of(weights);
      for (std::size_t i = 0; i < weights.size(); ++i) {
        const Wide off = Wide{out->shares[i]} * sum - Wide{total} * weights[i];
        RC_ASSERT((off < 0 ? -off : off) < sum);
      }
    }));
  }

  TEST_CASE("P3: no weight, no share") {
    CHECK(rc::check([] {
      const auto weights = some_weights();
      const auto out = share_out(some_total(), weights);
      RC_ASSERT(bool{out});
      for (std::size_t i = 0; i < weights.size(); ++i) RC_ASSERT(weights[i] > 0 || out->shares[i] == 0);
    }));
  }

  TEST_CASE("P4: who weighs more never gets less") {
    CHECK(rc::check([] {
      const auto weights = some_weights();
      const auto out = share_out(*rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000), weights);
      RC_ASSERT(bool{out});
      for (std::size_t i = 0; i < weights.size(); ++i) {
        for (std::size_t j = 0; j < weights.size(); ++j) {
          RC_ASSERT(weights[i] <= weights[j] || out->shares[i] >= out->shares[j]);
        }
      }
    }));
  }

  TEST_CASE("P5: a place's share hangs on the weights, not on their order, but for ties") {
    CHECK(rc::check([] {
      const auto total = some_total();
      auto weights = some_weights();
      const auto out = share_out(total, weights);
      std::reverse(weights.begin(), weights.end());
      const auto other = share_out(total, weights);
      RC_ASSERT(out && other);
      // Equal weights may swap a count between them; sorted by weight and share the two are one.
      const auto pairs = [](const auto& w, const auto& shares) {
        std::vector<std::pair<std::int64_t, std::int64_t>> both;
        for (std::size_t i = 0; i < w.size(); ++i) both.emplace_back(w[i], shares[i]);
        std::sort(both.begin(), both.end());
        return both;
      };
      const auto sum = sum_of(weights);
      bool tied = false;  // different weights can tie on the remainder, too: then only the sum is promised
      for (const auto a : weights) {
        for (const auto b : weights)
          tied = tied || (a != b && Wide{total} * a % sum == Wide{total} * b % sum);
      }
      RC_PRE(!tied);
      RC_ASSERT(pairs(weights, other->shares) == pairs(
                                                     [&] {
                                                       auto w = weights;
                                                       std::reverse(w.begin(), w.end());
                                                       return w;
                                                     }(),
                                                     out->shares));
    }));
  }
}

TEST_SUITE("property/tariff") {
  TEST_CASE("P6: cutting a period anywhere never changes the exact tier cost") {
    CHECK(rc::check([] {
      const auto version = some_tariff();
      const Milli before{*rc::gen::inRange<std::int64_t>(0, 10'000'000)};
      const Milli first{*rc::gen::inRange<std::int64_t>(0, 10'000'000)};
      const Milli second{*rc::gen::inRange<std::int64_t>(0, 10'000'000)};
      const auto whole = cut_by_tier(version, before, first + second);
      const auto cut = exact_cost(cut_by_tier(version, before, first)) +
                       exact_cost(cut_by_tier(version, before + first, second));
      RC_ASSERT(exact_cost(whole) == cut);
      Milli sum;
      for (const auto& part : whole) sum += part.quantity;
      RC_ASSERT(sum == first + second);
    }));
  }

  TEST_CASE("a rounded amount is at most half a fen from the exact one, and mirrored for credits") {
    CHECK(rc::check([] {
      const Milli quantity{*rc::gen::inRange<std::int64_t>(-1'000'000'000'000, 1'000'000'000'000)};
      const MicroYuan price{*rc::gen::inRange<std::int64_t>(0, 1'000'000'000)};
      const auto fen = round_to_fen(quantity, price);
      const Wide off = Wide{fen.count} * 10'000'000 - Wide{quantity.count} * price.count;
      RC_ASSERT((off < 0 ? -off : off) <= 5'000'000);
      RC_ASSERT(round_to_fen(-quantity, price) == -fen);
    }));
  }
}

TEST_SUITE("property/usage") {
  TEST_CASE("usages of neighbouring periods add up to the usage of the whole, under any multiplier") {
    CHECK(rc::check([] {
      std::vector<std::int64_t> registers =
          *rc::gen::container<std::vector<std::int64_t>>(3, rc::gen::inRange<std::int64_t>(0, 100'000'000));
      std::sort(registers.begin(), registers.end());
      const auto n = *rc::gen::inRange<std::int64_t>(1, 100'001);
      const auto d = *rc::gen::inRange<std::int64_t>(1, 100'001);
      const auto first = register_difference(registers[0], registers[1], n, d);
      const auto second = register_difference(registers[1], registers[2], n, d);
      const auto whole = register_difference(registers[0], registers[2], n, d);
      RC_ASSERT(first && second && whole);
      RC_ASSERT(*first + *second == *whole);
    }));
  }

  TEST_CASE("a decimal is read back as it was written") {
    CHECK(rc::check([] {
      const auto count = *rc::gen::inRange<std::int64_t>(-1'000'000'000'000'000, 1'000'000'000'000'000);
      const auto decimals = *rc::gen::inRange(0, 7);
      RC_ASSERT(read_decimal(decimal_text(count, decimals), decimals) == count);
    }));
  }
}

namespace {

/// One basis, or a hybrid of two.
std::vector<BasisPart> some_parts() {
  const auto one = *rc::gen::element(Basis::area, Basis::household, Basis::usage, Basis::persons,
                                     Basis::floor, Basis::coefficient, Basis::equal);
  const auto other = *rc::gen::element(Basis::area, Basis::usage, Basis::persons);
  if (one == other) return {{one, whole_ppm}};
  const auto ppm = *rc::gen::inRange<std::int64_t>(1, whole_ppm);
  return {{one, ppm}, {other, whole_ppm - ppm}};
}

Unit some_unit(const UnitId& id, const NodeId& node) {
  Unit unit;
  unit.id = id;
  unit.node = node;
  unit.area_cm2 = *rc::gen::inRange<std::int64_t>(0, 2'000'000);
  unit.persons = *rc::gen::inRange<std::int64_t>(0, 9);
  unit.floor = *rc::gen::inRange<std::int64_t>(0, 9);
  unit.coefficient_ppm = *rc::gen::inRange<std::int64_t>(0, 3'000'000);
  if (*rc::gen::inRange(0, 2) == 1) unit.owner = AccountId("own-" + id.text);
  return unit;
}

/// One pool for each residual of the tree.
void add_pools(Estate& estate) {
  int number = 0;
  for (const auto& [point, node] : {std::pair{"all", "r"}, {"floor0", "f0"}, {"floor1", "f1"}}) {
    const PoolId pool("pool" + std::to_string(number++));
    auto& made = estate.pools[pool];
    made.id = pool;
    made.point = PointId(point);
    made.node = NodeId(node);
    made.parts = some_parts();
    made.share = *rc::gen::element(ShareOf::quantity, ShareOf::money);
    made.tariff = TariffId("pool");
    made.vacant_ppm = *rc::gen::inRange<std::int64_t>(0, whole_ppm + 1);
  }
}

/// A whole estate made at random: a tree of two floors, meters, pools of every basis, moves inside the month.
Estate some_estate(ClosingReadings& readings) {
  using namespace std::chrono;
  constexpr Day june_1{year{2026} / June / 1};
  constexpr Day july_1{year{2026} / July / 1};
  Estate estate;
  estate.id = SiteId("random");
  estate.vacant_account = AccountId("landlord");
  estate.root = NodeId("r");
  estate.nodes = {{NodeId("r"), {NodeId("r"), NodeId(), NodeKind::estate, "r"}},
                  {NodeId("f0"), {NodeId("f0"), NodeId("r"), NodeKind::floor, "f0"}},
                  {NodeId("f1"), {NodeId("f1"), NodeId("r"), NodeKind::floor, "f1"}}};
  estate.tariffs[TariffId("home")] = {TariffId("home"), Medium::electricity, {some_tariff()}};
  estate.tariffs[TariffId("pool")] = {
      TariffId("pool"),
      Medium::electricity,
      {{first_price,
        TierPeriod::month,
        {{std::nullopt, MicroYuan{*rc::gen::inRange<std::int64_t>(0, 2'000'000)}}}}}};
  std::map<PointId, std::int64_t> used;
  const auto add = [&](std::string id, std::string parent, UnitId unit, std::int64_t usage) {
    const PointId point{std::move(id)};
    const bool own = !unit.text.empty();
    estate.points[point] = {point,
                            PointId(std::move(parent)),
                            Medium::electricity,
                            own ? PointUse::unit : PointUse::master,
                            unit,
                            own ? TariffId("home") : TariffId(),
                            ""};
    estate.installs[point] = {{point, MeterId("m-" + point.text), "energy_import",
                               Day{year{2026} / January / 1}, std::nullopt, 1, 1, 0, std::nullopt}};
    const auto begin = *rc::gen::inRange<std::int64_t>(0, 5'000'000);
    const auto middle = begin + (usage > 0 ? *rc::gen::inRange<std::int64_t>(0, usage + 1) : 0);
    for (const auto& [day, value] :
         {std::pair{june_1, begin}, {june_1 + days{10}, middle}, {july_1, begin + usage}}) {
      readings.add({MeterId("m-" + point.text), "energy_import", midnight(day, estate.offset), value,
                    ChannelUnit::wh});
    }
    used[point] = usage;
  };
  std::int64_t all = 0;
  for (const auto* floor : {"0", "1"}) {
    std::int64_t on_floor = 0;
    const int units = *rc::gen::inRange(1, 5);
    for (int u = 0; u < units; ++u) {
      const UnitId unit("u" + std::string(floor) + std::to_string(u));
      estate.units[unit] = some_unit(unit, NodeId("f" + std::string(floor)));
      const auto usage = *rc::gen::inRange<std::int64_t>(0, 900'000);
      add("p-" + unit.text, "floor" + std::string(floor), unit, usage);
      on_floor += usage;
      const int life = *rc::gen::inRange(0, 4);  // vacant, one occupant, moved out, changed
      if (life > 0)
        estate.occupancies[unit].push_back(
            {unit, AccountId("a-" + unit.text), "", Day{year{2026} / January / 1},
             life == 1 ? std::nullopt : std::optional<Day>(june_1 + days{10})});
      if (life == 3)
        estate.occupancies[unit].push_back(
            {unit, AccountId("b-" + unit.text), "", june_1 + days{10}, std::nullopt});
    }
    on_floor += *rc::gen::inRange<std::int64_t>(0, 50'000);
    add("floor" + std::string(floor), "all", UnitId(), on_floor);
    all += on_floor;
  }
  add("all", "", UnitId(), all + *rc::gen::inRange<std::int64_t>(0, 50'000));
  add_pools(estate);
  return estate;
}

/// Does the bill itself hold what the line stands on?
bool has_source(const Bill& bill, const BillLine& line) {
  if (const auto* own = std::get_if<OwnUse>(&line.why)) {
    return std::any_of(bill.usages.begin(), bill.usages.end(), [&](const auto& usage) {
      return usage.point == own->point && usage.from == line.from && usage.to == line.to;
    });
  }
  const auto* share = std::get_if<PoolShare>(&line.why);
  const auto pool = share != nullptr ? share->pool.text : std::get<Reduction>(line.why).of;
  return std::any_of(bill.pools.begin(), bill.pools.end(),
                     [&](const auto& one) { return one.id.text == pool; });
}

}  // namespace

TEST_SUITE("property/bill_run") {
  TEST_CASE(
      "the bills of any estate account for every watt-hour of its master meter, and rerun to the same "
      "bytes") {
    CHECK(rc::check([] {
      // Not shrunk: a smaller estate of a hundred draws is found by hand faster than by walking through them.
      const auto [estate, readings] = *rc::gen::noShrink(rc::gen::exec([] {
        std::pair<Estate, ClosingReadings> made;
        made.first = some_estate(made.second);
        return made;
      }));
      const Month june{std::chrono::year{2026}, std::chrono::June};
      const auto drawn = draw_up(estate, readings, june);  // asserts that lines and shares add up
      RC_ASSERT(drawn.problems.empty());
      RC_ASSERT(drawn.run.has_value());
      std::int64_t wh = 0;
      Fen sum;
      for (const auto& usage : drawn.run->usages) {
        if (estate.points.at(usage.point).use == PointUse::unit) wh += usage.usage.count;
      }
      for (const auto& pool : drawn.run->pools) wh += pool.statement.residual.residual.count;
      for (const auto& usage : drawn.run->usages) {
        if (usage.point == PointId("all")) RC_ASSERT(wh == usage.usage.count);
      }
      for (const auto& bill : drawn.run->bills) {
        sum += bill.total;
        Fen lines;
        for (const auto& line : bill.lines) {
          lines += line.amount;
          RC_ASSERT(has_source(bill, line));
        }
        RC_ASSERT(lines == bill.total);
      }
      RC_ASSERT(sum == drawn.run->total);
      RC_ASSERT(whole_run_json(*drawn.run).dump() ==
                whole_run_json(*draw_up(estate, readings, june).run).dump());
      for (const auto& bill : drawn.run->bills) {
        const auto back = read_bill(bill_json(bill).dump());
        RC_ASSERT(bool{back});
        RC_ASSERT(*back == bill);
      }
    }));
  }
}
