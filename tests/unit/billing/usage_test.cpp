#include "cloud/metering/usage.hpp"

#include "cloud/billing/price.hpp"
#include "cloud/billing/tariff.hpp"
#include "contract/text/instant_text.hpp"
#include "tests/unit/billing/estate_kit.hpp"

using namespace steward;
using namespace steward::test;

namespace {

const Day june_1 = first_day(june);
const Day july_1 = first_day(june + std::chrono::months{1});

struct Asked {
  std::optional<PointUsage> usage;
  std::string problems;
};
Asked ask(const EstateFiles& files, const std::string& point, Day from = june_1, Day to = july_1) {
  const auto estate = estate_of(files);
  ClosingReadings readings;
  for (const auto& reading : estate.readings) readings.add(reading);
  Problems problems;
  auto usage = usage_between(estate, readings, PointId(point), from, to, problems);
  CHECK(usage.has_value() == problems.empty());
  return {std::move(usage), listed(problems)};
}

struct AskedYear {
  std::optional<Milli> used;
  std::string problems;
};
AskedYear ask_year(const EstateFiles& files, Day until = june_1) {
  const auto estate = estate_of(files);
  ClosingReadings readings;
  for (const auto& reading : estate.readings) readings.add(reading);
  Problems problems;
  const auto year = used_in_year(estate, readings, PointId("e-101"), until, problems);
  return {year ? std::optional(year->used) : std::nullopt, listed(problems)};
}

/// The example estate, its flat 101 metered since before this year.
EstateFiles old_meter() {
  return with(lakeside(), "installs.csv", "M1,energy_import,2026-01-01,,1,0,",
              "M1,energy_import,2020-01-01,,1,0,");
}

}  // namespace

