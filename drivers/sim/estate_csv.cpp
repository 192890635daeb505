#include "drivers/sim/estate_csv.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <initializer_list>

#include "contract/text/csv.hpp"
#include "contract/text/unit_text.hpp"

namespace steward::sim {
namespace {

using std::chrono::sys_days;
using std::chrono::year_month_day;

std::string padded(std::int64_t number, std::size_t digits) {
  std::string text = std::to_string(number);
  return text.size() < digits ? std::string(digits - text.size(), '0') + text : text;
}

std::string date_text(sys_days day) {
  const year_month_day date{day};
  return padded(static_cast<int>(date.year()), 4) + "-" + padded(static_cast<unsigned>(date.month()), 2) +
         "-" + padded(static_cast<unsigned>(date.day()), 2);
}

/// Wh as kWh, litres as m³: three decimals.
std::string thousandths(std::int64_t count) {
  assert(count >= 0);
  return std::to_string(count / 1000) + "." + padded(count % 1000, 3);
}

/// cm² as m²: four decimals.
std::string square_metres(std::int64_t cm2) {
  return std::to_string(cm2 / 10'000) + "." + padded(cm2 % 10'000, 4);
}

/// A file that grows by rows.
class Sheet {
 public:
  Sheet(std::string name, std::string_view header) : file_{std::move(name), std::string(header) + "\n"} {}

  void row(std::initializer_list<std::string_view> fields) {
    bool first = true;
    for (const std::string_view field : fields) {
      if (!first) file_.text += ',';
      first = false;
      file_.text += csv_field(field);
    }
    file_.text += '\n';
  }
  NamedText take() { return std::move(file_); }

