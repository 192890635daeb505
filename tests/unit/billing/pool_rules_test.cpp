#include "cloud/billing/bill_json.hpp"
#include "cloud/billing/explain.hpp"
#include "cloud/billing/preview.hpp"
#include "tests/unit/billing/estate_kit.hpp"

using namespace steward;
using namespace steward::test;

namespace {

/// Three units of June 2026 whose meters used `usage`, behind one master that used `master`; all in kWh.
EstateFiles three(std::string_view units, const std::vector<std::string>& usage, const std::string& master,
                  std::string_view pools) {
  auto files = lakeside();
  files.erase("carried.csv");
  files["units.csv"] = std::string(units);
  files["points.csv"] = "point,parent,medium,use,unit,tariff\nM,,electricity,master,,\n";
  files["installs.csv"] = "point,meter,channel,from,to,multiplier\nM,m-M,energy_import,2025-01-01,,1\n";
  files["readings.csv"] =
      "meter,channel,at,value,source\nm-M,energy_import,2026-06-01,0,manual\nm-M,energy_import,2026-07-01," +
      master + ",manual\n";
  files["tariffs.csv"] =
      "tariff,medium,valid_from,period,tier,upto,price\none,electricity,2026-01-01,month,1,,1\n";
  files["pools.csv"] = std::string(pools);
  files["occupancies.csv"] = "unit,account,from,to\n";
  const std::string names = "abc";
  for (std::size_t i = 0; i < usage.size(); ++i) {
    const std::string unit(1, names[i]);
    files["points.csv"] += "p" + unit + ",M,electricity,unit," + unit + ",one\n";
    files["installs.csv"] += "p" + unit + ",m" + unit + ",energy_import,2025-01-01,,1\n";
    files["readings.csv"] += "m" + unit + ",energy_import,2026-06-01,0,manual\nm" + unit +
                             ",energy_import,2026-07-01," + usage[i] + ",manual\n";
    files["occupancies.csv"] += unit + ",acc-" + unit + ",2026-01-01,\n";
  }
  return files;
}

constexpr std::string_view equal_areas =
    "unit,node,kind,area_m2\na,lakeside,flat,80\nb,lakeside,flat,80\nc,lakeside,flat,80\n";
constexpr std::string_view fixed_head = "pool,point,node,basis,share,tariff,source,amount,vacant_percent\n";

/// The shares of one pool in unit order, as yuan or kWh.
std::string shares_of(const BillRun& run, std::string_view pool = "p") {
  for (const auto& one : run.pools) {
    if (one.statement.id.text != pool) continue;
    std::string text;
    for (const auto& share : one.shares) {
      text +=
          (text.empty() ? "" : " ") + (one.statement.share == ShareOf::money ? yuan_text(Fen{share.share})
                                                                             : decimal_text(share.share, 3));
    }
    return text;
  }
  FAIL("no pool " << pool);
  return {};
}

std::string fixed(std::string_view basis, std::string_view amount = "100.00") {
  return std::string(fixed_head) + "p,,lakeside," + std::string(basis) + ",money,,fixed," +
         std::string(amount) + ",\n";
}

}  // namespace

