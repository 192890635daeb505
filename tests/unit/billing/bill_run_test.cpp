#include "cloud/billing/bill_run.hpp"

#include "tests/unit/billing/estate_kit.hpp"

using namespace steward;
using namespace steward::test;

namespace {

const Residual& residual_at(const BillRun& run, std::string_view point) {
  for (const auto& residual : run.residuals) {
    if (residual.point.text == point) return residual;
  }
  FAIL("no residual of " << point);
  return run.residuals.front();
}

/// One estate of points with registers at both ends of June, tariffs of 1 yuan, all units vacant.
struct Reg {
  std::string point, parent, use, unit, begin, end, multiplier = "1";
};
EstateFiles estate_with(const std::vector<Reg>& points, std::string_view units, std::string_view nodes,
                        std::string_view pools) {
  EstateFiles files = lakeside();
  files["nodes.csv"] = "node,parent,kind\n" + std::string(nodes);
  files["units.csv"] = "unit,node,kind,area_m2\n" + std::string(units);
  files["points.csv"] = "point,parent,medium,use,unit,tariff\n";
  files["installs.csv"] = "point,meter,channel,from,to,multiplier\n";
  files["readings.csv"] = "meter,channel,at,value,source\n";
  files["tariffs.csv"] =
      "tariff,medium,valid_from,period,tier,upto,price\none,electricity,2026-01-01,month,1,,1\n";
  files["pools.csv"] = "pool,point,node,basis,share,tariff\n" + std::string(pools);
  files["occupancies.csv"] = "unit,account,name,from,to\n";
  for (const auto& [point, parent, use, unit, begin, end, multiplier] : points) {
    files["points.csv"] +=
        point + "," + parent + ",electricity," + use + "," + unit + "," + (unit.empty() ? "" : "one") + "\n";
    files["installs.csv"] += point + ",m-" + point + ",energy_import,2025-01-01,," + multiplier + "\n";
    files["readings.csv"] += "m-" + point + ",energy_import,2026-06-01," + begin + ",manual\n";
    files["readings.csv"] += "m-" + point + ",energy_import,2026-07-01," + end + ",manual\n";
  }
  return files;
}

}  // namespace

