#include "cloud/billing/bill_json.hpp"
#include "cloud/billing/bill_page.hpp"
#include "cloud/billing/explain.hpp"
#include "tests/unit/billing/estate_kit.hpp"

using namespace steward;
using namespace steward::test;

namespace {

/// One flat of 89.43 m² with one meter, wang's from 2026-01-01; whatever a test adds.
EstateFiles one_flat() {
  auto files = lakeside();
  files["units.csv"] = "unit,node,kind,area_m2,persons,vehicles,group\n101,lakeside,flat,89.43,5,2,\n";
  files["points.csv"] = "point,parent,medium,use,unit,tariff\ne,,electricity,unit,101,home\n";
  files["installs.csv"] =
      "point,meter,channel,from,to,multiplier,opening\ne,M,energy_import,2025-01-01,,1,\n";
  files["readings.csv"] =
      "meter,channel,at,value,source\nM,energy_import,2026-01-01,0,manual\nM,energy_import,2026-05-01,2500,"
      "manual\n"
      "M,energy_import,2026-06-01,2700,manual\nM,energy_import,2026-07-01,2860,manual\n";
  files["pools.csv"] = "pool,point,node,basis,share,tariff\n";
  return files;
}

/// Fees alone: the flat's meter stands still.
EstateFiles fees(std::string_view rows) {
  auto files = one_flat();
  files["readings.csv"] = "meter,channel,at,value,source\n";
  for (const auto* day :
       {"2026-01-01", "2026-02-01", "2026-02-11", "2026-03-01", "2026-04-01", "2026-06-01", "2026-07-01"})
    files["readings.csv"] += "M,energy_import," + std::string(day) + ",0,manual\n";
  files["fees.csv"] =
      "fee,node,group,valid_from,basis,period,price,name,vacant_percent\n" + std::string(rows);
  return files;
}

std::int64_t total(const BillRun& run, std::string_view account) { return bill_of(run, account).total.count; }
Month month_of_2026(unsigned number) { return {std::chrono::year{2026}, std::chrono::month{number}}; }

void check_round_trip(const BillRun& run) {
  for (const auto& bill : run.bills) {
    const auto back = read_bill(bill_json(bill).dump());
    REQUIRE(back);
    CHECK(*back == bill);
    CHECK_FALSE(bill_page(bill).empty());
  }
}

}  // namespace

