#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <vector>

#include "cloud/app/verbs.hpp"
#include "cloud/billing/bill_json.hpp"
#include "cloud/billing/bill_run.hpp"
#include "cloud/metering/estate_csv.hpp"
#include "contract/text/json.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace steward;

namespace {

/// Every line of every account, in fen, smallest first; lines of 0.00 left out.
using AccountLines = std::map<std::string, std::vector<std::int64_t>>;

struct Case {
  std::int64_t seed = 0;
  std::string month;
  EstateFiles files;
  bool refused = false;
  AccountLines lines;  // what tests/oracle/bill_estate.py makes of the files
};

Case read_case(const std::string& text) {
  const auto json = Json::parse(text, {.bytes = 8 * 1024 * 1024});
  REQUIRE_MESSAGE(json, text.substr(0, 200));
  Case one;
  one.seed = json->find("seed")->integer();
  one.month = json->find("month")->text();
  for (const auto& [name, file] : json->find("files")->members()) one.files[name] = file.text();
  one.refused = json->find("refused") != nullptr;
  if (one.refused) return one;
  for (const auto& [account, lines] : json->find("accounts")->members()) {
    for (const auto& fen : lines.items()) one.lines[account].push_back(fen.integer());
  }
  return one;
}

/// Runs the script and hands over one estate after another: never all of them in memory.
template <class Take>
void for_each_case(int first_seed, int count, Take take) {
  const auto command = "/usr/bin/python3 '" STEWARD_SOURCE_DIR "/tests/oracle/random_estates.py' --seed " +
                       std::to_string(first_seed) + " --count " + std::to_string(count);
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  char* line = nullptr;
  std::size_t room = 0;
  int seen = 0;
  for (; ::getline(&line, &room, pipe) > 0; ++seen) take(read_case(line));
  std::free(line);
  CHECK_MESSAGE(::pclose(pipe) == 0, command);
  CHECK(seen == count);
}

void take_bill(const Bill& bill, AccountLines& lines) {
  for (const auto& line : bill.lines) {
    if (line.amount.count != 0) lines[bill.account.text].push_back(line.amount.count);
  }
}
void sort_all(AccountLines& lines) {
  for (auto& [account, fen] : lines) std::sort(fen.begin(), fen.end());
}

std::string said(const Problems& problems) {
  std::string text;
  for (const auto& problem : problems)
    text += problem.file + ":" + std::to_string(problem.line) + " " + problem.en + "\n";
  return text;
}

/// The product's lines, straight from the pure core; refused: none.
std::optional<AccountLines> billed(const Case& one, std::string& why) {
  Problems problems;
  const auto estate = read_estate(one.files, problems);
  REQUIRE_MESSAGE(estate, "seed ", one.seed, "\n", said(problems));
  const auto drawn = draw_up(*estate, {}, *read_month(one.month));
  why = said(drawn.problems);
  if (!drawn.run) return std::nullopt;
  AccountLines lines;
  for (const auto& bill : drawn.run->bills) {
    take_bill(bill, lines);
    const auto back = read_bill(bill_json(bill).dump());
    REQUIRE(back);
    CHECK(*back == bill);
  }
  sort_all(lines);
  return lines;
}

void compare(const Case& one) {
  std::string why;
  const auto lines = billed(one, why);
  CAPTURE(one.seed);
  CAPTURE(why);
  REQUIRE(lines.has_value() != one.refused);
  if (lines) CHECK(*lines == one.lines);
}

/// Every file with its rows the other way round.
EstateFiles turned_round(const EstateFiles& files) {
  EstateFiles turned;
  for (const auto& [name, text] : files) {
    std::istringstream lines(text);
    std::string head;
    std::getline(lines, head);
    std::string rows;
    for (std::string line; std::getline(lines, line);) rows.insert(0, line + "\n");
    turned[name] = head + "\n" + rows;
  }
  return turned;
}

/// The bytes of the whole run; empty when it is refused.
std::string run_bytes(const EstateFiles& files, const std::string& month) {
  Problems problems;
  const auto estate = read_estate(files, problems);
  REQUIRE(estate);
  const auto drawn = draw_up(*estate, {}, *read_month(month));
  return drawn.run ? whole_run_json(*drawn.run).dump() : std::string();
}

/// The same through the operator's verbs: import, close, bills --json.
AccountLines billed_by_verbs(const Case& one) {
  const TemporaryFolder folder;
  const auto files = folder.path() / "estate";
  std::filesystem::create_directories(files);
  for (const auto& [name, text] : one.files) std::ofstream(files / name, std::ios::binary) << text;
  const Common common{folder.path() / "books", {}, true};
  std::ostringstream out;
  std::ostringstream err;
  const Streams streams{out, err};
  REQUIRE_MESSAGE(import_estate(common, {files}, streams) == Exit::ok, err.str());
  REQUIRE_MESSAGE(close_month(common, {one.month, true, true}, streams) == Exit::ok, err.str());
  out.str({});
  REQUIRE(list_bills(common, {one.month}, streams) == Exit::ok);
  const auto json = Json::parse(out.str(), {.bytes = 8 * 1024 * 1024});
  REQUIRE(json);
  AccountLines lines;
  for (const auto& item : json->find("bills")->items()) {
    const auto bill = read_bill(item.dump());
    REQUIRE(bill);
    take_bill(*bill, lines);
  }
  sort_all(lines);
  return lines;
}

}  // namespace

TEST_SUITE("oracle/random_estates") {
  TEST_CASE("every line of a thousand random estates is what a second implementation says, to the fen") {
    int refused = 0;
    for_each_case(1, 1'000, [&](const Case& one) {
      compare(one);
      refused += one.refused ? 1 : 0;
    });
    CHECK(refused > 20);   // both sides of a refusal are compared
    CHECK(refused < 500);  // and most estates are billed
  }

  TEST_CASE("the order of rows is never seen: turned round, every file gives the same bytes") {
    for_each_case(2'001, 40, [&](const Case& one) {
      CAPTURE(one.seed);
      CHECK(run_bytes(one.files, one.month) == run_bytes(turned_round(one.files), one.month));
    });
  }

  TEST_CASE("the operator's verbs bill the same: import, close --issue, bills --json") {
    int billed_ones = 0;
    for_each_case(5'001, 12, [&](const Case& one) {
      if (one.refused) return;
      CAPTURE(one.seed);
      CHECK(billed_by_verbs(one) == one.lines);
      ++billed_ones;
    });
    CHECK(billed_ones > 3);
  }

  TEST_CASE("the comparison sees a litre, a square metre and a fen out of place") {
    bool seen = false;
    for_each_case(1, 40, [&](Case one) {
      const auto at = one.files["units.csv"].find(",flat,");
      if (seen || one.refused || at == std::string::npos ||
          one.files["pools.csv"].find("area") == std::string::npos)
        return;
      one.files["units.csv"].insert(at + 6, "1");  // a flat of 1xx m²
      std::string why;
      const auto lines = billed(one, why);
      seen = !lines || *lines != one.lines;
    });
    CHECK(seen);
  }
}
