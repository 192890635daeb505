#pragma once
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "cloud/billing/bill_run.hpp"
#include "cloud/metering/estate_csv.hpp"

#include <doctest/doctest.h>

namespace steward::test {

/// The files of the worked example in docs/formats/estate.md: the page is the fixture.
inline EstateFiles lakeside() {
  std::ifstream page(std::string(STEWARD_SOURCE_DIR) + "/docs/formats/estate.md");
  REQUIRE(page);
  EstateFiles files;
  std::string file;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line == "```") {
      inside = !inside;
    } else if (inside && line.starts_with("# ")) {
      file = line.substr(2);
    } else if (inside) {
      files[file] += line + "\n";
    }
  }
  REQUIRE(files.size() == 9);
  return files;
}

/// `files` with one piece of one file replaced; the piece must be there.
inline EstateFiles with(EstateFiles files, const std::string& file, std::string_view old,
                        std::string_view now) {
  const auto at = files[file].find(old);
  REQUIRE(at != std::string::npos);
  files[file].replace(at, old.size(), now);
  return files;
}

/// `files` with rows added at the end of one file.
inline EstateFiles plus(EstateFiles files, const std::string& file, std::string_view rows) {
  files[file] += std::string(rows) + "\n";
  return files;
}

inline std::string listed(const Problems& problems) {
  std::string text;
  for (const auto& problem : problems) {
    text += problem.file + ":" + std::to_string(problem.line) + ": " + problem.en + "\n";
    CHECK_MESSAGE(!problem.zh.empty(), problem.en);
  }
  return text;
}

inline Estate estate_of(const EstateFiles& files) {
  Problems problems;
  auto estate = read_estate(files, problems);
  REQUIRE_MESSAGE(estate, listed(problems));
  return *estate;
}

/// What read_estate says, one problem a line; empty when it takes the estate.
inline std::string problems_of(const EstateFiles& files) {
  Problems problems;
  const auto estate = read_estate(files, problems);
  CHECK(estate.has_value() == problems.empty());
  return listed(problems);
}

inline constexpr Month june{std::chrono::year{2026}, std::chrono::June};

inline BillRun run_of(const EstateFiles& files, Month month = june) {
  auto drawn = draw_up(estate_of(files), {}, month);
  REQUIRE_MESSAGE(drawn.run, listed(drawn.problems));
  return std::move(*drawn.run);
}

/// What draw_up says, one problem a line; empty when there is a run.
inline std::string refusals_of(const EstateFiles& files, Month month = june) {
  const auto drawn = draw_up(estate_of(files), {}, month);
  CHECK(drawn.run.has_value() == drawn.problems.empty());
  return listed(drawn.problems);
}

inline const Bill& bill_of(const BillRun& run, std::string_view account) {
  for (const auto& bill : run.bills) {
    if (bill.account.text == account) return bill;
  }
  FAIL("no bill for " << account);
  return run.bills.front();
}

/// The bill's lines as "kind point-or-pool: quantity x price = fen".
inline std::string lines_of(const Bill& bill) {
  std::string text;
  for (const auto& line : bill.lines) {
    const auto* own = std::get_if<OwnUse>(&line.why);
    text += own ? "own " + own->point.text + " tier " + std::to_string(own->tier)
                : "share " + std::get<PoolShare>(line.why).pool.text;
    text += ": " + (line.quantity ? decimal_text(line.quantity->count, 3) : std::string("money")) + " x " +
            price_text(line.price) + " = " + yuan_text(line.amount) + "\n";
  }
  return text;
}

}  // namespace steward::test
