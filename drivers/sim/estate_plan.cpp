#include "drivers/sim/estate_plan.hpp"

#include <array>
#include <cassert>
#include <cstdio>
#include <numeric>

#include "drivers/sim/seeded.hpp"

namespace steward::sim {
namespace {

using std::chrono::sys_days;

constexpr int flats_per_floor = 4;
constexpr sys_days demo_month_middle{std::chrono::year{2026} / 6 / 15};

/// What is special about a flat; drawn by shuffling the flats.
struct Role {
  bool vacant = false;
  std::int64_t power_target = 0;  // Wh used by the middle of the demo's month; 0 = ordinary
  std::int64_t water_target = 0;  // litres
};

std::vector<Role> draw_roles(int flats, Draws& draws) {
  std::vector<std::size_t> order(static_cast<std::size_t>(flats));
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t left = order.size(); left > 1; --left) {
    std::swap(order[left - 1], order[static_cast<std::size_t>(draws.below(static_cast<std::int64_t>(left)))]);
  }
  const std::size_t many = std::max<std::size_t>(1, order.size() / 12);
  const std::size_t few = std::max<std::size_t>(1, order.size() / 24);
  std::vector<Role> roles(order.size());
  std::size_t next = 0;
  for (std::size_t i = 0; i < few; ++i) roles[order[next++]].vacant = true;
  for (std::size_t i = 0; i < many; ++i) roles[order[next++]].power_target = 2'760'000;
  for (std::size_t i = 0; i < few; ++i) roles[order[next++]].power_target = 4'800'000;
  std::size_t last = order.size();
  for (std::size_t i = 0; i < many; ++i) roles[order[--last]].water_target = 180'000;
  for (std::size_t i = 0; i < few; ++i) roles[order[--last]].water_target = 260'000;
  return roles;
}

std::string person_name(Draws& draws) {
  constexpr std::array<const char*, 16> family{"王", "李", "张", "刘", "陈", "杨", "赵", "黄",
                                               "周", "吴", "徐", "孙", "胡", "朱", "高", "林"};
  constexpr std::array<const char*, 16> given{"建国", "秀英", "志强", "晓梅", "海燕", "文博", "雅琴", "子涵",
                                              "国栋", "丽华", "思远", "玉兰", "俊杰", "慧敏", "春生", "佳宁"};
  const auto first = static_cast<std::size_t>(draws.below(16));
  const auto second = static_cast<std::size_t>(draws.below(16));
  return std::string(family[first]) + given[second];
}

std::string two_digits(int number) { return (number < 10 ? "0" : "") + std::to_string(number); }

/// Builds the plan from the estate downwards, parents first.
class Builder {
 public:
  explicit Builder(const EstateSetup& setup) : setup_(setup), draws_(scramble(setup.seed)) {
    roles_ = draw_roles(setup.flats, draws_);
  }

  EstatePlan build() {
    const int buildings = setup_.flats <= 200 ? 2 : (setup_.flats + 99) / 100;
    add_estate();
    for (int b = 1; b <= buildings; ++b) {
      const int flats = setup_.flats / buildings + (b <= setup_.flats % buildings ? 1 : 0);
      add_building(b, flats);
    }
    plan_.buses.push_back({line_, true});
    if (setup_.chinese) plan_.buses.push_back({items_, true});
    // The largest consumers a gateway is wired to directly: mains, pump, first lift.
    return std::move(plan_);
  }

