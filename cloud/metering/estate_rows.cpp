#include "cloud/metering/estate_rows.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <initializer_list>
#include <span>
#include <utility>

#include "cloud/metering/cells.hpp"
#include "cloud/metering/suggest.hpp"
#include "contract/text/csv.hpp"
#include "contract/text/instant_text.hpp"

namespace steward::rows {
namespace {

using Columns = std::initializer_list<std::string_view>;

void read_multiplier(Cells& cells, Install& install) {
  const auto text = cells.text("multiplier");
  const auto slash = text.find('/');
  const auto n = read_decimal(trimmed(text.substr(0, slash)), 0);
  const auto d = slash == std::string_view::npos ? std::optional<std::int64_t>(1)
                                                 : read_decimal(trimmed(text.substr(slash + 1)), 0);
  constexpr std::int64_t most = 100'000;  // a PT of 10 kV/100 V with a CT of 5000/5
  if (n && d && *n >= 1 && *d >= 1 && *n <= most && *d <= most) {
    install.multiplier_n = *n;
    install.multiplier_d = *d;
  } else {
    cells.refuse_cell("multiplier", "a whole number or a fraction of 1 to 100000, like 40 or 3/2",
                      "1 至 100000 的整数或分数，例如 40 或 3/2");
  }
}

Estate estate_of(Cells& cells) {
  Estate estate;
  const auto code = cells.text("estate");
  const bool plain = !code.empty() && code.size() <= 32 && std::all_of(code.begin(), code.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!plain) cells.refuse_cell("estate", "a code of 1 to 32 of a-z, 0-9 and -", "1 至 32 位 a-z、0-9 和 -");
  estate.id = SiteId(std::string(code));
  estate.name = cells.name("name");
  estate.offset = UtcOffset{cells.whole("utc_offset_minutes", -720, 840)};
  estate.vacant_account = cells.id<AccountId>("vacant_account");
  return estate;
}

Node node_of(Cells& cells) {
  return {cells.id<NodeId>("node"), cells.id<NodeId>("parent", true),
          cells.choice("kind",
                       std::array{NodeKind::estate, NodeKind::building, NodeKind::entrance, NodeKind::floor}),
          cells.name("name")};
}

Unit unit_of(Cells& cells) {
  Unit unit{
      cells.id<UnitId>("unit"), cells.id<NodeId>("node"),
      cells.choice("kind", std::array{UnitKind::flat, UnitKind::shop, UnitKind::office, UnitKind::parking}),
      cells.amount("area_m2", 4)};
  const auto whole_or_empty = [&](std::string_view column, std::int64_t most) {
    return cells.empty(column) ? std::nullopt : std::optional(cells.whole(column, 0, most));
  };
  unit.persons = whole_or_empty("persons", 1000);
  unit.floor = whole_or_empty("floor", 200);
  unit.coefficient_ppm = cells.amount_or_empty("coefficient", 6);
  unit.vehicles = whole_or_empty("vehicles", 100);
  unit.group = cells.name("group");
  unit.owner = cells.id<AccountId>("owner", true);
  constexpr std::int64_t square_kilometre = 10'000'000'000;  // cm²; the sum over any estate fits 63 bits
  if (unit.area_cm2 > square_kilometre)
    cells.refuse_cell("area_m2", "1000000 m² or less", "不超过 1000000 m² 的面积");
  constexpr std::int64_t most_coefficient = 1'000'000'000;  // 1000, in ppm
  if (unit.coefficient_ppm.value_or(0) > most_coefficient)
    cells.refuse_cell("coefficient", "1000 or less", "不大于 1000 的系数");
  return unit;
}

Point point_of(Cells& cells) {
  Point point{cells.id<PointId>("point"),
              cells.id<PointId>("parent", true),
              cells.choice("medium", std::array{Medium::electricity, Medium::water}),
              cells.choice("use", std::array{PointUse::unit, PointUse::common, PointUse::master}),
              cells.id<UnitId>("unit", true),
              cells.id<TariffId>("tariff", true),
              cells.name("name")};
  if (!cells.sound()) return point;
  const bool is_unit = point.use == PointUse::unit;
  if (is_unit && (point.unit.text.empty() || point.tariff.text.empty())) {
    cells.refuse("use is unit, so unit and tariff must be given", "use 为 unit 时必须填写 unit 和 tariff");
  } else if (!is_unit && (!point.unit.text.empty() || !point.tariff.text.empty())) {
    cells.refuse(
        "use is " + std::string(word(point.use)) + ", so unit and tariff must be empty (a pool bills it)",
        "use 为 " + std::string(word(point.use)) + " 时 unit 和 tariff 必须为空（由公摊计费）");
  }
  return point;
}

Install install_of(Cells& cells) {
  Install install;
  install.point = cells.id<PointId>("point");
  install.meter = cells.id<MeterId>("meter");
  install.channel = cells.id<Id<struct ChannelTag>>("channel").text;
  install.from = cells.day("from");
  install.to = cells.day_or_empty("to");
  read_multiplier(cells, install);
  install.opening = cells.amount_or_empty("opening", 3);
  install.closing = cells.amount_or_empty("closing", 3);
  if (!cells.empty("band")) install.band = cells.id<Id<struct BandTag>>("band").text;
  if (install.closing && !install.to) {
    cells.refuse("closing is given but to is empty; give the day of removal",
                 "填写了 closing 但 to 为空；请填写拆表日期");
  }
  if (install.opening && install.closing && *install.closing < *install.opening) {
    cells.refuse(
        "closing is below opening; when the register wrapped, split the stay in two (docs/formats/estate.md)",
        "closing 小于 opening；如为满度翻转，请分成两行登记（docs/formats/estate.md）");
  }
  cells.check_days(install.from, install.to);
  return install;
}

Occupancy occupancy_of(Cells& cells) {
  Occupancy occupancy{cells.id<UnitId>("unit"), cells.id<AccountId>("account"), cells.name("name"),
                      cells.day("from"), cells.day_or_empty("to")};
  cells.check_days(occupancy.from, occupancy.to);
  return occupancy;
}

CarriedRow carried_of(Cells& cells) {
  return {cells.id<PointId>("point"), static_cast<int>(cells.whole("year", 2000, 2199)),
          Milli{cells.amount("used", 3)}};
}

ReadingRow reading_of(Cells& cells) {
  ReadingRow row;
  row.meter = cells.id<MeterId>("meter");
  row.channel = cells.id<Id<struct ChannelTag>>("channel").text;
  row.at_text = std::string(cells.text("at"));
  row.day = read_day(row.at_text);
  if (!row.day) row.at = read_instant(row.at_text);
  if (!row.day && !row.at) {
    cells.refuse_cell(
        "at", "a date like 2026-06-01 (its first midnight) or an instant like 2026-06-01T00:00:00+08:00",
        "日期（如 2026-06-01，指当日零时）或时刻（如 2026-06-01T00:00:00+08:00）");
  }
  row.value = cells.amount("value", 3);
  row.source = cells.choice(
      "source", std::array{ReadingSource::manual, ReadingSource::imported, ReadingSource::estimate_season,
                           ReadingSource::estimate_average, ReadingSource::estimate_peers});
  return row;
}

/// One file of the folder into rows of T.
template <class T>
class FileReader {
 public:
  FileReader(const EstateFiles& files, EstateRows& rows, Problems& problems)
      : files_(files), rows_(rows), problems_(problems) {}

