#include "drivers/sim/sim_commands.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "tests/support/temporary_folder.hpp"

using namespace steward;
using namespace steward::sim;

namespace {

std::map<std::string, std::string> bytes_in(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(entry.path(), std::ios::binary);
    files[entry.path().filename().string()] = std::string(std::istreambuf_iterator<char>(in), {});
  }
  return files;
}

}  // namespace

TEST_SUITE("sim/sim_commands") {
  TEST_CASE("the same request writes the same bytes, file for file") {
    const TemporaryFolder folder;
    EstateRequest request{
        .estate = {.seed = 12, .flats = 10}, .from = "2026-06-01", .to = "2026-07-01", .with_readings = true};
    Problems problems;
    for (const char* name : {"one", "two"}) {
      request.folder = (folder.path() / name).string();
      REQUIRE(write_estate(request, problems));
    }
    const auto one = bytes_in(folder.path() / "one");
    CHECK(one.size() == 12);
    CHECK(one == bytes_in(folder.path() / "two"));
  }

  TEST_CASE("all that is wrong is said at once, in two languages, and nothing is written") {
    const TemporaryFolder folder;
    const std::string estate = (folder.path() / "estate").string();
    Problems problems;
    CHECK_FALSE(write_estate(
        {.estate = {.flats = 3}, .folder = estate, .from = "2026-02-30", .to = "2031-01-02"}, problems));
    REQUIRE(problems.size() == 3);
    CHECK(is_wrong_usage(problems));
    CHECK_FALSE(is_wrong_usage({{"--dir", 0, "Not a directory", ""}, {"profiles", 0, "", ""}}));
    CHECK(problems[0].en == "cannot lay out 3 flats; choose 4 to 5000");
    CHECK(problems[1].en == "\"2026-02-30\" is not a date; write it as 2026-06-01");
    CHECK(problems[2].zh == "2031-01-02 不在模拟年份内；请选 2025-01-01 至 2031-01-01");
    CHECK_FALSE(std::filesystem::exists(estate));
  }

  TEST_CASE("a range that ends before it begins is refused") {
    const TemporaryFolder folder;
    Problems problems;
    CHECK_FALSE(write_estate(
        {.folder = (folder.path() / "x").string(), .from = "2026-07-01", .to = "2026-06-01"}, problems));
    REQUIRE(problems.size() == 1);
    CHECK(problems.front().file == "--to");
  }
}