 private:
  std::size_t add_meter(MeterPlan meter, const BusId& bus) {
    constexpr std::array<const char*, 5> all_series{"SDM630", "ADL400", "TUF2000", "DDZY", "LXS"};
    const char* series = all_series[static_cast<std::size_t>(meter.model)];
    char plate[32];
    std::snprintf(plate, sizeof plate, "%s-%06zu", series, ++plates_[static_cast<std::size_t>(meter.model)]);
    meter.meter = MeterId(plate);
    meter.bus = bus;
    int& used = bus == line_ ? line_used_ : bus == power_bus_ ? power_used_ : water_used_;
    meter.address =
        meter.bus == items_ ? item_address(meter.model) : UnitAddress{static_cast<std::uint8_t>(++used)};
    assert(used <= (bus == line_ ? 4 : 247));
    meter.load.key = scramble(setup_.seed ^ scramble(plan_.meters.size()));
    const std::int64_t step = register_step(meter.model);
    meter.opening = draws_.between(100, 40'000) * step;
    plan_.meters.push_back(std::move(meter));
    return plan_.meters.size() - 1;
  }

  /// As printed under the bar code: maker and year, then a running number.
  UnitAddress item_address(MeterModel model) {
    constexpr std::uint64_t electric = 202'600'000'000;
    constexpr std::uint64_t cold_water = 16 * 100'000'000'000'000U + 20'260'000'000'000;
    const std::uint64_t number = plates_[static_cast<std::size_t>(model)];
    if (model == MeterModel::dlt645) return {electric + number, Protocol::dlt645};
    return {cold_water + number, Protocol::cjt188};
  }

  std::size_t add_master(std::string point, std::optional<std::size_t> parent, Medium medium,
                         std::string name, std::int64_t multiplier, Loss loss, const BusId& bus) {
    const MeterModel model = medium == Medium::electricity ? MeterModel::adl400 : MeterModel::tuf2000;
    return add_meter({.point = PointId(std::move(point)),
                      .parent = parent,
                      .medium = medium,
                      .use = Use::master,
                      .name = std::move(name),
                      .model = model,
                      .multiplier = multiplier,
                      .loss = loss},
                     bus);
  }

  void add_common(std::string point, std::size_t parent, std::string name, MeterModel model, Load load,
                  const BusId& bus) {
    add_meter({.point = PointId(std::move(point)),
               .parent = parent,
               .use = Use::common,
               .name = std::move(name),
               .model = model,
               .load = load},
              bus);
  }

  void add_unit_meter(const UnitPlan& unit, std::size_t parent, Medium medium, std::int64_t yearly) {
    const bool power = medium == Medium::electricity;
    const bool shop = unit.kind == UnitKind::shop;
    const bool items = setup_.chinese && unit.node == NodeId("b01-f01");
    const MeterModel model = items ? (power ? MeterModel::dlt645 : MeterModel::cjt188)
                                   : (power ? MeterModel::sdm630 : MeterModel::tuf2000);
    const Habit habit = power ? (shop ? Habit::shop_power : Habit::home_power)
                              : (shop ? Habit::shop_water : Habit::home_water);
    add_meter({.point = PointId((power ? "e-" : "w-") + unit.unit.text),
               .parent = parent,
               .medium = medium,
               .use = Use::unit,
               .unit = unit.unit,
               .tariff = TariffId(power ? (shop ? "e-shop" : "e-home") : (shop ? "w-shop" : "w-home")),
               .name = unit.unit.text + (power ? " 电表" : " 水表"),
               .model = model,
               .load = {habit, yearly, 0}},
              items   ? items_
              : power ? power_bus_
                      : water_bus_);
  }

  void add_pool(std::string pool, const PointId& point, const NodeId& node, Basis basis, Share share,
                std::string name) {
    const char* tariff = point.text.starts_with("e-") ? "e-common" : "w-common";
    plan_.pools.push_back(
        {PoolId(std::move(pool)), point, node, basis, share, TariffId(tariff), std::move(name)});
  }

  const PointId& point_of(std::size_t meter) const { return plan_.meters[meter].point; }

  void add_estate() {
    const NodeId root{site_code};
    plan_.nodes.push_back({root, NodeId{}, "estate", "临江苑"});
    const bool large = setup_.flats > 200;
    estate_power_ =
        add_master("e-estate", {}, Medium::electricity, "小区总电表", large ? 800 : 80, {8, 60}, line_);
    estate_water_ = add_master("w-estate", {}, Medium::water, "小区总水表", 1, {6, 8}, line_);
    add_pool("p-e-estate-loss", point_of(estate_power_), root, Basis::usage, Share::quantity, "小区线损");
    add_pool("p-w-estate-loss", point_of(estate_water_), root, Basis::household, Share::money,
             "小区管网损耗");
    const std::int64_t pump_yearly = setup_.flats * draws_.between(90'000, 110'000);
    add_common("e-pump", estate_power_, "水泵电表", MeterModel::adl400, {Habit::pump, pump_yearly, 0}, line_);
    add_pool("p-pump", PointId("e-pump"), root, Basis::household, Share::quantity, "水泵电费");
  }

  void add_building(int b, int flats) {
    const std::string code = "b" + two_digits(b);
    const NodeId node{code};
    plan_.nodes.push_back({node, NodeId{site_code}, "building", std::to_string(b) + "号楼"});
    power_bus_ = BusId(code + "-e");
    water_bus_ = BusId(code + "-w");
    power_used_ = water_used_ = 0;
    plan_.buses.push_back({power_bus_, false});
    plan_.buses.push_back({water_bus_, false});

    const std::size_t power = add_master("e-" + code, estate_power_, Medium::electricity,
                                         std::to_string(b) + "号楼总电表", 40, {6, 35}, power_bus_);
    const std::size_t water = add_master("w-" + code, estate_water_, Medium::water,
                                         std::to_string(b) + "号楼总水表", 1, {8, 3}, water_bus_);
    add_pool("p-e-" + code + "-loss", point_of(power), node, Basis::area, Share::quantity,
             std::to_string(b) + "号楼线损");
    add_pool("p-w-" + code + "-loss", point_of(water), node, Basis::usage, Share::quantity,
             std::to_string(b) + "号楼管网损耗");
    add_common("e-" + code + "-lift", power, std::to_string(b) + "号楼电梯电表", MeterModel::adl400,
               {Habit::lift, 1'500'000 + flats * draws_.between(50'000, 70'000), 0},
               b == 1 ? line_ : power_bus_);
    add_pool("p-" + code + "-lift", PointId("e-" + code + "-lift"), node, Basis::area, Share::money,
             std::to_string(b) + "号楼电梯电费");

    // Flats above each other have one plan, so equal areas (and ties) are usual.
    std::array<std::int64_t, flats_per_floor> areas{};
    for (std::int64_t& area : areas) area = draws_.between(6200, 14300) * 100;
    const int floors = (flats + flats_per_floor - 1) / flats_per_floor;
    for (int f = 1; f <= floors; ++f) {
      const int here = std::min(flats_per_floor, flats - (f - 1) * flats_per_floor);
      add_floor(b, f, here, areas, power, water);
    }
  }

  void add_floor(int b, int f, int flats, const std::array<std::int64_t, flats_per_floor>& areas,
                 std::size_t building_power, std::size_t building_water) {
    const std::string code = "b" + two_digits(b) + "-f" + two_digits(f);
    const std::string said = std::to_string(b) + "号楼" + std::to_string(f) + "层";
    const NodeId node{code};
    plan_.nodes.push_back({node, NodeId("b" + two_digits(b)), "floor", said});
    const std::size_t power = add_master("e-" + code, building_power, Medium::electricity, said + "总电表",
                                         20, {5, 12}, power_bus_);
    add_pool("p-e-" + code + "-loss", point_of(power), node, Basis::usage, Share::money, said + "线损");
    add_common("e-" + code + "-light", power, said + "公共照明", MeterModel::sdm630,
               {Habit::corridor_light, draws_.between(300'000, 500'000), 0}, power_bus_);
    add_pool("p-" + code + "-light", PointId("e-" + code + "-light"), node, Basis::household, Share::money,
             said + "公共照明电费");

    for (int n = 1; n <= flats; ++n) {
      add_flat(UnitId(std::to_string(b) + "-" + std::to_string(f) + two_digits(n)), node,
               areas[static_cast<std::size_t>(n - 1)], power, building_water);
    }
    if (f == 1) add_shop(b, node, power, building_water);
  }

  void add_flat(UnitId unit, const NodeId& node, std::int64_t area_cm2, std::size_t power,
                std::size_t water) {
    const Role& role = roles_[next_flat_++];
    UnitPlan flat{.unit = std::move(unit), .node = node, .kind = UnitKind::flat, .area_cm2 = area_cm2};
    // Drawn even for a vacant flat, so that who is vacant changes nobody else.
    flat.account_name = person_name(draws_);
    flat.moved_in = first_day + std::chrono::days{draws_.below(300)};
    const std::int64_t ordinary_power = draws_.between(1'200'000, 3'400'000);
    const std::int64_t ordinary_water = draws_.between(60'000, 140'000);
    const auto middle = demo_month_middle + std::chrono::days{draws_.between(-4, 4)};
    std::int64_t yearly_power = role.power_target > 0
                                    ? yearly_reaching(Habit::home_power, role.power_target, middle)
                                    : ordinary_power;
    std::int64_t yearly_water = role.water_target > 0
                                    ? yearly_reaching(Habit::home_water, role.water_target, middle)
                                    : ordinary_water;
    if (role.vacant) {
      flat.account_name.clear();
      yearly_power = 40'000;  // the doorbell and a router nobody switched off
      yearly_water = 0;
    } else {
      flat.account = AccountId("a-" + flat.unit.text);
    }
    add_unit_meter(flat, power, Medium::electricity, yearly_power);
    add_unit_meter(flat, water, Medium::water, yearly_water);
    plan_.units.push_back(std::move(flat));
  }

  void add_shop(int b, const NodeId& node, std::size_t power, std::size_t water) {
    constexpr std::array<const char*, 4> names{"便利店", "面馆", "药房", "水果店"};
    UnitPlan shop{.unit = UnitId(std::to_string(b) + "-S1"), .node = node, .kind = UnitKind::shop};
    shop.area_cm2 = draws_.between(4500, 11000) * 100;
    shop.account = AccountId("a-" + shop.unit.text);
    shop.account_name = std::string("临江") + names[static_cast<std::size_t>(b - 1) % names.size()];
    shop.moved_in = first_day + std::chrono::days{draws_.below(300)};
    const std::int64_t yearly_power = draws_.between(5'000'000, 9'000'000);
    const std::int64_t yearly_water = draws_.between(150'000, 400'000);
    add_unit_meter(shop, power, Medium::electricity, yearly_power);
    add_unit_meter(shop, water, Medium::water, yearly_water);
    plan_.units.push_back(std::move(shop));
  }

  EstateSetup setup_;
  Draws draws_;
  std::vector<Role> roles_;
  std::size_t next_flat_ = 0;
  EstatePlan plan_;
  std::array<std::size_t, 5> plates_{};  // by model
  std::size_t estate_power_ = 0;
  std::size_t estate_water_ = 0;
  const BusId line_{"line1"};
  const BusId items_{"line2"};
  BusId power_bus_;
  BusId water_bus_;
  int line_used_ = 0;
  int power_used_ = 0;
  int water_used_ = 0;
};

}  // namespace

EstatePlan lay_out(const EstateSetup& setup) {
  assert(setup.flats >= least_flats && setup.flats <= most_flats);
  return Builder(setup).build();
}

std::string_view billing_channel(Medium medium) {
  return medium == Medium::electricity ? "energy_import" : "volume";
}

std::string_view profile_of(MeterModel model) {
  constexpr std::array<std::string_view, 5> ids{"eastron-sdm630/1", "acrel-adl400/1", "tuf-2000/1",
                                                "dlt645-2007-1ph/1", "cjt188-2004-cold-water/1"};
  return ids[static_cast<std::size_t>(model)];
}

std::int64_t register_step(MeterModel model) { return model == MeterModel::tuf2000 ? 1 : 10; }

}  // namespace steward::sim
