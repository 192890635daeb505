// What is billed when a meter was not read: estimates by named methods, and the truth afterwards.
#include "cloud/metering/estimate.hpp"

#include "cloud/billing/bill_json.hpp"
#include "cloud/billing/bill_page.hpp"
#include "cloud/billing/price.hpp"
#include "cloud/billing/tariff.hpp"
#include "tests/unit/billing/estate_kit.hpp"

using namespace steward;
using namespace steward::test;

namespace {

/// Flat 101 of the worked example has a water meter with yearly tiers of 180 and 260 m³ at 5, 7 and 9 yuan;
/// 150 m³ were used by 1 June. `rows` are its readings.
EstateFiles water(const std::string& rows) {
  auto files = plus(lakeside(), "points.csv", "w-101,,water,unit,101,water,");
  files = plus(files, "installs.csv", "w-101,W1,volume,2020-01-01,,1,,");
  files = plus(files, "tariffs.csv",
               "water,water,2026-01-01,year,1,180,5\nwater,water,2026-01-01,year,2,260,7\n"
               "water,water,2026-01-01,year,3,,9");
  files["carried.csv"] = "point,year,used\nw-101,2026,150\n";
  return plus(files, "readings.csv", rows);
}

Install w1() {
  Install install;
  install.point = PointId("w-101");
  install.meter = MeterId("W1");
  install.channel = "volume";
  install.from = Day{std::chrono::year(2020) / 1 / 1};
  return install;
}

Day day(int month, int at = 1) { return Day{std::chrono::year(2026) / month / at}; }

ClosingReadings readings_of(const Estate& estate) {
  ClosingReadings readings;
  for (const auto& reading : estate.readings) readings.add(reading);
  return readings;
}

std::string own_water(const Bill& bill) {
  std::string text;
  for (const auto& line : bill.lines) {
    const auto* own = std::get_if<OwnUse>(&line.why);
    if (own != nullptr && line.medium == Medium::water)
      text += std::to_string(line.quantity->count) + "=" + std::to_string(line.amount.count) + " ";
  }
  return text;
}

std::string refused(const EstateFiles& files) {
  Problems problems;
  read_estate(files, problems);
  return listed(problems);
}

}  // namespace

