// A technician exchanges a meter at a running gateway, and the month's bill crosses it: the programs as they
// are, from the verb on the command line over the broker to the bill.
#include <fstream>

#include "cloud/metering/calendar.hpp"
#include "contract/text/meter_event_text.hpp"
#include "drivers/sim/estate_model.hpp"
#include "tests/process/site_processes.hpp"

using namespace steward;

namespace {

constexpr UtcOffset china{480};
constexpr const char* new_meter = "E-NEW-1";

std::string text_of_query(Database database, const std::string& sql) {
  auto query = database.prepare(sql);
  REQUIRE_MESSAGE(query, sql);
  REQUIRE(query->bind());
  const auto more = query->step();
  return more && *more ? query->column_text(0) : std::string();
}
std::int64_t number_of(Database database, const std::string& sql) {
  const auto text = text_of_query(std::move(database), sql);
  return text.empty() ? 0 : std::stoll(text);
}
std::string kwh(std::int64_t wh) {
  auto digits = std::to_string(wh);
  if (digits.size() < 4) digits.insert(0, 4 - digits.size(), '0');
  return digits.insert(digits.size() - 3, ".");
}

/// One flat on that meter, 10 kWh before the exchange and 90 after, at 0.50 yuan.
struct Books {
  std::string old_meter;
  std::int64_t final_wh = 0;
  std::string month;
  Day today;
  Day from;
  Day to;

