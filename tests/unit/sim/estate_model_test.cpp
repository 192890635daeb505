#include "drivers/sim/estate_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

#include "drivers/sim/seeded.hpp"

using namespace steward;
using namespace steward::sim;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::sys_days june{std::chrono::year{2026} / 6 / 1};
constexpr std::chrono::sys_days july{std::chrono::year{2026} / 7 / 1};

std::int64_t count_meters(const EstatePlan& plan, Medium medium, Use use) {
  return std::count_if(plan.meters.begin(), plan.meters.end(),
                       [&](const MeterPlan& meter) { return meter.medium == medium && meter.use == use; });
}

/// Usage of a master less its children's, by the registers.
std::map<std::size_t, std::int64_t> residuals(const EstateModel& model, Instant from, Instant to) {
  std::map<std::size_t, std::int64_t> residual;
  const auto& meters = model.plan().meters;
  for (std::size_t i = 0; i < meters.size(); ++i) {
    const std::int64_t used = model.usage_between(i, from, to);
    if (meters[i].use == Use::master) residual[i] += used;
    if (meters[i].parent) residual[*meters[i].parent] -= used;
  }
  return residual;
}

}  // namespace

TEST_SUITE("sim/estate_model") {
  TEST_CASE("the newcomer's estate: 2 buildings, 24 flats, 2 shops, each with two meters") {
    const EstatePlan plan = lay_out({});
    CHECK(std::count_if(plan.nodes.begin(), plan.nodes.end(),
                        [](const auto& n) { return n.kind == "building"; }) == 2);
    CHECK(std::count_if(plan.nodes.begin(), plan.nodes.end(),
                        [](const auto& n) { return n.kind == "floor"; }) == 6);
    CHECK(std::count_if(plan.units.begin(), plan.units.end(),
                        [](const auto& u) { return u.kind == UnitKind::flat; }) == 24);
    CHECK(plan.units.size() == 26);
    CHECK(count_meters(plan, Medium::electricity, Use::unit) == 26);
    CHECK(count_meters(plan, Medium::water, Use::unit) == 26);
    CHECK(count_meters(plan, Medium::electricity, Use::common) == 6 + 2 + 1);  // light, lift, pump
    CHECK(count_meters(plan, Medium::electricity, Use::master) == 6 + 2 + 1);  // floor, building, estate
    CHECK(count_meters(plan, Medium::water, Use::master) == 2 + 1);
    CHECK(std::count_if(plan.units.begin(), plan.units.end(),
                        [](const auto& u) { return u.account.text.empty(); }) == 1);
  }

  TEST_CASE("pools of every basis and both ways to share") {
    std::set<std::pair<Basis, Share>> kinds;
    for (const PoolPlan& pool : lay_out({}).pools) kinds.insert({pool.basis, pool.share});
    CHECK(kinds.size() == 6);
  }

  TEST_CASE("ids, plates and addresses are unique, and the serial line carries four") {
    for (const int flats : {4, 5, 24, 199, 200, 201, 2000, 5000}) {
      const EstatePlan plan = lay_out({.seed = 7, .flats = flats});
      std::set<std::string> plates;
      std::set<std::string> points;
      std::set<std::pair<std::string, int>> places;
      std::set<std::string> units;
      std::int64_t on_line = 0;
      for (const MeterPlan& meter : plan.meters) {
        plates.insert(meter.meter.text);
        points.insert(meter.point.text);
        places.insert({meter.bus.text, meter.address.value});
        REQUIRE(meter.address.value >= 1);
        REQUIRE(meter.address.value <= 247);
        if (meter.bus.text == "line1") ++on_line;
      }
      for (const UnitPlan& unit : plan.units) units.insert(unit.unit.text);
      CHECK(plates.size() == plan.meters.size());
      CHECK(points.size() == plan.meters.size());
      CHECK(places.size() == plan.meters.size());
      CHECK(units.size() == plan.units.size());
      CHECK(on_line == 4);
      CHECK(static_cast<int>(plan.units.size()) >= flats);
    }
  }

  TEST_CASE("the same setup gives the same dials, whoever asks and in whatever order") {
    const EstateModel forwards({.seed = 42});
    const EstateModel backwards({.seed = 42});
    const std::size_t meters = forwards.plan().meters.size();
    std::map<std::pair<std::size_t, std::int64_t>, std::int64_t> seen;
    for (Instant at = local_midnight(june); at < local_midnight(june) + 72h; at += 5h) {
      for (std::size_t i = 0; i < meters; ++i) seen[{i, ms_of(at)}] = forwards.dial_at(i, at);
    }
    std::int64_t differing = 0;
    for (auto it = seen.rbegin(); it != seen.rend(); ++it) {
      if (backwards.dial_at(it->first.first, instant_from_ms(it->first.second)) != it->second) ++differing;
    }
    CHECK(differing == 0);
    CHECK(EstateModel({.seed = 43}).dial_at(5, local_midnight(june)) !=
          forwards.dial_at(5, local_midnight(june)));
  }

  TEST_CASE("one seed's dials are these numbers, on every machine") {
    const EstateModel model({.seed = 1});
    std::uint64_t digest = 0;
    for (std::size_t i = 0; i < model.plan().meters.size(); ++i) {
      digest =
          scramble(digest ^ static_cast<std::uint64_t>(model.dial_at(i, local_midnight(july) + 13h + 7ms)));
    }
    CHECK(digest == 10478964000136846649U);
  }

  TEST_CASE("every dial stands on a step of its register and never falls") {
    const EstateModel model({.seed = 3});
    std::int64_t off_step = 0;
    std::int64_t falls = 0;
    for (std::size_t i = 0; i < model.plan().meters.size(); ++i) {
      std::int64_t before = 0;
      for (Instant at = local_midnight(june); at <= local_midnight(july); at += 61min) {
        const std::int64_t dial = model.dial_at(i, at);
        if (dial % register_step(model.plan().meters[i].model) != 0) ++off_step;
        if (dial < before) ++falls;
        before = dial;
      }
    }
    CHECK(off_step == 0);
    CHECK(falls == 0);
  }

  TEST_CASE("an SDM630's float32 register can say every step it ever shows") {
    // IEEE 754 binary32 has 24 bits of significand: below 2^23 steps of 10 Wh (83 886 kWh)
    // neighbours are less than a step apart, so the nearest step is always the true one.
    const EstateModel model({.seed = 11, .flats = 100});
    std::int64_t most = 0;
    for (std::size_t i = 0; i < model.plan().meters.size(); ++i) {
      if (model.plan().meters[i].model == MeterModel::sdm630) {
        most = std::max(most, model.dial_at(i, local_midnight(last_day)));
      }
    }
    CHECK(most > 10'000'000);
    CHECK(most < (std::int64_t{1} << 23) * 10);
  }

  TEST_CASE("a master truly carries what its children carry and a little more") {
    const EstateModel model({.seed = 5});
    const auto& meters = model.plan().meters;
    const Instant at = local_midnight(july);
    std::map<std::size_t, std::int64_t> below;
    for (std::size_t i = 0; i < meters.size(); ++i) {
      if (meters[i].parent) below[*meters[i].parent] += model.flowed_through(i, at);
    }
    for (const auto& [master, sum] : below) {
      const std::int64_t carried = model.flowed_through(master, at);
      CHECK(carried > sum);
      CHECK(carried < sum + sum / 10);  // losses below a tenth
    }
  }

  TEST_CASE("no month's residual is negative, whatever the seed and size") {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      const EstateModel model({.seed = seed, .flats = seed % 10 == 0 ? 260 : 4 + static_cast<int>(seed)});
      for (unsigned month = 1; month <= 12; ++month) {
        const std::chrono::year_month_day first{std::chrono::year{2026}, std::chrono::month{month},
                                                std::chrono::day{1}};
        const std::chrono::sys_days next{first + std::chrono::months{1}};
        for (const auto& [master, residual] : residuals(model, local_midnight(first), local_midnight(next))) {
          REQUIRE_MESSAGE(residual > 0, model.plan().meters[master].point.text, " seed ", seed, " month ",
                          month);
        }
      }
    }
  }

  TEST_CASE("in June some homes cross a yearly tier, in both media") {
    constexpr std::chrono::sys_days new_year{std::chrono::year{2026} / 1 / 1};
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      const EstateModel model({.seed = seed});
      std::map<std::int64_t, int> crossings;
      for (std::size_t i = 0; i < model.plan().meters.size(); ++i) {
        const MeterPlan& meter = model.plan().meters[i];
        if (meter.use != Use::unit || !meter.tariff.text.ends_with("-home")) continue;
        const std::int64_t before = model.usage_between(i, local_midnight(new_year), local_midnight(june));
        const std::int64_t after = model.usage_between(i, local_midnight(new_year), local_midnight(july));
        for (const std::int64_t tier : {2'760'000, 4'800'000, 180'000, 260'000}) {
          if ((meter.medium == Medium::electricity) == (tier > 1'000'000) && before < tier && after > tier) {
            ++crossings[tier];
          }
        }
      }
      CHECK(crossings[2'760'000] >= 2);
      CHECK(crossings[4'800'000] >= 1);
      CHECK(crossings[180'000] >= 2);
      CHECK(crossings[260'000] >= 1);
    }
  }
}