TEST_SUITE("billing/estimate") {
  TEST_CASE("E7a: 276 m³ in 92 days are 93.000 m³ in 31, rounded once") {
    CHECK(estimated_rise(276'000, 92, 31) == 93'000);
    CHECK(estimated_rise(1, 2, 1) == 1);  // half: up
    CHECK(estimated_rise(0, 92, 31) == 0);
    CHECK(estimated_rise(10'000'000'000'000, 92, 92) == 10'000'000'000'000);
  }

  TEST_CASE(
      "a meter that was not read is estimated by the same days of the year before, else by its average") {
    auto files = water("W1,volume,2026-03-01,24,manual\nW1,volume,2026-06-01,300,manual");
    const auto estate = estate_of(files);
    const auto average = estimate(estate, readings_of(estate), w1(), day(6), day(7));
    REQUIRE(average);
    CHECK(average->method == ReadingSource::estimate_average);
    CHECK(average->value == 300'000 + 90'000);  // 276 m³ in 92 days, 30 days
    files = plus(files, "readings.csv", "W1,volume,2025-06-01,2,manual\nW1,volume,2025-07-01,22,manual");
    const auto season = estimate(estate_of(files), readings_of(estate_of(files)), w1(), day(6), day(7));
    REQUIRE(season);
    CHECK(season->method == ReadingSource::estimate_season);
    CHECK(season->value == 320'000);
    const auto alone = estate_of(water("W1,volume,2026-06-01,300,manual"));
    CHECK_FALSE(estimate(alone, readings_of(alone), w1(), day(6), day(7)));    // nothing to go by
    CHECK_FALSE(estimate(estate, readings_of(estate), w1(), day(7), day(8)));  // nor to begin from
  }

  TEST_CASE("an estimate is no base for the next one") {
    const auto estate =
        estate_of(water("W1,volume,2026-04-01,208,manual\nW1,volume,2026-05-01,240,manual\n"
                        "W1,volume,2026-06-01,300,estimate-average"));
    const auto next = estimate(estate, readings_of(estate), w1(), day(6), day(7));
    REQUIRE(next);
    CHECK(next->base_from == day(4));
    CHECK(next->base_to == day(5));
    CHECK(next->value == 300'000 + 32'000);
  }

  TEST_CASE(
      "E7a: an estimated month is billed 150.00 and 441.00 yuan, and the bill says that it was estimated") {
    // 31 days from the 92 before: the estimate is 93.000 m³.
    const auto bill = bill_of(
        run_of(water("W1,volume,2026-06-01,300,manual\nW1,volume,2026-07-01,393,estimate-average")), "wang");
    CHECK(own_water(bill) == "30000=15000 63000=44100 ");
    const auto json = bill_json(bill).dump();
    CHECK(json.find(R"("source":"estimate-average")") != std::string::npos);
    CHECK(json.starts_with(R"({"schema":2,)"));
    CHECK(*read_bill(json) == bill);
    CHECK(bill_page(bill).find("E 估计 estimated") != std::string::npos);
  }

  TEST_CASE(
      "E7b: the true register afterwards: 57.000 m³ for 479.00, so that the whole span costs 1,070.00") {
    auto files = water(
        "W1,volume,2026-07-01,393,estimate-average\nW1,volume,2026-06-01,300,manual\n"
        "W1,volume,2026-08-01,450,manual");
    for (const auto* file : {"M0", "M1", "M2"}) {
      files = plus(files, "readings.csv", std::string(file) + ",energy_import,2026-08-01,9000,manual");
    }
    Problems problems;
    const auto estate = read_estate(files, problems);
    REQUIRE_MESSAGE(estate, listed(problems));
    Problems wrong;
    const auto usage = usage_between(*estate, readings_of(*estate), PointId("w-101"), day(7), day(8), wrong);
    REQUIRE(usage);
    CHECK(usage->usage == Milli{57'000});
    const auto before = used_in_year(*estate, readings_of(*estate), PointId("w-101"), day(7), wrong);
    REQUIRE(before);
    CHECK(before->used == Milli{243'000});
    const auto cost = [&](Milli used, Milli quantity) {
      Fen sum;
      for (const auto& part :
           cut_by_tier(estate->tariffs.at(TariffId("water")).versions.front(), used, quantity))
        sum = sum + round_to_fen(part.quantity, part.price);
      return sum;
    };
    CHECK(cost(Milli{243'000}, Milli{57'000}) == Fen{47'900});
    CHECK(cost(Milli{150'000}, Milli{93'000}) == Fen{59'100});
    CHECK(cost(Milli{150'000}, Milli{150'000}) == Fen{107'000});  // the span re-rated is what both bills ask
  }

  TEST_CASE(
      "a true reading overrules an estimate of the same midnight; a typed one and an estimate are no "
      "conflict") {
    ClosingReadings readings;
    ClosingReading guess;
    guess.meter = MeterId("W1");
    guess.channel = "volume";
    guess.value = 393'000;
    guess.source = ReadingSource::estimate_average;
    auto typed = guess;
    typed.value = 400'000;
    typed.source = ReadingSource::manual;
    auto bad = guess;
    bad.value = 1;
    bad.source = ReadingSource::gateway;
    bad.quality = Quality::suspect;
    readings.add(bad);
    readings.add(guess);
    CHECK(readings.find(MeterId("W1"), "volume", Instant{}).reading->value == 393'000);
    readings.add(typed);
    CHECK(readings.find(MeterId("W1"), "volume", Instant{}).reading->value == 400'000);
    CHECK_FALSE(readings.find(MeterId("W1"), "volume", Instant{}).conflict);
  }

  TEST_CASE("at most two estimates stand in a row; the third wants the dial to be read") {
    const std::string two =
        "W1,volume,2026-05-01,300,estimate-average\nW1,volume,2026-06-01,330,estimate-average";
    CHECK(refused(water(two)).empty());
    const auto said = refused(water(two + "\nW1,volume,2026-07-01,360,estimate-season"));
    CHECK(said.find("the third estimate in a row of meter \"W1\"") != std::string::npos);
    CHECK(refused(water(two + "\nW1,volume,2026-06-15,340,manual\nW1,volume,2026-07-01,360,estimate-season"))
              .empty());
    CHECK(refused(water("W1,volume,2026-07-01,360,estimate-seasn")).find("did you mean") !=
          std::string::npos);
  }
}