TEST_SUITE("metering/usage") {
  TEST_CASE("each register is multiplied and rounded down by itself, so periods add up") {
    CHECK(*register_difference(1, 2, 3, 2) == Milli{2});  // floor(3) - floor(1.5)
    CHECK(*register_difference(2, 3, 3, 2) == Milli{1});  // floor(4.5) - floor(3)
    CHECK(*register_difference(1, 3, 3, 2) == Milli{3});
    CHECK(*register_difference(0, 10'000'000'000, 1'000, 1) == Milli{10'000'000'000'000});
  }

  TEST_CASE("a usage beyond any meter, a register below zero and a multiplier of zero are refused") {
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    CHECK(register_difference(0, most, 100'000, 1).error().message == "the usage is beyond any meter");
    CHECK_FALSE(register_difference(0, 10'000'000'001, 1'000, 1));
    CHECK(register_difference(-1, 5, 1, 1).error().message == "a register is below zero");
    CHECK(register_difference(1, 5, 0, 1).error().fault == Fault::implausible);
  }

  TEST_CASE("E5b: a register that fell from 500.00 to 499.50 is REVERSE_OR_RESET, with no usage") {
    const auto result = register_difference(500'000, 499'500, 1, 1);
    REQUIRE_FALSE(result);
    CHECK(result.error().message == "REVERSE_OR_RESET the register fell");
    const auto asked =
        ask(with(lakeside(), "readings.csv", "2026-07-01,2910.5", "2026-07-01,2599.5"), "e-101");
    CHECK_FALSE(asked.usage);
    CHECK(asked.problems ==
          "readings:0: point e-101: meter M1 (energy_import): REVERSE_OR_RESET the register fell (2,600.000 "
          "kWh → 2,599.500 kWh, "
          "2026-06-01T00:00:00+08:00 to 2026-07-01T00:00:00+08:00); look at the meter: if it was exchanged "
          "or reset, add the "
          "exchange to installs.csv\n");
  }

  TEST_CASE(
      "E5a: a register that wrapped is refused with what it would be, and counts once entered as an "
      "exchange") {
    auto estate = estate_of(lakeside());
    ClosingReadings readings;
    const auto at = [&](Day day, std::int64_t value) {
      ClosingReading reading{MeterId("M1"), "energy_import", midnight(day, estate.offset), value,
                             ChannelUnit::wh};
      reading.modulus = 100'000'000;
      readings.add(reading);
    };
    at(june_1, 99'987'650);
    at(july_1, 12'340);
    Problems problems;
    CHECK_FALSE(usage_between(estate, readings, PointId("e-101"), june_1, july_1, problems));
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].en.find("if its dial went past its end, the register rose by 24.690 kWh: enter it as "
                              "an exchange of the meter "
                              "for itself, closing 100000.000, opening 0") != std::string::npos);

    for (const auto& [multiplier, wh] :
         std::vector<std::pair<std::int64_t, std::int64_t>>{{1, 24'690}, {40, 987'600}}) {
      auto& stays = estate.installs[PointId("e-101")];
      const Day day = june_1 + std::chrono::days{11};
      stays = {{PointId("e-101"), MeterId("M1"), "energy_import", *read_day("2020-01-01"), day, multiplier, 1,
                0, 100'000'000},
               {PointId("e-101"), MeterId("M1"), "energy_import", day, std::nullopt, multiplier, 1, 0,
                std::nullopt}};
      problems.clear();
      const auto usage = usage_between(estate, readings, PointId("e-101"), june_1, july_1, problems);
      REQUIRE(usage);
      CHECK(usage->usage == Milli{wh});
    }
    CHECK(round_to_fen(Milli{987'600}, MicroYuan{538'000}) == Fen{53'133});
  }

  TEST_CASE("E6: an exchanged water meter counts 70.5 + 51.8 m3, 400.00 + 296.10 yuan") {
    auto files = plus(lakeside(), "points.csv", "w-101,,water,unit,101,water,");
    files = plus(files, "installs.csv",
                 "w-101,W-old,volume,2020-01-01,2026-06-15,1,,8190.9\nw-101,W-new,volume,2026-06-15,,1,3.2,");
    files = plus(files, "readings.csv",
                 "W-old,volume,2026-06-01,8120.4,manual\nW-new,volume,2026-07-01,55,manual");
    files = plus(files, "tariffs.csv",
                 "water,water,2026-01-01,year,1,180,5\nwater,water,2026-01-01,year,2,260,7\nwater,water,2026-"
                 "01-01,year,3,,9");
    files["carried.csv"] = "point,year,used\nw-101,2026,100\n";
    const auto asked = ask(files, "w-101");
    REQUIRE(asked.usage);
    CHECK(asked.usage->usage == Milli{122'300});
    REQUIRE(asked.usage->segments.size() == 2);
    CHECK(asked.usage->segments[0].usage == Milli{70'500});
    CHECK(asked.usage->segments[0].end.kind == EndKind::removal);
    CHECK(asked.usage->segments[1].usage == Milli{51'800});
    CHECK(asked.usage->segments[1].begin.kind == EndKind::opening);
    const auto lines = lines_of(bill_of(run_of(files), "wang"));
    CHECK(
        lines.find("own w-101 tier 1: 80.000 x 5.00 = 400.00\nown w-101 tier 2: 42.300 x 7.00 = 296.10\n") !=
        std::string::npos);
  }

  TEST_CASE("on the day of an exchange both meters count, whichever month begins that day") {
    auto files = with(
        lakeside(), "installs.csv", "e-101,M1,energy_import,2026-01-01,,1,0,",
        "e-101,M1,energy_import,2026-01-01,2026-06-01,1,0,2605\ne-101,M9,energy_import,2026-06-01,,1,1,");
    files = plus(files, "readings.csv", "M9,energy_import,2026-07-01,306.5,manual");
    const auto asked = ask(files, "e-101");
    REQUIRE(asked.usage);
    CHECK(asked.usage->usage == Milli{310'500});  // 2605 - 2600, 306.5 - 1
    const Day may_1 = june_1 - std::chrono::days{31};
    const auto may =
        ask(plus(files, "readings.csv", "M1,energy_import,2026-05-01,2500,manual"), "e-101", may_1, june_1);
    REQUIRE(may.usage);
    CHECK(may.usage->usage == Milli{100'000});
    CHECK(may.usage->segments.size() == 1);
  }

  TEST_CASE("days without a meter are refused: what passed then was not counted") {
    auto files = with(
        lakeside(), "installs.csv", "e-101,M1,energy_import,2026-01-01,,1,0,",
        "e-101,M1,energy_import,2026-01-01,2026-06-10,1,0,2700\ne-101,M9,energy_import,2026-06-12,,1,0,");
    files = plus(files, "readings.csv", "M9,energy_import,2026-07-01,210.5,manual");
    CHECK(ask(files, "e-101").problems ==
          "readings:0: point e-101: no meter from 2026-06-10 to 2026-06-12; what passed in between was not "
          "counted, correct the days "
          "in installs.csv\n");
    CHECK(ask(files, "e-101", june_1, june_1 + std::chrono::days{0}).problems == "");
  }

  TEST_CASE(
      "a meter that was removed is billed up to then with a notice, and refused from the next month on") {
    const auto files = with(lakeside(), "installs.csv", "e-101,M1,energy_import,2026-01-01,,1,0,",
                            "e-101,M1,energy_import,2026-01-01,2026-06-10,1,0,2700");
    CHECK(ask(files, "e-101").usage->usage == Milli{100'000});
    const auto run = run_of(files);
    REQUIRE_FALSE(run.notices.empty());
    CHECK(run.notices[0].en ==
          "point e-101 has no meter since 2026-06-10; when it was exchanged, add the new meter to "
          "installs.csv before you issue");
    CHECK(ask(files, "e-101", july_1, july_1 + std::chrono::days{31}).problems ==
          "readings:0: point e-101: no meter since 2026-06-10; add the new meter to installs.csv, or remove "
          "the point from points.csv\n");
  }

  TEST_CASE("only good readings are billed; the refusal names quality and reason") {
    const auto estate =
        estate_of(with(lakeside(), "readings.csv", "M1,energy_import,2026-07-01,2910.5,manual\n", ""));
    ClosingReading reading{MeterId("M1"), "energy_import", midnight(july_1, estate.offset), 2'910'500,
                           ChannelUnit::wh};
    for (const auto quality : {Quality::suspect, Quality::estimated, Quality::stale, Quality::invalid}) {
      reading.quality = quality;
      reading.reason = Reason::skew;
      ClosingReadings readings;
      readings.add(reading);
      const auto drawn = draw_up(estate, readings, june);
      CHECK_FALSE(drawn.run);
      CHECK(listed(drawn.problems) ==
            "readings:0: point e-101: the closing reading of meter M1 (energy_import) at "
            "2026-07-01T00:00:00+08:00 is " +
                std::string(word(quality)) +
                "/skew, and only good ones are billed; check the meter and add a row to readings.csv\n");
    }
  }

  TEST_CASE("a reading in litres is not billed as energy") {
    const auto estate =
        estate_of(with(lakeside(), "readings.csv", "M1,energy_import,2026-07-01,2910.5,manual\n", ""));
    ClosingReadings readings;
    readings.add(
        {MeterId("M1"), "energy_import", midnight(july_1, estate.offset), 2'910'500, ChannelUnit::litre});
    const auto drawn = draw_up(estate, readings, june);
    CHECK_FALSE(drawn.run);
    CHECK(listed(drawn.problems).find("does not count electricity") != std::string::npos);
  }
}

TEST_SUITE("metering/used_in_year") {
  TEST_CASE("a meter hung in this year counts from its opening") {
    CHECK(ask_year(lakeside()).used == Milli{2'600'000});
  }

  TEST_CASE("an older meter counts from the reading of 1 January") {
    const auto files = plus(old_meter(), "readings.csv", "M1,energy_import,2026-01-01,500,import");
    CHECK(ask_year(files).used == Milli{2'100'000});
    CHECK(ask_year(files, *read_day("2026-01-01")).used == Milli{0});
  }

  TEST_CASE("when metering began in the middle of the year, carried.csv counts up to the first reading") {
    auto files = plus(old_meter(), "readings.csv", "M1,energy_import,2026-04-01,2000,import");
    files["carried.csv"] = "point,year,used\ne-101,2026,700\n";
    CHECK(ask_year(files).used == Milli{1'300'000});
    files = old_meter();
    files["carried.csv"] = "point,year,used\ne-101,2026,700\n";
    CHECK(ask_year(files).used == Milli{700'000});
  }

  TEST_CASE("a reading at noon is no boundary and does not begin the count") {
    auto files = plus(old_meter(), "readings.csv", "M1,energy_import,2026-04-01T12:00:00+08:00,2000,import");
    files["carried.csv"] = "point,year,used\ne-101,2026,700\n";
    CHECK(ask_year(files).used == Milli{700'000});
  }

  TEST_CASE("a quantity both carried and read since 1 January is refused: it would count twice") {
    auto files = plus(old_meter(), "readings.csv", "M1,energy_import,2026-01-01,500,import");
    files["carried.csv"] = "point,year,used\ne-101,2026,700\n";
    const auto asked = ask_year(files);
    CHECK_FALSE(asked.used);
    CHECK(asked.problems ==
          "readings:0: point e-101: carried.csv says that 700.000 kWh were used before the first reading of "
          "2026, but that reading is "
          "of 1 January; remove one of the two\n");
  }

  TEST_CASE("with nothing known of the year's beginning the run is refused: a guess would choose the price") {
    const auto asked = ask_year(old_meter());
    CHECK_FALSE(asked.used);
    CHECK(asked.problems ==
          "readings:0: point e-101: its tariff has yearly tiers, and what was used from 2026-01-01 to "
          "2026-06-01 is not known; add the "
          "row \"e-101,2026,<used before the first closing reading>\" to carried.csv, or the reading of 1 "
          "January to readings.csv\n");
    CHECK(refusals_of(old_meter()) == asked.problems);
  }
}

TEST_SUITE("metering/closing") {
  const Instant at = *read_instant("2026-06-01T00:00:00+08:00");
  ClosingReading good(std::int64_t value, std::uint64_t seq) {
    ClosingReading reading{MeterId("M"), "volume", at, value, ChannelUnit::litre};
    reading.seq = Seq{seq};
    return reading;
  }

  TEST_CASE("the best reading wins in whatever order they come") {
    auto suspect = good(7, 1);
    suspect.quality = Quality::suspect;
    auto typed = good(8, 0);
    typed.source = ReadingSource::manual;
    std::vector<ClosingReading> all{suspect, typed, good(9, 2)};
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.value < b.value; });
    do {
      ClosingReadings readings;
      for (const auto& reading : all) readings.add(reading);
      const auto found = readings.find(MeterId("M"), "volume", at);
      REQUIRE(found.reading);
      CHECK(found.reading->value == 9);
      CHECK_FALSE(found.conflict);
    } while (std::next_permutation(all.begin(), all.end(),
                                   [](const auto& a, const auto& b) { return a.value < b.value; }));
  }

  TEST_CASE("a typed reading stands in for a doubtful signed one") {
    auto suspect = good(7, 1);
    suspect.quality = Quality::suspect;
    auto typed = good(8, 0);
    typed.source = ReadingSource::manual;
    ClosingReadings readings;
    readings.add(suspect);
    readings.add(typed);
    CHECK(readings.find(MeterId("M"), "volume", at).reading->value == 8);
  }

  TEST_CASE("one value twice is one reading, two values are a conflict") {
    ClosingReadings readings;
    readings.add(good(9, 5));
    readings.add(good(9, 3));
    CHECK(readings.find(MeterId("M"), "volume", at).reading->seq == Seq{3});
    CHECK_FALSE(readings.find(MeterId("M"), "volume", at).conflict);
    readings.add(good(10, 1));
    CHECK(readings.find(MeterId("M"), "volume", at).conflict);
    CHECK(readings.first_good(MeterId("M"), "volume", at, at + Milliseconds{1}) == nullptr);
  }

  TEST_CASE("a conflict refuses the run") {
    const auto estate = estate_of(lakeside());
    ClosingReadings readings;
    for (const std::int64_t value : {2'600'000, 2'600'001}) {
      ClosingReading reading{MeterId("M1"), "energy_import", midnight(june_1, estate.offset), value,
                             ChannelUnit::wh};
      readings.add(reading);
    }
    const auto drawn = draw_up(estate, readings, june);
    CHECK_FALSE(drawn.run);
    CHECK(listed(drawn.problems)
              .find("two sources give different values of meter M1 (energy_import) at "
                    "2026-06-01T00:00:00+08:00") != std::string::npos);
  }

  TEST_CASE("what is not there is not found") {
    ClosingReadings readings;
    readings.add(good(9, 5));
    CHECK(readings.find(MeterId("M"), "energy_import", at).reading == nullptr);
    CHECK(readings.find(MeterId("N"), "volume", at).reading == nullptr);
    CHECK(readings.find(MeterId("M"), "volume", at + Milliseconds{1}).reading == nullptr);
  }
}
