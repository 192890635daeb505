#include <array>
#include <sstream>

#include "cloud/app/month_inputs.hpp"
#include "cloud/app/say.hpp"
#include "cloud/app/site_books.hpp"
#include "cloud/metering/decimal.hpp"
#include "cloud/metering/estimate.hpp"

namespace steward {
namespace {

/// The month's readings and, behind them, those of the months an estimate may go by.
Result<ClosingReadings> readings_around(Store& store, const Estate& estate, Month month,
                                        ClosingReadings readings) {
  for (const int back : {1, 2, 3, 11, 12}) {
    const auto at = midnight(first_day(month - std::chrono::months(back)), estate.offset);
    const auto rows = store.closings(estate.id, at, at + Milliseconds(1));
    if (!rows) return rows.error();
    for (const auto& row : *rows) readings.add(billed_reading(row.closing, std::nullopt));
  }
  for (const auto& reading : estate.readings) readings.add(reading);
  return readings;
}

struct Row {
  Install install;
  std::optional<Estimate> estimate;
};

bool is_read(const Estate& estate, const ClosingReadings& readings, const Install& install, Day day) {
  const auto found = readings.find(install.meter, install.channel, midnight(day, estate.offset));
  return found.reading != nullptr && !found.conflict && found.reading->quality == Quality::good;
}

void print(const Common& common, const Streams& streams, const std::vector<Row>& rows, Day end) {
  Json list = Json::array();
  std::ostringstream text;
  std::size_t unknown = 0;
  for (const auto& [install, estimate] : rows) {
    Json one = Json::object();
    one.set("meter", install.meter.text).set("channel", install.channel).set("at", text_of(end));
    if (estimate) {
      one.set("value_milli", estimate->value).set("source", word(estimate->method));
      one.set("base_from", text_of(estimate->base_from)).set("base_to", text_of(estimate->base_to));
      text << install.meter.text << "," << install.channel << "," << text_of(end) << ","
           << decimal_text(estimate->value, 3) << "," << word(estimate->method) << "\n";
    } else {
      ++unknown;
      one.set("value_milli", Json());
      text << "# " << install.meter.text << "," << install.channel
           << ": nothing to go by, read the dial / 无可参照，请现场抄表\n";
    }
    list.push(std::move(one));
  }
  if (common.json) {
    streams.out << Json::object().set("estimates", std::move(list)).dump() << "\n";
    return;
  }
  streams.out << "# rows for readings.csv; nothing was stored / 可加入 readings.csv 的行，未保存任何内容\n"
              << "meter,channel,at,value,source\n"
              << text.str();
  streams.err << rows.size() - unknown << " estimated, " << unknown << " to be read / 估计 "
              << rows.size() - unknown << " 只，需抄表 " << unknown << " 只\n";
}

}  // namespace

Exit estimate_month(const Common& common, const EstimateOptions& options, const Streams& streams) {
  const auto month = asked_month(options.month);
  if (!month) return say_fault(common, streams, month.error());
  const auto books = open_site(common);
  if (!books) return say_fault(common, streams, books.error());
  auto inputs = month_inputs(*books->store, books->site, *month);
  if (!inputs) return say_fault(common, streams, inputs.error());
  const auto& estate = inputs->estate.estate;
  const auto readings = readings_around(*books->store, estate, *month, std::move(inputs->readings));
  if (!readings) return say_fault(common, streams, readings.error());
  const auto from = first_day(*month);
  const auto to = first_day(*month + std::chrono::months(1));
  std::vector<Row> rows;
  for (const auto& [point, installs] : estate.installs) {
    for (const auto& install : installs) {
      if (install.from > from || (install.to && *install.to < to)) continue;  // its own registers say enough
      if (!is_read(estate, *readings, install, to))
        rows.push_back({install, estimate(estate, *readings, install, from, to)});
    }
  }
  print(common, streams, rows, to);
  return Exit::ok;
}

}  // namespace steward