 private:
  NamedText file_;
};

std::string_view word(Medium medium) { return medium == Medium::electricity ? "electricity" : "water"; }
std::string_view word(Use use) {
  constexpr std::array<std::string_view, 3> words{"unit", "common", "master"};
  return words[static_cast<std::size_t>(use)];
}
std::string_view word(Basis basis) {
  constexpr std::array<std::string_view, 3> words{"area", "household", "usage"};
  return words[static_cast<std::size_t>(basis)];
}

NamedText nodes_file(const EstatePlan& plan) {
  Sheet sheet("nodes.csv", "node,parent,kind,name");
  for (const NodePlan& node : plan.nodes) sheet.row({node.node.text, node.parent.text, node.kind, node.name});
  return sheet.take();
}

NamedText units_file(const EstatePlan& plan) {
  Sheet sheet("units.csv", "unit,node,kind,area_m2");
  for (const UnitPlan& unit : plan.units) {
    sheet.row({unit.unit.text, unit.node.text, unit.kind == UnitKind::flat ? "flat" : "shop",
               square_metres(unit.area_cm2)});
  }
  return sheet.take();
}

NamedText points_file(const EstatePlan& plan) {
  Sheet sheet("points.csv", "point,parent,medium,use,unit,tariff,name");
  for (const MeterPlan& meter : plan.meters) {
    const std::string_view parent = meter.parent ? plan.meters[*meter.parent].point.text : std::string_view{};
    sheet.row({meter.point.text, parent, word(meter.medium), word(meter.use), meter.unit.text,
               meter.tariff.text, meter.name});
  }
  return sheet.take();
}

NamedText installs_file(const EstateModel& model) {
  Sheet sheet("installs.csv", "point,meter,channel,from,to,multiplier,opening,closing");
  const std::vector<MeterPlan>& meters = model.plan().meters;
  for (std::size_t i = 0; i < meters.size(); ++i) {
    sheet.row({meters[i].point.text, meters[i].meter.text, billing_channel(meters[i].medium),
               date_text(first_day), "", std::to_string(meters[i].multiplier),
               thousandths(model.dial_at(i, local_midnight(first_day))), ""});
  }
  return sheet.take();
}

/// Zhejiang's yearly electricity tiers and Beijing's water tiers, as published;
/// the shop and common prices are the simulation's own.
NamedText tariffs_file() {
  Sheet sheet("tariffs.csv", "tariff,medium,valid_from,period,tier,upto,price");
  const std::string from = date_text(first_day);
  sheet.row({"e-home", "electricity", from, "year", "1", "2760", "0.538"});
  sheet.row({"e-home", "electricity", from, "year", "2", "4800", "0.588"});
  sheet.row({"e-home", "electricity", from, "year", "3", "", "0.838"});
  sheet.row({"e-shop", "electricity", from, "month", "1", "", "0.741250"});
  sheet.row({"e-common", "electricity", from, "month", "1", "", "0.5583"});
  sheet.row({"w-home", "water", from, "year", "1", "180", "5"});
  sheet.row({"w-home", "water", from, "year", "2", "260", "7"});
  sheet.row({"w-home", "water", from, "year", "3", "", "9"});
  sheet.row({"w-shop", "water", from, "month", "1", "", "6.35"});
  sheet.row({"w-common", "water", from, "month", "1", "", "5"});
  return sheet.take();
}

NamedText pools_file(const EstatePlan& plan) {
  Sheet sheet("pools.csv", "pool,point,node,basis,share,tariff,name");
  for (const PoolPlan& pool : plan.pools) {
    sheet.row({pool.pool.text, pool.point.text, pool.node.text, word(pool.basis),
               pool.share == Share::quantity ? "quantity" : "money", pool.tariff.text, pool.name});
  }
  return sheet.take();
}

NamedText occupancies_file(const EstatePlan& plan) {
  Sheet sheet("occupancies.csv", "unit,account,name,from,to");
  for (const UnitPlan& unit : plan.units) {
    if (unit.account.text.empty()) continue;
    sheet.row({unit.unit.text, unit.account.text, unit.account_name, date_text(unit.moved_in), ""});
  }
  return sheet.take();
}

NamedText carried_file(const EstateModel& model, const LedgerRange& range) {
  Sheet sheet("carried.csv", "point,year,used");
  const auto year = year_month_day{range.from}.year();
  const Instant new_year = local_midnight(sys_days{year / 1 / 1});
  const std::vector<MeterPlan>& meters = model.plan().meters;
  for (std::size_t i = 0; i < meters.size(); ++i) {
    if (meters[i].use != Use::unit) continue;
    sheet.row({meters[i].point.text, std::to_string(static_cast<int>(year)),
               thousandths(model.usage_between(i, new_year, local_midnight(range.from)))});
  }
  return sheet.take();
}

/// First days of months inside the range, both ends included.
std::vector<sys_days> month_starts(const LedgerRange& range) {
  std::vector<sys_days> starts;
  for (sys_days day = range.from; day <= range.to; day += std::chrono::days{1}) {
    if (year_month_day{day}.day() == std::chrono::day{1}) starts.push_back(day);
  }
  return starts;
}

}  // namespace

std::vector<NamedText> estate_files(const EstateModel& model, const LedgerRange& range) {
  const EstatePlan& plan = model.plan();
  Sheet estate("estate.csv", "estate,name,utc_offset_minutes,vacant_account");
  estate.row({site_code, plan.nodes.front().name, std::to_string(utc_offset_minutes), vacant_account});
  return {estate.take(),     nodes_file(plan),       units_file(plan),
          points_file(plan), installs_file(model),   tariffs_file(),
          pools_file(plan),  occupancies_file(plan), carried_file(model, range)};
}

NamedText readings_file(const EstateModel& model, const LedgerRange& range) {
  Sheet sheet("readings.csv", "meter,channel,at,value,source");
  const std::vector<MeterPlan>& meters = model.plan().meters;
  for (const sys_days day : month_starts(range)) {
    for (std::size_t i = 0; i < meters.size(); ++i) {
      sheet.row({meters[i].meter.text, billing_channel(meters[i].medium), date_text(day),
                 thousandths(model.dial_at(i, local_midnight(day))), "import"});
    }
  }
  return sheet.take();
}

std::vector<NamedText> ledger_files(const EstateModel& model, const LedgerRange& range) {
  const std::vector<MeterPlan>& meters = model.plan().meters;
  Sheet ledger("ledger.csv", "meter,channel,at_ms,count");
  for (sys_days day = range.from; day <= range.to; day += std::chrono::days{1}) {
    const Instant midnight = local_midnight(day);
    const std::string at = std::to_string(ms_of(midnight));
    for (std::size_t i = 0; i < meters.size(); ++i) {
      ledger.row({meters[i].meter.text, billing_channel(meters[i].medium), at,
                  std::to_string(model.dial_at(i, midnight))});
    }
  }
  Sheet usage("ledger_usage.csv", "month,point,used,flowed");
  const std::vector<sys_days> starts = month_starts(range);
  for (std::size_t m = 1; m < starts.size(); ++m) {
    const Instant from = local_midnight(starts[m - 1]);
    const Instant to = local_midnight(starts[m]);
    for (std::size_t i = 0; i < meters.size(); ++i) {
      usage.row({date_text(starts[m - 1]).substr(0, 7), meters[i].point.text,
                 std::to_string(model.usage_between(i, from, to)),
                 std::to_string(model.flowed_through(i, to) - model.flowed_through(i, from))});
    }
  }
  return {ledger.take(), usage.take()};
}

NamedText meters_file(const EstateModel& model) {
  Sheet sheet("meters.csv", "meter,profile,bus,unit,name");
  for (const MeterPlan& meter : model.plan().meters) {
    sheet.row(
        {meter.meter.text, profile_of(meter.model), meter.bus.text, unit_text(meter.address), meter.name});
  }
  return sheet.take();
}

}  // namespace steward::sim
