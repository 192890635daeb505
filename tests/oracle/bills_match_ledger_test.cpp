#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "cloud/billing/bill_run.hpp"
#include "cloud/metering/estate_csv.hpp"
#include "contract/text/json.hpp"
#include "drivers/sim/sim_commands.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace steward;
using steward::sim::EstateRequest;
using steward::sim::write_estate;

namespace {

using AccountFen = std::map<std::string, std::int64_t>;

/// Writes an estate of `request` with its readings; the range is whole months.
void write_into(const std::filesystem::path& folder, EstateRequest request) {
  request.folder = folder.string();
  request.with_readings = true;
  Problems problems;
  REQUIRE(write_estate(request, problems));
}

/// The product's bills of one month, from the estate's files as an operator would import them.
AccountFen billed(const std::filesystem::path& folder, Month month) {
  EstateFiles files;
  for (const EstateFileName& name : estate_file_names) {
    const auto file = folder / std::string(name.name);
    if (!name.needed && !std::filesystem::exists(file)) continue;
    std::ifstream in(file, std::ios::binary);
    files[std::string(name.name)] = std::string(std::istreambuf_iterator<char>(in), {});
  }
  Problems problems;
  const auto estate = read_estate(files, problems);
  for (const Problem& problem : problems) FAIL_CHECK(problem.file, ":", problem.line, " ", problem.en);
  REQUIRE(estate);
  const DrawnUp drawn = draw_up(*estate, {}, month);
  for (const Problem& problem : drawn.problems) FAIL_CHECK(problem.en);
  REQUIRE(drawn.run);
  AccountFen fen;
  for (const Bill& bill : drawn.run->bills) fen[bill.account.text] = bill.total.count;
  return fen;
}

/// The same month priced from the ledger by tests/oracle/price_ledger.py.
AccountFen priced(const std::filesystem::path& folder, const std::string& month) {
  const std::string command = "/usr/bin/python3 '" STEWARD_SOURCE_DIR "/tests/oracle/price_ledger.py' '" +
                              folder.string() + "' --month " + month;
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  char piece[4096];
  for (std::size_t got = 0; (got = std::fread(piece, 1, sizeof piece, pipe)) > 0;) text.append(piece, got);
  REQUIRE_MESSAGE(::pclose(pipe) == 0, command);
  const auto json = Json::parse(text, {.bytes = 4 * 1024 * 1024});
  REQUIRE_MESSAGE(json, text);
  AccountFen fen;
  for (const auto& [account, amount] : json->find("accounts")->members()) fen[account] = amount.integer();
  return fen;
}

constexpr Month june{std::chrono::year{2026}, std::chrono::month{6}};
constexpr Month july{std::chrono::year{2026}, std::chrono::month{7}};

}  // namespace

TEST_SUITE("oracle/bills_match_ledger") {
  TEST_CASE("every account's bill is what an independent script makes of the true consumption") {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      const TemporaryFolder folder;
      const int flats = seed == 6 ? 60 : 20 + static_cast<int>(seed);
      write_into(folder.path(),
                 {.estate = {.seed = seed, .flats = flats}, .from = "2026-06-01", .to = "2026-07-01"});
      const AccountFen bills = billed(folder.path(), june);
      CHECK(bills.size() >= static_cast<std::size_t>(flats));
      CHECK_MESSAGE(bills == priced(folder.path(), "2026-06"), "seed ", seed);
    }
  }

  TEST_CASE("the second month goes on where the first left the yearly tiers") {
    const TemporaryFolder folder;
    write_into(folder.path(), {.estate = {.seed = 31}, .from = "2026-06-01", .to = "2026-08-01"});
    CHECK(billed(folder.path(), june) == priced(folder.path(), "2026-06"));
    CHECK(billed(folder.path(), july) == priced(folder.path(), "2026-07"));
    CHECK(billed(folder.path(), june) != billed(folder.path(), july));
  }

  TEST_CASE("the comparison sees a kilowatt-hour that was not billed") {
    const TemporaryFolder folder;
    write_into(folder.path(), {.estate = {.seed = 32}, .from = "2026-06-01", .to = "2026-07-01"});
    const AccountFen before = priced(folder.path(), "2026-06");
    std::ifstream in(folder.path() / "ledger.csv", std::ios::binary);
    std::string ledger{std::istreambuf_iterator<char>(in), {}};
    in.close();
    const std::size_t row = ledger.rfind("SDM630-000002,");  // its last midnight
    const std::size_t count = ledger.rfind(',', ledger.find('\n', row)) + 1;
    const std::size_t end = ledger.find('\n', count);
    const std::int64_t dial = std::stoll(ledger.substr(count, end - count));
    ledger.replace(count, end - count, std::to_string(dial + 1000));
    std::ofstream(folder.path() / "ledger.csv", std::ios::binary) << ledger;
    CHECK(priced(folder.path(), "2026-06") != before);
  }
}
