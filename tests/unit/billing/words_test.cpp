#include "cloud/billing/adds_up.hpp"
#include "cloud/billing/bill_json.hpp"
#include "cloud/billing/bill_page.hpp"
#include "cloud/billing/explain.hpp"
#include "contract/text/meter_event_text.hpp"
#include "tests/unit/billing/estate_kit.hpp"

using namespace steward;
using namespace steward::test;

TEST_SUITE("billing/words") {
  TEST_CASE("a bill is explained line by line, down to its readings") {
    const auto text = explain(bill_of(run_of(lakeside()), "wang"), Language::en);
    CHECK(text ==
          "Bill 2026-06-wang: 王芳 owes 182.30 yuan, in 3 lines.\n"
          "\n"
          "1. Unit 101, own use of electricity, tier 1: 86.08 yuan.\n"
          "   Point e-101, meter M1: 2,910.500 kWh − 2,600.000 kWh = 310.500 kWh.\n"
          "     2026-06-01T00:00:00+08:00  2,600.000 kWh  read by a person, readings.csv\n"
          "     2026-07-01T00:00:00+08:00  2,910.500 kWh  read by a person, readings.csv\n"
          "   Tier: 2,600.000 kWh of this year were used before; the next 160.000 kWh fall in tier 1 (up to "
          "2,760.000 kWh).\n"
          "   Amount: 160.000 kWh × 0.538 yuan/kWh = 86.08 yuan, rounded to 86.08 yuan (tariff home "
          "(2026-01-01)).\n"
          "\n"
          "2. Unit 101, own use of electricity, tier 2: 88.49 yuan.\n"
          "   Point e-101, meter M1: 2,910.500 kWh − 2,600.000 kWh = 310.500 kWh.\n"
          "     2026-06-01T00:00:00+08:00  2,600.000 kWh  read by a person, readings.csv\n"
          "     2026-07-01T00:00:00+08:00  2,910.500 kWh  read by a person, readings.csv\n"
          "   Tier: 2,760.000 kWh of this year were used before; the next 150.500 kWh fall in tier 2 (up to "
          "4,800.000 kWh).\n"
          "   Amount: 150.500 kWh × 0.588 yuan/kWh = 88.494 yuan, rounded to 88.49 yuan (tariff home "
          "(2026-01-01)).\n"
          "\n"
          "3. Unit 101, share of electricity (light 楼道灯): 7.73 yuan.\n"
          "   Point e-all, meter M0: (348.500 kWh − 300.000 kWh) × 10 = 485.000 kWh.\n"
          "     2026-06-01T00:00:00+08:00  300.000 kWh  read by a person, readings.csv\n"
          "     2026-07-01T00:00:00+08:00  348.500 kWh  read by a person, readings.csv\n"
          "   To share: 485.000 kWh here − 450.500 kWh at the 2 points below = 34.500 kWh.\n"
          "   Cost to share: 34.500 kWh × 0.56 yuan/kWh = 19.32 yuan, rounded to 19.32 yuan.\n"
          "   Weight: by area among 2 units of 湖畔居; 60.0000 m² of 150.0000 m² gives 7.73 yuan (largest "
          "remainder).\n"
          "\n"
          "The lines add up to 182.30 yuan, the bill's total.\n");
  }

  TEST_CASE("the same in Chinese") {
    const auto text = explain(bill_of(run_of(lakeside()), "wang"), Language::zh);
    CHECK(text.find("账单 2026-06-wang：王芳 应付 182.30 元，共 3 行。\n") == 0);
    CHECK(text.find("阶梯：本年此前已用 2,600.000 kWh，其后的 160.000 kWh 属第 1 档（至 2,760.000 kWh）。") !=
          std::string::npos);
    CHECK(text.find("分摊：湖畔居 2 户按面积，本户 60.0000 m² / 150.0000 m²，应分 7.73 元（最大余数法）。") !=
          std::string::npos);
  }

  TEST_CASE("a stored bill explains itself down to gateway, log, profile and register words") {
    auto bill = bill_of(run_of(lakeside()), "wang");
    auto& reading = bill.usages[0].segments[0].end.reading;
    reading.source = ReadingSource::gateway;
    reading.gateway = GatewayId("gw1");
    reading.seq = Seq{4711};
    reading.profile = ProfileId("eastron-sdm630/1");
    reading.raw = {0x4535, 0xE800};
    const auto stored = read_bill(bill_json(bill).dump());
    REQUIRE(stored);
    CHECK(explain(*stored, Language::en)
              .find("2,910.500 kWh  gateway gw1, log 00000000-0000-0000-0000-000000000000 / 4711, profile "
                    "eastron-sdm630/1, registers 0x4535 0xE800\n") != std::string::npos);
  }

  TEST_CASE("an exchange, a fraction and a move are explained as they were reckoned") {
    auto files = with(
        lakeside(), "installs.csv", "e-101,M1,energy_import,2026-01-01,,1,0,",
        "e-101,M1,energy_import,2026-01-01,2026-06-05,1,0,2605\ne-101,M9,energy_import,2026-06-05,,3/2,1,");
    files = plus(files, "readings.csv",
                 "M9,energy_import,2026-06-11,2,manual\nM9,energy_import,2026-07-01,4.333,manual");
    files = with(files, "occupancies.csv", "101,wang,王芳,2026-01-01,",
                 "101,wang,王芳,2026-01-01,2026-06-11\n101,li,李强,2026-06-11,");
    const auto run = run_of(files);
    const auto wang = explain(bill_of(run, "wang"), Language::en);
    CHECK(
        wang.find(
            "2026-06-05T00:00:00+08:00  2,605.000 kWh  register at removal, written down in installs.csv") !=
        std::string::npos);
    CHECK(wang.find("The meter was exchanged; together 6.500 kWh.") != std::string::npos);
    // With the technician's event the line says who was there and why, at both of its registers.
    MeterEvent event{MeterEventKind::exchange, MeterId("M1"), "energy_import",
                     midnight(Day(std::chrono::year{2026} / 6 / 5), UtcOffset{480}) + std::chrono::hours(10)};
    event.old_register = 2'605'000;
    event.new_register = 1'000;
    event.new_meter = MeterId("M9");
    event.by = "Li Wei";
    event.why = "glass broken";
    const std::vector<LifeEvent> events{{3, edge_event_of(event), std::nullopt}};
    const auto named = explain(bill_of(run, "wang"), Language::en, events);
    const std::string happened =
        "meter event 3: meter M1 (energy_import) at 2026-06-05T10:00:00+08:00: exchanged, 2,605.000 kWh → "
        "1.000 kWh, M1 → M9; said by Li Wei, glass broken\n";
    CHECK_MESSAGE(named.find("2,605.000 kWh  last register, " + happened) != std::string::npos, named);
    CHECK_MESSAGE(named.find("1.000 kWh  first register, " + happened) != std::string::npos, named);
    CHECK(explain(bill_of(run, "wang"), Language::zh, events).find("止码，表计事件 3：") !=
          std::string::npos);
    const auto li = explain(bill_of(run, "li"), Language::en);
    CHECK(li.find("⌊4.333 kWh × 3/2⌋ − ⌊2.000 kWh × 3/2⌋ = 3.499 kWh") != std::string::npos);
    CHECK(li.find("The occupant changed: 20 / 30 days are this account's") != std::string::npos);
  }

  TEST_CASE("a bill's page stands in Chinese with English beside it") {
    const auto page = bill_page(bill_of(run_of(lakeside()), "wang"));
    CHECK(page ==
          "湖畔居 lakeside\n"
          "账单 Bill 2026-06-wang\n"
          "户名 Account  王芳 (wang)\n"
          "账期 Period   2026-06-01 .. 2026-06-30\n"
          "\n"
          "项目 Item                                         数量 Quantity  单价 Price (元 yuan)  金额 "
          "Amount (元 yuan)\n"
          "--------------------------------------------------------------------------------------------------"
          "----------\n"
          "房屋 Unit 101\n"
          "  电 electricity  用量 use e-101  第 1 档 tier      160.000 kWh             0.538/kWh             "
          "     86.08\n"
          "  电 electricity  用量 use e-101  第 2 档 tier      150.500 kWh             0.588/kWh             "
          "     88.49\n"
          "  电 electricity  公摊 share light 楼道灯       按金额 by money              0.56/kWh             "
          "      7.73\n"
          "--------------------------------------------------------------------------------------------------"
          "----------\n"
          "合计 Total                                                                                        "
          "    182.30\n"
          "\n"
          "读数 Readings\n"
          "  计量点 Point  表 Meter  上次 Previous  本次 Current  倍率 ×   用量 Usage\n"
          "  e-101         M1            2,600.000     2,910.500       1  310.500 kWh\n"
          "\n"
          "公摊总量 What is shared\n"
          "  公摊 Pool     来源 From          总量 To share  单价 Price  总费用 Cost (元)\n"
          "  light 楼道灯  485.000 − 450.500     34.500 kWh        0.56             19.32\n"
          "\n"
          "公摊算法 How it is shared (最大余数法 largest remainder)\n"
          "  公摊 Pool        房屋 Unit   待分 Of  本户 Weight  合计 Sum of weights  应分 Share  占比 Part\n"
          "  light 面积 area  101        19.32 元   60.0000 m²          150.0000 m²     7.73 元\n");
  }

  TEST_CASE("a bill on simulated time says so on its page and in its words") {
    auto bill = bill_of(run_of(lakeside()), "wang");
    bill.stepped = true;
    CHECK(bill_page(bill).find("Simulated time: not a real bill.") != std::string::npos);
    CHECK(explain(bill, Language::zh).find("这不是真实账单") != std::string::npos);
  }

  TEST_CASE("the table of bills ends with their sum") {
    const auto run = run_of(lakeside());
    CHECK(bill_table(run.bills) ==
          "账单 Bill         户名 Name    房屋 Units  自用 Own use  公摊 Shares  其他 Other  合计 Total (元 "
          "yuan)\n"
          "--------------------------------------------------------------------------------------------------"
          "----\n"
          "2026-06-landlord  空置 vacant           1         75.32        11.59        0.00                 "
          "86.91\n"
          "2026-06-wang      王芳                  1        174.57         7.73        0.00                "
          "182.30\n"
          "--------------------------------------------------------------------------------------------------"
          "----\n"
          "合计 Total                                       249.89        19.32        0.00                "
          "269.21\n");
  }

  TEST_CASE("the proof lists every pool with its shares' sum and who holds what was left over") {
    const auto files = with(lakeside(), "units.csv", "102,lakeside,flat,90", "102,lakeside,flat,91");
    const auto text = pool_proof(run_of(files));
    CHECK(text ==
          "公摊 Pool  名称 Name  总量 To share  各户之和 Sum of shares  户 Units  余数归属 Left-over counts "
          "to\n"
          "--------------------------------------------------------------------------------------------------"
          "-\n"
          "light      楼道灯          19.32 元                19.32 元         2  101\n"
          "--------------------------------------------------------------------------------------------------"
          "-\n"
          "每个公摊均已分完，分毫不差。 The shares add up to every pool, to the last count.\n");
  }

  TEST_CASE("a fen out of place is found: in a share, a line, a bill or the run") {
    const auto run = run_of(lakeside());
    CHECK(what_does_not_add_up(run) == "");
    auto wrong = run;
    ++wrong.pools[0].shares[0].share;
    CHECK(what_does_not_add_up(wrong) == "the shares of pool light");
    CHECK(pool_proof(wrong).ends_with("Some shares do NOT add up to their pool!\n"));
    wrong = run;
    ++wrong.bills[1].lines[0].amount.count;
    CHECK(what_does_not_add_up(wrong) == "the lines of bill 2026-06-wang");
    wrong = run;
    ++wrong.total.count;
    CHECK(what_does_not_add_up(wrong) == "the bills of the run");
    wrong = run;
    ++wrong.bills[1].lines[0].quantity->count;
    CHECK(what_does_not_add_up(wrong) == "the lines of point e-101");
    wrong = run;
    for (auto* sum : {&wrong.bills[1].lines[2].amount, &wrong.bills[1].total, &wrong.total}) ++sum->count;
    CHECK(what_does_not_add_up(wrong) == "the lines of pool light");
  }

  TEST_CASE("notices stand in both languages") {
    auto files = lakeside();
    files["pools.csv"] = "pool,point,node,basis,share,tariff\n";
    CHECK(notice_list(run_of(files)) ==
          "计量点 e-all：34.500 kWh 未设公摊，未向任何人计费\n"
          "point e-all: 34.500 kWh are in no pool and billed to nobody\n");
    CHECK(notice_list(run_of(lakeside())).empty());
  }
}