TEST_SUITE("billing/tariff_rules") {
  TEST_CASE("E3a: 310.5 kWh on top of 2,600 cost 86.08 and 88.49 yuan") {
    CHECK(lines_of(bill_of(run_of(lakeside()), "wang"))
              .starts_with("own e-101 tier 1: 160.000 x 0.538 = 86.08\n"
                           "own e-101 tier 2: 150.500 x 0.588 = 88.49\n"));
  }

  TEST_CASE("E3b: 2,300 kWh on top of 2,700 pass two bounds and are rounded once in each tier") {
    const auto files = with(one_flat(), "readings.csv", "2026-07-01,2860", "2026-07-01,5000");
    CHECK(lines_of(bill_of(run_of(files), "wang")) ==
          "own e tier 1: 60.000 x 0.538 = 32.28\n"
          "own e tier 2: 2040.000 x 0.588 = 1,199.52\n"
          "own e tier 3: 200.000 x 0.838 = 167.60\n");
    CHECK(total(run_of(files), "wang") == 139'940);
  }

  TEST_CASE("E4: peak and valley at their own prices, and the tier's surcharge on what passes the bound") {
    auto files = one_flat();
    files["installs.csv"] =
        "point,meter,channel,from,to,multiplier,opening,band\ne,M,energy_peak,2025-01-01,,1,,peak\n"
        "e,M,energy_valley,2025-01-01,,1,,valley\n";
    files["readings.csv"] =
        "meter,channel,at,value,source\nM,energy_peak,2026-01-01,0,manual\nM,energy_valley,2026-01-01,0,"
        "manual\n"
        "M,energy_peak,2026-06-01,1700,manual\nM,energy_valley,2026-06-01,1000,manual\n"
        "M,energy_peak,2026-07-01,1800,manual\nM,energy_valley,2026-07-01,1060,manual\n";
    files["tariffs.csv"] =
        "tariff,medium,valid_from,period,tier,upto,price\nhome,electricity,2026-01-01,year,1,2760,0\n"
        "home,electricity,2026-01-01,year,2,4800,0.05\nhome,electricity,2026-01-01,year,3,,0.3\n";
    CHECK(problems_of(files) == "");
    files["tou.csv"] =
        "tariff,valid_from,band,price\nhome,2026-01-01,peak,0.568\nhome,2026-01-01,valley,0.288\n";
    const auto run = run_of(files);
    CHECK(lines_of(bill_of(run, "wang")) ==
          "own e tier 1: 100.000 x 0.568 = 56.80\n"
          "own e tier 1: 60.000 x 0.288 = 17.28\n"
          "own e tier 2: 100.000 x 0.05 = 5.00\n");
    CHECK(total(run, "wang") == 7'908);
    CHECK(explain(bill_of(run, "wang"), Language::en).find("band valley: 17.28 yuan.") != std::string::npos);
    check_round_trip(run);

    CHECK(problems_of(with(files, "installs.csv", ",,valley", ",,night")) ==
          "points.csv:2: point \"e\" counts band \"night\" (installs.csv), which tariff \"home\" of "
          "2026-01-01 does not "
          "price (tou.csv)\n");
    CHECK(problems_of(with(files, "installs.csv", ",,valley", ",,"))
              .find("installs.csv:3: point \"e\" has rows with a band and this one without") !=
          std::string::npos);
  }

  TEST_CASE("a valley register that is missing is named, and so is one that fell") {
    auto files = one_flat();
    files["installs.csv"] =
        "point,meter,channel,from,to,multiplier,opening,band\ne,M,energy_peak,2026-06-01,,1,0,peak\n"
        "e,M,energy_valley,2026-06-01,,1,5,valley\n";
    files["tariffs.csv"] =
        "tariff,medium,valid_from,period,tier,upto,price\nhome,electricity,2026-01-01,month,1,,0\n";
    files["tou.csv"] = "tariff,valid_from,band,price\nhome,2026-01-01,peak,1\nhome,2026-01-01,valley,1\n";
    files["readings.csv"] = "meter,channel,at,value,source\nM,energy_peak,2026-07-01,7,manual\n";
    CHECK(refusals_of(files).find("no closing reading of meter M (energy_valley)") != std::string::npos);
    CHECK(refusals_of(plus(files, "readings.csv", "M,energy_valley,2026-07-01,4,manual"))
              .find("REVERSE_OR_RESET") != std::string::npos);
    CHECK(total(run_of(plus(files, "readings.csv", "M,energy_valley,2026-07-01,6,manual")), "wang") == 800);
  }

  TEST_CASE("tiers of two months go on from the first month into the second, and begin anew after it") {
    auto files = one_flat();
    files["tariffs.csv"] =
        "tariff,medium,valid_from,period,tier,upto,price\nhome,electricity,2026-01-01,two_months,1,300,1\n"
        "home,electricity,2026-01-01,two_months,2,,2\n";
    // May used 200, June 160: of June 100 are in tier 1.
    CHECK(lines_of(bill_of(run_of(files), "wang")) ==
          "own e tier 1: 100.000 x 1.00 = 100.00\nown e tier 2: 60.000 x 2.00 = 120.00\n");
    CHECK(lines_of(bill_of(run_of(files, month_of_2026(5)), "wang")) ==
          "own e tier 1: 200.000 x 1.00 = 200.00\n");
    CHECK(refusals_of(with(files, "readings.csv", "M,energy_import,2026-05-01,2500,manual\n", ""))
              .find("M (energy_import) at 2026-05-01") != std::string::npos);
    check_round_trip(run_of(files));
  }

  TEST_CASE("each person above four raises the bounds") {
    auto files = one_flat();
    files["tariffs.csv"] =
        "tariff,medium,valid_from,period,tier,upto,price,persons_above,per_person\n"
        "home,electricity,2026-01-01,month,1,100,1,4,30\nhome,electricity,2026-01-01,month,2,,2,,\n";
    const auto run = run_of(files);
    CHECK(lines_of(bill_of(run, "wang")) ==
          "own e tier 1: 130.000 x 1.00 = 130.00\nown e tier 2: 30.000 x 2.00 = 60.00\n");
    CHECK(explain(bill_of(run, "wang"), Language::en)
              .find("Bound: 100.000 kWh + 1 × 30.000 kWh for 1 persons more = 130.000 kWh.") !=
          std::string::npos);
    check_round_trip(run);
    CHECK(problems_of(with(files, "units.csv", "89.43,5,2", "89.43,,2")) ==
          "units.csv:2: persons is empty, but the tiers of tariff \"home\" (tariffs.csv line 2) hang on it; "
          "fill it in\n");
  }

  TEST_CASE("a meter hung in May has eight twelfths of a yearly bound") {
    auto files = one_flat();
    files["installs.csv"] =
        "point,meter,channel,from,to,multiplier,opening\ne,M,energy_import,2026-05-01,,1,2500\n";
    files["tariffs.csv"] =
        "tariff,medium,valid_from,period,tier,upto,price,part_year\n"
        "home,electricity,2026-01-01,year,1,450,1,months\nhome,electricity,2026-01-01,year,2,,2,months\n";
    const auto run = run_of(files);  // 300 of May and June; 200 used before
    CHECK(lines_of(bill_of(run, "wang")) ==
          "own e tier 1: 100.000 x 1.00 = 100.00\nown e tier 2: 60.000 x 2.00 = 120.00\n");
    CHECK(explain(bill_of(run, "wang"), Language::en)
              .find("Bound: (450.000 kWh) × 8 / 12 (its meter was hung in the year) = 300.000 kWh.") !=
          std::string::npos);
    check_round_trip(run);
  }

  TEST_CASE("E8: 2.80 yuan for 89.43 m², handed over on 11 February, are 89.43 and 160.97 yuan") {
    const auto files = with(fees("property,lakeside,,2026-01-01,area,month,2.80,物业费,\n"),
                            "occupancies.csv", "101,wang,王芳,2026-01-01,", "101,wang,王芳,2026-02-11,");
    const auto run = run_of(files, month_of_2026(2));
    CHECK(total(run, "landlord") == 8'943);
    CHECK(total(run, "wang") == 16'097);
    CHECK(explain(bill_of(run, "wang"), Language::en)
              .find("Unit 101, fee (property 物业费): 160.97 yuan.\n"
                    "   2026-02-01 to 2026-02-28: 89.4300 m² × 2.80 yuan/m², rounded to 250.40 yuan.\n"
                    "   The occupant changed: 18 / 28 days are this account's, 160.97 yuan (largest "
                    "remainder).\n") != std::string::npos);
    check_round_trip(run);
  }

  TEST_CASE("a quarterly fee is billed in the quarter's last month, a yearly one in December") {
    const auto files = fees(
        "clean,lakeside,,2026-01-01,household,quarter,30,,\nfire,lakeside,,2026-01-01,unit,year,100,,\n");
    CHECK(total(run_of(files, month_of_2026(2)), "wang") == 0);
    CHECK(total(run_of(files, month_of_2026(3)), "wang") == 3'000);
    CHECK(total(run_of(files), "wang") == 3'000);
    auto december = plus(files, "readings.csv",
                         "M,energy_import,2026-12-01,0,manual\nM,energy_import,2027-01-01,0,manual");
    CHECK(total(run_of(december, month_of_2026(12)), "wang") == 13'000);
  }

  TEST_CASE("persons and vehicles are counted, and a unit without any has no line") {
    const auto files = fees(
        "heads,lakeside,,2026-01-01,persons,month,3.33,,\ncars,lakeside,,2026-01-01,vehicles,month,50,,\n");
    CHECK(total(run_of(files), "wang") == 5 * 333 + 10'000);
    CHECK(bill_of(run_of(with(files, "units.csv", ",5,2,", ",5,0,")), "wang").lines.size() ==
          2);  // own use, heads
    CHECK(problems_of(with(files, "units.csv", ",5,2,", ",5,,")) ==
          "fees.csv:3: the fee is by vehicles, which is empty for unit \"101\" (units.csv line 2); fill it "
          "in, 0 pays "
          "nothing\n");
  }

  TEST_CASE("the deepest node's plan holds, and there the unit's own group before all") {
    auto files = fees(
        "p,lakeside,,2026-01-01,unit,month,1,,\np,b1,,2026-01-01,unit,month,2,,\np,b1,shops,2026-01-01,unit,"
        "month,3,,\n"
        "p,lakeside,shops,2026-01-01,unit,month,4,,\np,b1,shops,2026-06-01,unit,month,5,,\n");
    files["nodes.csv"] += "b1,lakeside,building,\n";
    const auto priced = [&](std::string_view node, std::string_view group, unsigned month = 6) {
      const auto there = with(files, "units.csv", "101,lakeside,flat,89.43,5,2,",
                              "101," + std::string(node) + ",flat,89.43,5,2," + std::string(group));
      return total(run_of(there, month_of_2026(month)), "wang");
    };
    CHECK(priced("lakeside", "") == 100);
    CHECK(priced("b1", "") == 200);
    CHECK(priced("b1", "offices") == 200);
    CHECK(priced("b1", "shops", 3) == 300);
    CHECK(priced("b1", "shops") == 500);
    CHECK(priced("lakeside", "shops") == 400);
  }

  TEST_CASE("moving in is paid once by each new account, not by a renewed contract") {
    auto files = fees("key,lakeside,,2026-01-01,unit,move_in,88,,\n");
    CHECK(total(run_of(files), "wang") == 0);
    CHECK(total(run_of(files, month_of_2026(1)), "wang") == 8'800);
    files = with(files, "occupancies.csv", "101,wang,王芳,2026-01-01,",
                 "101,wang,王芳,2026-01-01,2026-02-11\n101,wang,王芳,2026-02-11,");
    CHECK(total(run_of(files, month_of_2026(2)), "wang") == 0);
    files = with(files, "occupancies.csv", "101,wang,王芳,2026-02-11,", "101,li,李强,2026-02-11,");
    const auto run = run_of(files, month_of_2026(2));
    CHECK(total(run, "li") == 8'800);
    CHECK(total(run, "wang") == 0);
    check_round_trip(run);
  }

  TEST_CASE("a charge is paid by whoever answers for the unit on its day") {
    auto files = fees("");
    files["charges.csv"] =
        "charge,unit,day,amount,name\nlock,101,2026-02-10,35.50,换锁\nlate,101,2026-03-01,1,\n";
    files = with(files, "occupancies.csv", "101,wang,王芳,2026-01-01,", "101,wang,王芳,2026-02-11,");
    const auto run = run_of(files, month_of_2026(2));
    CHECK(total(run, "landlord") == 3'550);
    CHECK(total(run, "wang") == 0);
    check_round_trip(run);
  }

  TEST_CASE("a vacant unit's fee is reduced like its shares, and the landlord pays the rest") {
    auto files = with(fees("p,lakeside,,2026-01-01,unit,month,100,,70\n"), "occupancies.csv",
                      "101,wang,王芳,2026-01-01,\n", "");
    files = with(files, "units.csv", "vehicles,group\n101,lakeside,flat,89.43,5,2,",
                 "vehicles,owner\n101,lakeside,flat,89.43,5,2,zhao");
    const auto run = run_of(files);
    CHECK(total(run, "zhao") == 7'000);
    CHECK(total(run, "landlord") == 3'000);
    check_round_trip(run);
  }

  TEST_CASE("a reduction names who approved it, when and why, and takes its part off what it says") {
    auto files = one_flat();
    files["fees.csv"] = "fee,node,valid_from,basis,period,price\np,lakeside,2026-01-01,unit,month,100.01\n";
    files["reductions.csv"] =
        "reduction,account,unit,item,percent,from,to,approved_by,approved_on,why\n"
        "old,wang,,p,12.5,2026-01-01,,Li Wei,2025-12-20,over 80\nown,wang,101,own,10,2026-07-01,,Li "
        "Wei,2025-12-20,x\n";
    const auto run = run_of(files);
    CHECK(bill_of(run, "wang").lines.back().amount == Fen{-1'250});  // 12.50125
    CHECK(explain(bill_of(run, "wang"), Language::en)
              .find("Reduction old (p): -12.50 yuan.\n   12.5 % of 100.01 yuan, rounded to fen; approved by "
                    "Li Wei on "
                    "2025-12-20: over 80\n") != std::string::npos);
    check_round_trip(run);
    const auto wrong =
        problems_of(with(files, "reductions.csv", "old,wang,,p,12.5,2026-01-01,,Li Wei,2025-12-20,over 80",
                         "old,wong,,q,12.5,2026-01-01,,,2025-12-20,"));
    CHECK(wrong.find("reductions.csv:2: approved_by is empty; it must say") != std::string::npos);
    CHECK(wrong.find("reductions.csv:2: why is empty; it must say") != std::string::npos);
    CHECK(wrong.find("account \"wong\" is not in occupancies.csv; did you mean \"wang\"?") !=
          std::string::npos);
  }

  TEST_CASE("the files say all that is wrong with prices at once") {
    auto files = one_flat();
    files["tariffs.csv"] =
        "tariff,medium,valid_from,period,tier,upto,price,persons_above,per_person,part_year\n"
        "home,electricity,2026-01-01,month,1,100,1,,30,months\n"
        "t,electricity,2026-01-01,year,1,100,1,4,30,\nt,electricity,2026-01-01,year,2,200,1,3,20,\n"
        "t,electricity,2026-01-01,year,3,,1,,,\n";
    files["tou.csv"] = "tariff,valid_from,band,price\nt,2026-02-01,peak,1\n";
    files["fees.csv"] =
        "fee,node,valid_from,basis,period,price\np,lakeside,2026-01-01,unit,month,1\np,lakeside,2026-02-01,"
        "unit,quarter,1\n"
        "p,lakeside,2026-01-01,unit,month,1\nq,nowhere,2026-01-01,weight,month,1\n";
    files["charges.csv"] = "charge,unit,day,amount\nc,102,2026-06-01,1\nc,101,2026-06-01,1\n";
    const auto text = problems_of(files);
    for (const auto* said :
         {"tariffs.csv:2: per_person raises upto for each person above persons_above; give both",
          "tariffs.csv:2: part_year is months, so period must be year",
          "tariffs.csv:4: tariff \"t\" of 2026-01-01: part_year and persons_above differ from its first "
          "tier's",
          "tou.csv:2: tariff \"t\" has no version of 2026-02-01 in tariffs.csv",
          "fees.csv:3: fee \"p\" has period month in line 2; a fee with another period is another fee",
          "fees.csv:4: fee \"p\" of 2026-01-01 is already in line 2",
          "fees.csv:5: node \"nowhere\" is not in nodes.csv",
          "fees.csv:5: basis \"weight\" is not one of area",
          "charges.csv:2: unit \"102\" is not in units.csv",
          "charges.csv:3: charge \"c\" is already in line 2"}) {
      CAPTURE(said);
      CHECK_MESSAGE(text.find(said) != std::string::npos, text);
    }
  }
}