TEST_SUITE("billing/pool_rules") {
  TEST_CASE("E1a: 100.00 yuan over three equal households are 33.34, 33.33, 33.33") {
    CHECK(shares_of(run_of(three(equal_areas, {"1", "1", "1"}, "3", fixed("household")))) ==
          "33.34 33.33 33.33");
  }

  TEST_CASE("E1b: 1,234.28 yuan by seven areas add up where rounding each by itself does not") {
    auto files = three(equal_areas, {}, "0", fixed("area", "1234.28"));
    files["units.csv"] =
        "unit,node,kind,area_m2\n1,lakeside,flat,89.43\n2,lakeside,flat,120.50\n3,lakeside,flat,75.20\n"
        "4,lakeside,flat,66.66\n5,lakeside,flat,143.07\n6,lakeside,flat,98.98\n7,lakeside,flat,101.16\n";
    CHECK(shares_of(run_of(files)) == "158.82 214.00 133.55 118.39 254.08 175.78 179.66");
  }

  TEST_CASE("every basis weighs by its own column") {
    const auto* units =
        "unit,node,kind,area_m2,persons,floor,coefficient\na,lakeside,flat,80,1,1,0.5\nb,lakeside,shop,100,3,"
        "2,1.5\n"
        "c,lakeside,parking,20,0,5,0\n";
    const auto shared = [&](std::string_view basis) {
      return shares_of(run_of(three(units, {"10", "30", "0"}, "40", fixed(basis))));
    };
    CHECK(shared("area") == "40.00 50.00 10.00");
    CHECK(shared("household") == "50.00 50.00 0.00");
    CHECK(shared("persons") == "25.00 75.00 0.00");
    CHECK(shared("floor") == "12.50 25.00 62.50");
    CHECK(shared("coefficient") == "25.00 75.00 0.00");
    CHECK(shared("equal") == "33.34 33.33 33.33");
    auto files = three(units, {"10", "30", "0"}, "40",
                       "pool,point,node,basis,share,tariff,source,amount,medium\n"
                       "p,,lakeside,usage,money,,fixed,100,electricity\n");
    CHECK(shares_of(run_of(files)) == "25.00 75.00 0.00");
    files["pools.csv"] =
        "pool,point,node,basis,share,tariff,source,amount,formula\n"
        "p,,lakeside,formula,money,,fixed,100,\"area * max(floor - 1, 0)\"\n";  // 0, 100 m², 80 m²
    CHECK(shares_of(run_of(files)) == "0.00 55.56 44.44");
  }

  TEST_CASE("E11: 10,000.00 yuan, 70 % by use and 30 % by area; the vacant unit's part is its owner's") {
    auto files = three(
        "unit,node,kind,area_m2,owner\na,lakeside,flat,60,\nb,lakeside,flat,80,owner-b\nc,lakeside,flat,100,"
        "\n",
        {"1200", "0", "2400"}, "3600",
        "pool,point,node,basis,share,tariff,source,amount,medium\n"
        "p,,lakeside,usage:700000+area:300000,money,,fixed,10000.00,electricity\n");
    files = with(files, "occupancies.csv", "b,acc-b,2026-01-01,\n", "");
    const auto run = run_of(files);
    CHECK(shares_of(run) == "3,083.33 1,000.00 5,916.67");
    CHECK(bill_of(run, "owner-b").lines.back().amount == Fen{100'000});
    const auto text = explain(bill_of(run, "acc-a"), Language::en);
    CHECK(text.find(
              "   Weight: 7,000.00 yuan (70 %) by usage among 2 units of 湖畔居; 1,200.000 kWh of 3,600.000 "
              "kWh gives 2,333.33 yuan (largest remainder).\n"
              "   Weight: 3,000.00 yuan (30 %) by area among 3 units of 湖畔居; 60.0000 m² of 240.0000 m² "
              "gives "
              "750.00 yuan (largest remainder).\n   Together 3,083.33 yuan.\n") != std::string::npos);
  }

  TEST_CASE("E13: a vacant unit at 70 % keeps its weight; the landlord pays what its owner is spared") {
    auto files = three(
        "unit,node,kind,area_m2,owner\na,lakeside,flat,80,\nb,lakeside,flat,80,\nc,lakeside,flat,80,owner-"
        "c\n",
        {"0", "0", "0"}, "0", std::string(fixed_head) + "p,,lakeside,equal,money,,fixed,900.00,70\n");
    files = with(files, "occupancies.csv", "c,acc-c,2026-01-01,\n", "");
    const auto run = run_of(files);
    CHECK(shares_of(run) == "300.00 300.00 300.00");
    CHECK(bill_of(run, "acc-a").total == Fen{30'000});
    CHECK(bill_of(run, "acc-b").total == Fen{30'000});
    CHECK(bill_of(run, "owner-c").total == Fen{21'000});
    CHECK(bill_of(run, "landlord").total == Fen{9'000});
    CHECK(bill_of(run, "owner-c").lines.back().amount == Fen{-9'000});
    CHECK(explain(bill_of(run, "landlord"), Language::en)
              .find("1. Unit c is vacant; what its owner is spared of p is paid here: 90.00 yuan.\n"
                    "   30 % of 300.00 yuan, rounded to fen") != std::string::npos);
    for (const auto& bill : run.bills) CHECK(*read_bill(bill_json(bill).dump()) == bill);
  }

  TEST_CASE("a vacancy of some days is reduced for those days alone, and never changes a neighbour's bill") {
    auto files = three(
        "unit,node,kind,area_m2,owner\na,lakeside,flat,80,\nb,lakeside,flat,80,\nc,lakeside,flat,80,owner-"
        "c\n",
        {"0", "0", "0"}, "0", std::string(fixed_head) + "p,,lakeside,equal,money,,fixed,900.00,70\n");
    const auto neighbour = bill_of(run_of(files), "acc-a");
    files = with(files, "occupancies.csv", "c,acc-c,2026-01-01,", "c,acc-c,2026-01-01,2026-06-11");
    files = plus(files, "readings.csv", "mc,energy_import,2026-06-11,0,manual");
    const auto run = run_of(files);
    CHECK(bill_of(run, "acc-c").total == Fen{10'000});
    CHECK(bill_of(run, "owner-c").total == Fen{14'000});  // 200.00 of 20 days, 30 % of it off
    CHECK(bill_of(run, "landlord").total == Fen{6'000});
    CHECK(bill_of(run, "acc-a") == neighbour);
  }

  TEST_CASE(
      "E10: a residual 6.4 per mille below zero is clamped, credited, scaled or refused, as its pool says") {
    const auto at = [&](std::string_view rules) {
      return three(
          "unit,node,kind,area_m2\na,lakeside,flat,80\nb,lakeside,flat,100\nc,lakeside,flat,80\n",
          {"200", "150", "153.2"}, "500",
          "pool,point,node,basis,share,tariff,negative,tolerance_permille\np,M,lakeside,area,quantity,one," +
              std::string(rules) + "\n");
    };
    const auto clamped = run_of(at("clamp,"));
    CHECK(shares_of(clamped) == "0.000 0.000 0.000");
    CHECK(clamped.residuals.front().clamped == Milli{3'200});
    CHECK(shares_of(run_of(at(","))) == "0.000 0.000 0.000");

    const auto credited = run_of(at("credit,"));
    CHECK(shares_of(credited) == "-0.985 -1.231 -0.984");
    CHECK(bill_of(credited, "acc-b").total == Fen{15'000 - 123});
    CHECK(credited.notices.at(0).en.ends_with("within the tolerance; it is given back by its pool"));
    for (const auto& bill : credited.bills) CHECK(*read_bill(bill_json(bill).dump()) == bill);

    CHECK(shares_of(run_of(at("scale,"))) ==
          "-1.272 -0.954 -0.974");  // 200, 150, 153.2 of 503.2 scaled to 500
    CHECK(refusals_of(at("block,")).find("up to 0 ‰ would be taken as zero") != std::string::npos);
    for (const auto* policy : {"clamp", "credit", "scale"}) {
      CAPTURE(policy);
      CHECK(refusals_of(at(std::string(policy) + ",6")).find("up to 6 ‰ would be taken as zero") !=
            std::string::npos);
      CHECK(refusals_of(at(std::string(policy) + ",7")) == "");
    }
  }

  TEST_CASE("a part of a hybrid in which nobody has weight is the vacant account's, the rest is shared") {
    const auto files = three(equal_areas, {"0", "0", "0"}, "0",
                             "pool,point,node,basis,share,tariff,source,amount,medium\n"
                             "p,,lakeside,usage:600000+area:400000,money,,fixed,100,electricity\n");
    const auto run = run_of(files);
    CHECK(shares_of(run) == "13.34 13.33 13.33");
    CHECK(run.pools.at(0).unshared == 6'000);
    CHECK(bill_of(run, "landlord").total == Fen{6'000});
    CHECK(run.notices.at(0).en ==
          "pool p: no unit has weight (usage), the vacant account bears all of that part");
  }

  TEST_CASE("an invoice is shared in its month, and a month without one is a question") {
    auto files = three(equal_areas, {"0", "0", "0"}, "0",
                       "pool,point,node,basis,share,tariff,source\np,,lakeside,area,money,,invoice\n");
    CHECK(refusals_of(files) ==
          "invoices.csv:0: pool \"p\" has no invoice of 2026-06; add its row, with amount 0 when there was "
          "none\n");
    files["invoices.csv"] = "pool,month,amount,reference\np,2026-06,1000.00,SG-7731\np,2026-07,2.00,\n";
    const auto run = run_of(files);
    CHECK(shares_of(run) == "333.34 333.33 333.33");
    CHECK(explain(bill_of(run, "acc-a"), Language::en)
              .find("Cost to share: the supplier's invoice SG-7731 of 1,000.00 yuan.") != std::string::npos);
  }

  TEST_CASE("a loss is named on the bill: the master's residual once every common point is metered") {
    auto files = three(equal_areas, {"100", "100", "100"}, "303",
                       "pool,point,node,basis,share,tariff,kind\np,M,lakeside,usage,quantity,one,loss\n");
    CHECK(shares_of(run_of(files)) == "1.000 1.000 1.000");
    CHECK(explain(bill_of(run_of(files), "acc-a"), Language::en)
              .find("Unit a, loss of electricity (p): 1.00 yuan.") != std::string::npos);
  }

  TEST_CASE("a formula that cannot be worked out refuses the run and names file, line, column and unit") {
    const auto files = three(
        "unit,node,kind,area_m2,floor\na,lakeside,flat,80,1\nb,lakeside,flat,80,0\nc,lakeside,flat,80,3\n",
        {"0", "0", "0"}, "0",
        "pool,point,node,basis,share,tariff,source,amount,formula\n"
        "p,,lakeside,formula,money,,fixed,100,area / floor\n");
    CHECK(refusals_of(files) ==
          "pools.csv:2: formula of pool \"p\", column 6: for unit \"b\" it divides by zero\n");
  }

  TEST_CASE("the preview shows formula, inputs, weights, shares and who holds the fen left over") {
    auto files = three(
        "unit,node,kind,area_m2,floor\na,lakeside,flat,80,1\nb,lakeside,flat,80,2\nc,lakeside,flat,80,3\n",
        {"0", "0", "0"}, "0",
        "pool,point,node,basis,share,tariff,source,amount,formula,name\n"
        "p,,lakeside,formula,money,,fixed,100,\"max(floor - 1, 0)\",电梯\n"
        "q,,lakeside,area,money,,fixed,1,,\n");
    const auto run = run_of(files);
    CHECK(pools_page(estate_of(files), run, PoolId("p")) ==
          "p 电梯  公摊 share\n"
          "  fixed  100.00 元\n"
          "  100 % 公式 formula: 100.00 元, Σ 3\n"
          "  公式 formula: max(floor - 1, 0)\n"
          "  房屋 Unit  floor  权重 formula  应分 Share  余 Left over\n"
          "  --------------------------------------------------------\n"
          "  a              1             0     0.00 元\n"
          "  b              2             1    33.33 元\n"
          "  c              3             2    66.67 元  *\n"
          "  合计 Sum 100.00 元\n");
    const auto all = pools_page(estate_of(files), run, PoolId());
    CHECK(all.find("q  公摊 share\n") != std::string::npos);
  }

  TEST_CASE("the files say all that is wrong with pools at once") {
    auto files = three(
        "unit,node,kind,area_m2,persons\na,lakeside,flat,80,2\nb,lakeside,flat,80,\nc,lakeside,flat,80,\n",
        {"0", "0", "0"}, "0",
        "pool,point,node,basis,share,tariff,source,amount,formula,medium,kind,vacant_percent\n"
        "p1,,lakeside,persons,money,,fixed,1,,,,\n"
        "p2,,lakeside,area:500000+area:500000,money,,fixed,1,,,,\n"
        "p3,,lakeside,area,quantity,,fixed,1,,,,\n"
        "p4,,lakeside,formula,money,,fixed,1,area * (floor,,,\n"
        "p5,,lakeside,area,money,,invoice,1,,,,\n"
        "p6,M,lakeside,usage,money,,fixed,1,,,,\n"
        "p7,,lakeside,area,money,,residual,,,,,\n"
        "p8,,lakeside,area,money,,fixed,1,area,,loss,101\n");
    files["invoices.csv"] = "pool,month,amount\np1,2026-06,1\np9,2026-6,1\n";
    const auto text = problems_of(files);
    for (const auto* said :
         {"pools.csv:2: the pool weighs by persons, which is empty for unit \"b\" (units.csv line 3) and 1 "
          "more",
          "pools.csv:3: basis \"area:500000+area:500000\" is not one of area, household",
          "pools.csv:4: source is fixed, so share must be money",
          "pools.csv:5: formula, column 14: it needs \")\" here",
          "pools.csv:6: source is invoice, so amount must be empty",
          "pools.csv:7: source is fixed, so point must be empty",
          "pools.csv:7: usage is a weight, so medium must say of what",
          "pools.csv:8: source is residual, so point must be given",
          "pools.csv:8: source is residual, so tariff must be given",
          "pools.csv:9: vacant_percent \"101\" is not 0 to 100",
          "invoices.csv:2: pool \"p1\" has source fixed; only a pool of source invoice shares invoices",
          "invoices.csv:3: month \"2026-6\" is not a month like 2026-06"}) {
      CAPTURE(said);
      CHECK_MESSAGE(text.find(said) != std::string::npos, text);
    }
  }
}