TEST_SUITE("billing/bill_run") {
  TEST_CASE("E2: building and floor residuals by area add up to the building's meter") {
    const auto files = estate_with(
        {{"B", "", "master", "", "0", "12345.678"},
         {"F1", "B", "master", "", "0", "5000.100"},
         {"F2", "B", "master", "", "0", "6900.250"},
         {"A", "F1", "unit", "a", "0", "2000.033"},
         {"Bb", "F1", "unit", "b", "0", "2900.067"},
         {"C", "F2", "unit", "c", "0", "3400.125"},
         {"D", "F2", "unit", "d", "0", "3400.125"}},
        "a,f1,flat,80\nb,f1,flat,100\nc,f2,flat,80\nd,f2,flat,120\n", "b,,building\nf1,b,floor\nf2,b,floor\n",
        "loss-b,B,b,area,quantity,one\nloss-f1,F1,f1,area,quantity,one\nloss-f2,F2,f2,area,quantity,one\n");
    const auto run = run_of(files);
    CHECK(residual_at(run, "B").residual == Milli{445'328});
    REQUIRE(run.pools.size() == 3);
    const auto shares = [&](std::size_t pool) {
      std::vector<std::int64_t> out;
      for (const auto& share : run.pools[pool].shares) out.push_back(share.share);
      return out;
    };
    CHECK(shares(0) == std::vector<std::int64_t>{93'753, 117'192, 93'753, 140'630});
    CHECK(shares(1) == std::vector<std::int64_t>{44'444, 55'556});
    CHECK(shares(2) == std::vector<std::int64_t>{40'000, 60'000});

    std::map<std::string, std::int64_t> total;
    for (const auto& bill : run.bills) {
      for (const auto& line : bill.lines) total[line.unit.text] += line.quantity->count;
    }
    CHECK(total == std::map<std::string, std::int64_t>{
                       {"a", 2'138'230}, {"b", 3'072'815}, {"c", 3'533'878}, {"d", 3'600'755}});
    CHECK(total["a"] + total["b"] + total["c"] + total["d"] == 12'345'678);
  }

  TEST_CASE(
      "E10: children that count 6.4 per mille more than their master leave nothing to share, and it is "
      "noted") {
    const std::vector<Reg> points{{"M", "", "master", "", "0", "500"},
                                  {"p1", "M", "unit", "a", "0", "200"},
                                  {"p2", "M", "unit", "b", "0", "150"},
                                  {"p3", "M", "unit", "c", "0", "153.2"}};
    const auto files = estate_with(points, "a,n,flat,80\nb,n,flat,100\nc,n,flat,80\n", "n,,estate\n",
                                   "loss,M,n,area,quantity,one\n");
    const auto run = run_of(files);
    CHECK(residual_at(run, "M").residual == Milli{0});
    CHECK(residual_at(run, "M").clamped == Milli{3'200});
    REQUIRE(run.notices.size() == 1);
    CHECK(run.notices[0].en ==
          "point M: its children counted 3.200 kWh more than itself, within the tolerance; its residual is "
          "taken as zero");
  }

  TEST_CASE("a residual 2 % below zero is taken as zero, one watt-hour more refuses the run") {
    const auto at = [](std::string child) {
      return estate_with(
          {{"M", "", "master", "", "0", "100"}, {"p1", "M", "unit", "a", "0", std::move(child)}},
          "a,n,flat,80\n", "n,,estate\n", "loss,M,n,area,quantity,one\n");
    };
    CHECK(refusals_of(at("102")) == "");
    CHECK(refusals_of(at("102.001")) ==
          "readings:0: point M: its children (p1) counted 102.001 kWh, the point itself only 100.000 kWh, "
          "2.001 kWh (20.0 ‰) "
          "less; up to 20 ‰ would be taken as zero. Check the multipliers in installs.csv, the parents in "
          "points.csv and the "
          "meters\n");
  }

  TEST_CASE("a pool in which no unit has weight is the vacant account's") {
    auto files = with(lakeside(), "pools.csv", "area", "usage");
    files = with(files, "readings.csv", "2026-07-01,2910.5", "2026-07-01,2600");
    files = with(files, "readings.csv", "2026-07-01,240", "2026-07-01,100");
    const auto run = run_of(files);
    CHECK(lines_of(bill_of(run, "landlord")) ==
          "share light: money x 0.56 = 271.60\n"
          "own e-102 tier 1: 0.000 x 0.538 = 0.00\n");
    CHECK(run.notices.at(0).en ==
          "pool light: no unit has weight (usage), the vacant account bears all of it");
    CHECK(run.pools.at(0).shares.empty());
  }

  TEST_CASE("a parking place is no household and has no share by household") {
    auto files = with(lakeside(), "pools.csv", "area", "household");
    files = plus(files, "units.csv", "P1,lakeside,parking,12");
    const auto run = run_of(files);
    REQUIRE(run.pools.at(0).shares.size() == 3);
    CHECK(run.pools[0].shares[2].unit == UnitId("P1"));
    CHECK(run.pools[0].shares[2].terms.at(0).weight == 0);
    CHECK(run.pools[0].shares[2].share == 0);
    CHECK(run.pools[0].shares[0].share == 966);
  }

  TEST_CASE("a residual that no pool covers is noted and billed to nobody") {
    auto files = lakeside();
    files["pools.csv"] = "pool,point,node,basis,share,tariff\n";
    const auto run = run_of(files);
    CHECK(run.notices.at(0).en == "point e-all: 34.500 kWh are in no pool and billed to nobody");
    CHECK(run.total == Fen{17'457 + 7'532});
  }

  TEST_CASE("when the occupant changes, the own use is cut at that day's reading and the share by days") {
    auto files = with(lakeside(), "occupancies.csv", "101,wang,王芳,2026-01-01,",
                      "101,wang,王芳,2026-01-01,2026-06-11\n101,li,李强,2026-06-11,");
    files = plus(files, "readings.csv", "M1,energy_import,2026-06-11,2700,manual");
    const auto run = run_of(files);
    CHECK(lines_of(bill_of(run, "wang")) ==
          "own e-101 tier 1: 100.000 x 0.538 = 53.80\n"
          "share light: money x 0.56 = 2.58\n");
    // The tier goes on where the former occupant stopped: 2,700 of 2,760 kWh.
    CHECK(lines_of(bill_of(run, "li")) ==
          "own e-101 tier 1: 60.000 x 0.538 = 32.28\n"
          "own e-101 tier 2: 150.500 x 0.588 = 88.49\n"
          "share light: money x 0.56 = 5.15\n");
  }

  TEST_CASE("where usage is the basis, a share is cut by what each occupant used") {
    auto files = with(lakeside(), "occupancies.csv", "101,wang,王芳,2026-01-01,",
                      "101,wang,王芳,2026-01-01,2026-06-11\n101,li,李强,2026-06-11,");
    files = plus(files, "readings.csv", "M1,energy_import,2026-06-11,2910.5,manual");  // li used nothing
    files = with(files, "pools.csv", "area", "usage");
    const auto run = run_of(files);
    CHECK(lines_of(bill_of(run, "li")) == "own e-101 tier 2: 0.000 x 0.588 = 0.00\n");
    CHECK(bill_of(run, "wang").lines.back().amount == Fen{1'332});  // 1932 fen x 310.5 / 450.5
  }

  TEST_CASE("an occupant who changes without a reading of that day refuses the run") {
    const auto files = with(lakeside(), "occupancies.csv", "101,wang,王芳,2026-01-01,",
                            "101,wang,王芳,2026-01-01,2026-06-11\n101,li,李强,2026-06-11,");
    CHECK(refusals_of(files) ==
          "readings:0: point e-101: no closing reading of meter M1 (energy_import) at "
          "2026-06-11T00:00:00+08:00; let its gateway "
          "deliver it, or read the dial and add a row to readings.csv\n");
  }

  TEST_CASE("a renewed contract of the same account is no move") {
    const auto files = with(lakeside(), "occupancies.csv", "101,wang,王芳,2026-01-01,",
                            "101,wang,王芳,2026-01-01,2026-06-11\n101,wang,王芳,2026-06-11,");
    CHECK(bill_of(run_of(files), "wang").total == Fen{18'230});
  }

  TEST_CASE("a price that changes inside the month cuts the own use at that day's reading") {
    auto files = plus(lakeside(), "tariffs.csv", "home,electricity,2026-06-16,month,1,,0.6");
    CHECK(refusals_of(files).find("meter M1 (energy_import) at 2026-06-16T00:00:00+08:00") !=
          std::string::npos);
    files = plus(files, "readings.csv",
                 "M1,energy_import,2026-06-16,2700,manual\nM2,energy_import,2026-06-16,200,manual");
    CHECK(lines_of(bill_of(run_of(files), "wang")) ==
          "own e-101 tier 1: 100.000 x 0.538 = 53.80\n"
          "own e-101 tier 1: 210.500 x 0.60 = 126.30\n"
          "share light: money x 0.56 = 7.73\n");
  }

  TEST_CASE("a pool's price that changes inside the month refuses the run") {
    const auto files = plus(lakeside(), "tariffs.csv", "shared,electricity,2026-06-16,month,1,,0.6");
    CHECK(refusals_of(files) ==
          "tariffs.csv:0: tariff \"shared\" of pool \"light\" changes on 2026-06-16, inside the month; let a "
          "pool's price change on "
          "the first of a month\n");
  }

  TEST_CASE("a month before the first price refuses the run") {
    const auto files =
        with(lakeside(), "tariffs.csv", "shared,electricity,2026-01-01", "shared,electricity,2026-07-01");
    CHECK(refusals_of(files) ==
          "tariffs.csv:0: tariff \"shared\" has no price on 2026-06-01; add a version whose valid_from is "
          "that day or earlier\n");
  }

  TEST_CASE("every missing reading is named at once, each a single time") {
    auto files = lakeside();
    files["readings.csv"] = "meter,channel,at,value,source\nM0,energy_import,2026-06-01,300,manual\n";
    const auto text = refusals_of(files);
    for (const auto* missing : {"M0 (energy_import) at 2026-07-01", "M1 (energy_import) at 2026-06-01",
                                "M1 (energy_import) at 2026-07-01", "M2 (energy_import) at 2026-06-01",
                                "M2 (energy_import) at 2026-07-01"}) {
      CAPTURE(missing);
      CHECK(text.find(missing) != std::string::npos);
      CHECK(text.find(missing) == text.rfind(missing));
    }
    CHECK(std::count(text.begin(), text.end(), '\n') == 5);
  }

  TEST_CASE("a run on simulated time says so on every bill") {
    const auto estate =
        estate_of(with(lakeside(), "readings.csv", "M1,energy_import,2026-07-01,2910.5,manual\n", ""));
    ClosingReading reading{MeterId("M1"), "energy_import",
                           midnight(first_day(june + std::chrono::months{1}), estate.offset), 2'910'500,
                           ChannelUnit::wh};
    reading.trust = ClockTrust::stepped;
    ClosingReadings readings;
    readings.add(reading);
    const auto drawn = draw_up(estate, readings, june);
    REQUIRE(drawn.run);
    CHECK(drawn.run->stepped);
    for (const auto& bill : drawn.run->bills) CHECK(bill.stepped);
    CHECK_FALSE(run_of(lakeside()).stepped);
  }

  TEST_CASE("a price or a share that stands on simulated time is no real bill either") {
    const auto stepped = [](const EstateFiles& files, const char* day, std::int64_t value) {
      const auto estate = estate_of(files);
      ClosingReading reading{MeterId("M1"), "energy_import", midnight(*read_day(day), estate.offset), value,
                             ChannelUnit::wh};
      reading.trust = ClockTrust::stepped;
      ClosingReadings readings;
      readings.add(reading);
      const auto drawn = draw_up(estate, readings, june);
      REQUIRE_MESSAGE(drawn.run, listed(drawn.problems));
      return drawn.run->stepped;
    };
    CHECK_FALSE(stepped(lakeside(), "2026-05-20", 2'500'000));  // nothing stands on it
    // What was used since 1 January chooses the tier.
    CHECK(stepped(with(lakeside(), "installs.csv", "M1,energy_import,2026-01-01,,1,0,",
                       "M1,energy_import,2020-01-01,,1,0,"),
                  "2026-01-01", 0));
    // The occupant changes on the 16th.
    CHECK(stepped(with(lakeside(), "occupancies.csv", "101,wang,王芳,2026-01-01,",
                       "101,wang,王芳,2026-01-01,2026-06-16\n101,zhao,赵,2026-06-16,"),
                  "2026-06-16", 2'700'000));
  }

  TEST_CASE("the lines of a month in two halves cost what the tiers say of the whole") {
    // 160 kWh of tier 1 and 150.5 of tier 2, wherever the month is cut.
    for (const auto* reading : {"2600", "2700", "2760", "2800", "2910.5"}) {
      auto files = with(lakeside(), "occupancies.csv", "101,wang,王芳,2026-01-01,",
                        "101,wang,王芳,2026-01-01,2026-06-11\n101,li,李强,2026-06-11,");
      files = plus(files, "readings.csv", "M1,energy_import,2026-06-11," + std::string(reading) + ",manual");
      std::map<std::uint32_t, Milli> tiers;
      for (const auto& bill : run_of(files).bills) {
        for (const auto& line : bill.lines) {
          const auto* own = std::get_if<OwnUse>(&line.why);
          if (own && own->point.text == "e-101") tiers[own->tier] += *line.quantity;
        }
      }
      CAPTURE(reading);
      CHECK(tiers[1] == Milli{160'000});
      CHECK(tiers[2] == Milli{150'500});
    }
  }
}