  std::map<std::string, std::string> files(const std::string& exchange_rows) const {
    return {
        {"estate.csv", "estate,name,utc_offset_minutes,vacant_account\nriverside,河畔,480,landlord\n"},
        {"nodes.csv", "node,parent,kind,name\nroot,,estate,河畔\n"},
        {"units.csv", "unit,node,kind,area_m2\n101,root,flat,60\n"},
        {"points.csv", "point,parent,medium,use,unit,tariff,name\ne-101,,electricity,unit,101,home,101\n"},
        {"installs.csv", "point,meter,channel,from,to,multiplier,opening,closing\n" + exchange_rows},
        {"tariffs.csv",
         "tariff,medium,valid_from,period,tier,upto,price\nhome,electricity,2026-01-01,month,1,,0.50\n"},
        {"pools.csv", "pool,point,node,basis,share,tariff,name\n"},
        {"occupancies.csv", "unit,account,name,from,to\n101,wang,王伟,2026-01-01,\n"},
        {"readings.csv", "meter,channel,at,value,source\n" + old_meter + ",energy_import," + text_of(from) +
                             "," + kwh(final_wh - 10'000) + ",manual\n" +
                             (exchange_rows.find(new_meter) == std::string::npos
                                  ? std::string()
                                  : std::string(new_meter) + ",energy_import," + text_of(to) + "," +
                                        kwh(final_wh + 90'000) + ",manual\n")}};
  }
  std::string open_row() const { return "e-101," + old_meter + ",energy_import,2026-01-01,,1,,\n"; }
  std::string exchange_rows(std::int64_t closing) const {
    return "e-101," + old_meter + ",energy_import,2026-01-01," + text_of(today) + ",1,," + kwh(closing) +
           "\n" + "e-101," + new_meter + ",energy_import," + text_of(today) + ",,1," + kwh(final_wh) + ",\n";
  }
};

/// Imports the files and closes the month: exit code, and what was said.
std::pair<Exit, std::string> bill(const SiteProcesses& site, const Books& books,
                                  const std::string& installs) {
  const std::filesystem::path folder = site.in("import");
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  for (const auto& [name, text] : books.files(installs)) std::ofstream(folder / name) << text;
  std::ostringstream out;
  const auto taken = run_steward_cloud({"--data", site.in("books"), "import", folder.string()}, {out, out});
  REQUIRE_MESSAGE(taken == Exit::ok, out.str());
  const auto exit =
      run_steward_cloud({"--data", site.in("books"), "close", "--month", books.month}, {out, out});
  return {exit, out.str()};
}

}  // namespace

TEST_SUITE("process/meter_exchange") {
  TEST_CASE("a meter exchanged at the gateway is read under its new name, and the month's bill crosses it") {
    const sim::EstateModel model({.seed = SiteProcesses::seed, .flats = SiteProcesses::flats});
    const auto& meters = model.plan().meters;
    const auto first = std::find_if(meters.begin(), meters.end(), [](const auto& meter) {
      return sim::billing_channel(meter.medium) == "energy_import";
    });
    REQUIRE(first != meters.end());
    Books books;
    books.old_meter = first->meter.text;
    SiteProcesses site;
    site.start_broker();
    site.start_cloud();
    site.start_estate();
    site.start_edge();
    const auto readings_of = [&](const std::string& meter) {
      return "FROM reading r JOIN catalogue c USING (log_no, meter_no) WHERE c.meter = '" + meter +
             "' AND c.seq < r.seq AND c.seq = (SELECT max(m.seq) FROM catalogue m WHERE m.log_no = r.log_no "
             "AND "
             "m.meter_no = r.meter_no AND m.seq < r.seq) ";
    };
    site.wait("the old meter is in the books",
              [&] { return number_of(site.books(), "SELECT count(*) " + readings_of(books.old_meter)) > 1; });
    const auto config = site.in("estate/edge.json");
    const auto exchange = [&](const std::string& final_register) {
      return site.run({"steward-edge", "--config", config, "meter", "exchange", books.old_meter, new_meter,
                       "--final", final_register, "--initial", final_register, "--by", "Li Wei", "--why",
                       "glass broken"});
    };
    const auto list = text_of(site.in("estate/meters.csv"));
    CHECK(exchange("0.00").first == 1);
    CHECK(text_of(site.in("estate/meters.csv")) == list);

    std::string said;
    bool exchanged = false;
    for (int attempt = 0; attempt < 50 && !exchanged; ++attempt) {  // a round may be under way
      books.final_wh = number_of(
          site.books(), "SELECT r.value " + readings_of(books.old_meter) + "ORDER BY r.seq DESC LIMIT 1");
      const auto [code, words] = exchange(kwh(books.final_wh));
      exchanged = code == 0;
      said = words;
    }
    REQUIRE_MESSAGE(exchanged, said);
    const auto after = text_of(site.in("estate/meters.csv"));
    CHECK(after.find(std::string(new_meter) + ",") != std::string::npos);
    CHECK(after.find(books.old_meter + ",") == std::string::npos);
    site.wait("the new meter is read",
              [&] { return number_of(site.books(), "SELECT count(*) " + readings_of(new_meter)) > 1; });
    site.wait("the event is in the books",
              [&] { return number_of(site.books(), "SELECT count(*) FROM meter_event") == 1; });
    CHECK(site.stop("edge") == 0);
    CHECK(site.stop("cloud") == 0);
    CHECK(text_of_query(site.books(), "SELECT kind || ' ' || meter FROM meter_event") ==
          "meter_exchange " + books.old_meter);
    // Nothing was read under the old name once the event was committed.
    CHECK(number_of(site.books(), "SELECT count(*) " + readings_of(books.old_meter) +
                                      "AND r.taken_at_ms > (SELECT at_ms FROM meter_event)") == 0);

    const auto at = instant_from_ms(number_of(site.books(), "SELECT at_ms FROM meter_event"));
    books.today = day_of(at, china);
    const auto month = month_of(books.today);
    books.month = text_of(month);
    books.from = first_day(month);
    books.to = first_day(month + std::chrono::months(1));
    const auto [unlisted, asks] = bill(site, books, books.open_row());
    CHECK(unlisted == Exit::refused);  // by the event alone the cloud knows whose closing it needs
    CHECK_MESSAGE(asks.find("no closing reading of meter " + std::string(new_meter)) != std::string::npos,
                  asks);
    const auto [wrong, differs] = bill(site, books, books.exchange_rows(books.final_wh + 10));
    CHECK(wrong == Exit::refused);
    CHECK_MESSAGE(differs.find("(event 1), but installs.csv says") != std::string::npos, differs);
    const auto [right, bills] = bill(site, books, books.exchange_rows(books.final_wh));
    CHECK_MESSAGE(right == Exit::ok, bills);
    CHECK_MESSAGE(bills.find("1 bills, 50.00 yuan") != std::string::npos, bills);  // 100 kWh
  }
}
