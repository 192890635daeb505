#include "cloud/billing/bill_json.hpp"

#include <algorithm>
#include <random>

#include "tests/unit/billing/estate_kit.hpp"

using namespace steward;
using namespace steward::test;

namespace {

/// The example with a gateway's reading, so that every field of a bill is in use.
Bill gateway_bill() {
  const auto estate =
      estate_of(with(lakeside(), "readings.csv", "M1,energy_import,2026-07-01,2910.5,manual\n", ""));
  ClosingReading reading{MeterId("M1"), "energy_import",
                         midnight(first_day(june + std::chrono::months{1}), estate.offset), 2'910'500,
                         ChannelUnit::wh};
  reading.gateway = GatewayId("gw1");
  reading.epoch = {0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x41, 0xd1,
                   0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};
  reading.seq = Seq{4711};
  reading.profile = ProfileId("eastron-sdm630/1");
  reading.modulus = 100'000'000;
  reading.raw = {0x4535, 0xE800};
  reading.trust = ClockTrust::synced;
  ClosingReadings readings;
  readings.add(reading);
  const auto drawn = draw_up(estate, readings, june);
  REQUIRE(drawn.run);
  return bill_of(*drawn.run, "wang");
}

/// The rows of every file below its header, shuffled.
EstateFiles shuffled(const EstateFiles& files, std::mt19937& random) {
  EstateFiles out;
  for (const auto& [name, text] : files) {
    std::vector<std::string> rows;
    std::istringstream lines(text);
    std::string header;
    std::getline(lines, header);
    for (std::string row; std::getline(lines, row);) rows.push_back(row);
    std::shuffle(rows.begin(), rows.end(), random);
    out[name] = header + "\n";
    for (const auto& row : rows) out[name] += row + "\n";
  }
  return out;
}

}  // namespace

TEST_SUITE("billing/bill_json") {
  TEST_CASE("a rerun gives the same bytes, and so do the same rows in any order") {
    const auto first = whole_run_json(run_of(lakeside())).dump();
    CHECK(whole_run_json(run_of(lakeside())).dump() == first);
    std::mt19937 random(17);
    for (int i = 0; i < 20; ++i) CHECK(whole_run_json(run_of(shuffled(lakeside(), random))).dump() == first);
  }

  TEST_CASE("a bill is read back as it was written") {
    const auto bill = gateway_bill();
    const auto text = bill_json(bill).dump();
    const auto back = read_bill(text);
    REQUIRE(back);
    CHECK(*back == bill);
    CHECK(bill_json(*back).dump() == text);
  }

  TEST_CASE("a bill's reading names its signed record and its raw words") {
    const auto text = bill_json(gateway_bill()).dump();
    CHECK(
        text.find(
            R"("end":{"kind":"reading","at_ms":1782835200000,"value":2910500,"unit":"wh","source":"gateway","gateway":"gw1",)"
            R"("epoch":"6ba7b810-9dad-41d1-80b4-00c04fd430c8","seq":4711,"profile":"eastron-sdm630/1","modulus":100000000,)"
            R"("trust":"synced","raw":[17717,59392]})") != std::string::npos);
  }

  TEST_CASE("no bill shows a neighbour's readings, account or share") {
    const auto run = run_of(lakeside());
    const auto text = bill_json(bill_of(run, "wang")).dump();
    for (const auto* other : {"M2", "e-102", "landlord\"", "\"102\""}) {
      CAPTURE(other);
      CHECK(text.find(other) == std::string::npos);
    }
  }

  TEST_CASE("a stored bill that was tampered with is refused with the key that is wrong") {
    const auto text = bill_json(gateway_bill()).dump();
    const auto refused = [&](std::string_view old, std::string_view now) {
      auto changed = text;
      const auto at = changed.find(old);
      REQUIRE(at != std::string::npos);
      changed.replace(at, old.size(), now);
      const auto bill = read_bill(changed);
      REQUIRE_FALSE(bill);
      CHECK(bill.error().fault == Fault::malformed);
      return bill.error().message;
    };
    CHECK(refused(R"("amount_fen":8608)", R"("amount_fen":8607)")
              .find("total_fen (the lines do not add up to it)") != std::string::npos);
    CHECK(refused(R"("schema":1)", R"("schema":3)").find("schema") != std::string::npos);
    CHECK(refused(R"("month":"2026-06")", R"("month":"2026-13")").find("month") != std::string::npos);
    CHECK(refused(R"("epoch":"6b)", R"("epoch":"xb)").find("epoch") != std::string::npos);
    CHECK(refused(R"("raw":[17717)", R"("raw":[177170)").find("raw") != std::string::npos);
    CHECK(refused(R"("medium":"electricity")", R"("medium":"gas")").find("medium") != std::string::npos);
    CHECK(refused(R"("stepped":false)", R"("stepped":0)").find("stepped") != std::string::npos);
    CHECK(refused(R"("lines":)", R"("rows":)").find("lines") != std::string::npos);
    CHECK_FALSE(read_bill("[]"));
    CHECK_FALSE(read_bill("{"));
  }

  TEST_CASE("the auditor's record holds every point, every share and what bills came of it") {
    const auto run = run_of(lakeside());
    const auto json = run_json(run);
    REQUIRE(json.find("usages"));
    CHECK(json.find("usages")->items().size() == 3);
    CHECK(json.find("residuals")->items().size() == 3);
    const auto& shares = json.find("pools")->items().at(0).find("shares")->items();
    REQUIRE(shares.size() == 2);
    CHECK(shares[0].find("share")->integer() == 773);
    CHECK(shares[1].find("share")->integer() == 1'159);
    CHECK(json.find("bills")->items().size() == 2);
    CHECK(json.find("bills")->items()[1].find("total_fen")->integer() == 18'230);
    CHECK(json.find("total_fen")->integer() == 18'230 + 8'691);
  }
}