  void read(std::string_view file, Columns required, Columns optional, T (*make)(Cells&),
            std::vector<Row<T>>& into) {
    const auto found = files_.find(std::string(file));
    if (found == files_.end()) return;  // reported by read_rows when it is needed
    const auto before = problems_.size();
    const auto table = read_csv(file, found->second, {required.begin(), required.size()},
                                {optional.begin(), optional.size()}, problems_);
    if (!std::all_of(required.begin(), required.end(), [&](auto column) { return table.has(column); }))
      return;
    if (problems_.size() == before) rows_.whole_files.emplace(file);
    for (const auto& row : table.rows) {
      const bool blank = std::all_of(row.fields.begin(), row.fields.end(),
                                     [](const std::string& field) { return trimmed(field).empty(); });
      if (blank) continue;  // spreadsheets leave such rows below a table
      Cells cells(file, table, row, problems_);
      T value = make(cells);
      into.push_back({row.line, cells.sound(), std::move(value)});
    }
  }

 private:
  const EstateFiles& files_;
  EstateRows& rows_;
  Problems& problems_;
};

void check_names(const EstateFiles& files, Problems& problems) {
  for (const auto& known : estate_file_names) {
    if (!known.needed || files.contains(std::string(known.name))) continue;
    problems.push_back({std::string(known.name), 0,
                        "the file is missing; see docs/formats/estate.md for its columns",
                        "缺少此文件；列的说明见 docs/formats/estate.md"});
  }
  for (const auto& [name, text] : files) {
    const auto is_it = [&](const EstateFileName& known) { return known.name == name; };
    if (!name.ends_with(".csv") ||
        std::any_of(std::begin(estate_file_names), std::end(estate_file_names), is_it))
      continue;
    Nearest nearest(name);
    for (const auto& known : estate_file_names) nearest.offer(known.name);
    const auto& near = nearest.name();
    problems.push_back(
        {name, 0, "not a file of an estate" + (near.empty() ? "" : "; did you mean " + quoted(near) + "?"),
         "不是小区导入文件" + (near.empty() ? "" : "；是否应为 " + quoted(near) + "？")});
  }
}

}  // namespace

EstateRows read_rows(const EstateFiles& files, Problems& problems) {
  EstateRows rows;
  check_names(files, problems);
  const auto read = [&]<class T>(std::string_view file, Columns required, Columns optional, T (*make)(Cells&),
                                 std::vector<Row<T>>& into) {
    FileReader<T>(files, rows, problems).read(file, required, optional, make, into);
  };
  read("estate.csv", {"estate", "name", "utc_offset_minutes", "vacant_account"}, {}, &estate_of,
       rows.estates);
  read("nodes.csv", {"node", "parent", "kind"}, {"name"}, &node_of, rows.nodes);
  read("units.csv", {"unit", "node", "kind", "area_m2"},
       {"name", "persons", "floor", "coefficient", "vehicles", "group", "owner"}, &unit_of, rows.units);
  read("points.csv", {"point", "parent", "medium", "use", "unit", "tariff"}, {"name"}, &point_of,
       rows.points);
  read("installs.csv", {"point", "meter", "channel", "from", "to", "multiplier"},
       {"opening", "closing", "band"}, &install_of, rows.installs);
  read("tariffs.csv", {"tariff", "medium", "valid_from", "period", "tier", "upto", "price"},
       {"persons_above", "per_person", "part_year"}, &tier_of, rows.tiers);
  read("tou.csv", {"tariff", "valid_from", "band", "price"}, {}, &band_of, rows.bands);
  read("fees.csv", {"fee", "node", "valid_from", "basis", "period", "price"},
       {"group", "name", "vacant_percent"}, &fee_of, rows.fees);
  read("charges.csv", {"charge", "unit", "day", "amount"}, {"name"}, &charge_of, rows.charges);
  read("reductions.csv",
       {"reduction", "account", "item", "percent", "from", "to", "approved_by", "approved_on", "why"},
       {"unit"}, &reduction_of, rows.reductions);
  read("pools.csv", {"pool", "point", "node", "basis", "share", "tariff"},
       {"name", "source", "kind", "medium", "amount", "formula", "negative", "tolerance_permille",
        "vacant_percent"},
       &pool_of, rows.pools);
  read("invoices.csv", {"pool", "month", "amount"}, {"reference"}, &invoice_of, rows.invoices);
  read("occupancies.csv", {"unit", "account", "from", "to"}, {"name"}, &occupancy_of, rows.occupancies);
  read("carried.csv", {"point", "year", "used"}, {}, &carried_of, rows.carried);
  read("readings.csv", {"meter", "channel", "at", "value", "source"}, {}, &reading_of, rows.readings);
  return rows;
}

}  // namespace steward::rows
