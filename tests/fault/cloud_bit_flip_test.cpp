// Never wrong: one bit of the cloud's database turned over, in each of its pages.
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <random>
#include <sstream>

#include "cloud/app/verbs.hpp"
#include "cloud/store/sqlite_store.hpp"
#include "contract/text/doubt_text.hpp"
#include "contract/text/json.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/cloud/edge_log.hpp"
#include "tests/unit/cloud/tiny_estate.hpp"

using namespace steward;

namespace {

constexpr std::size_t page = 4096;
constexpr int flips_per_page = 4;
constexpr std::uint64_t seed = 20'260'603;
const LogId readings_log{SiteId{"tiny"}, GatewayId{"gw1"}, Uuid{7}, Stream::readings};

struct Said {
  Exit exit = Exit::ok;
  std::string out;
  std::string err;
};

Said run(const std::filesystem::path& books, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"--data", books.string(), "--json"});
  std::ostringstream out;
  std::ostringstream err;
  const auto exit = run_steward_cloud(arguments, {out, err});
  return {exit, out.str(), err.str()};
}

/// The digest over every bill of June, or nothing when none was drawn up.
std::string june_bills(const std::filesystem::path& books) {
  const auto said = run(books, {"close", "--month", "2026-06"});
  if (said.exit != Exit::ok) return {};
  const auto json = Json::parse(said.out);
  REQUIRE(json);
  return std::string(json->find("digest")->text());
}

void admit(Store& store, const EdgeLog& edge, const Bytes& block) {
  const auto arrival = edge.arrival(block);
  Admission admission(store);
  REQUIRE(admission.admit(std::span(&arrival, 1))->front().fate == Fate::admitted);
}

/// Books of a month: every day's closings of three meters, readings between, and a doubt that was cleared.
void fill(const std::filesystem::path& books, const std::filesystem::path& estate) {
  write_estate(estate, tiny_estate(false));
  REQUIRE(run(books, {"import", estate.string()}).exit == Exit::ok);
  auto store = SqliteStore::open(books / "steward.db", Uuid{1});
  REQUIRE(store);
  EdgeLog edge(readings_log, 1);
  REQUIRE((*store)->transact([&] { return (*store)->put_gateway(edge.row()); }));
  for (int day = 0; day <= 30; ++day) {
    const auto at = test_instant(0) + std::chrono::hours(24 * day);
    admit(**store, edge,
          edge.closings(
              {edge.closing("M0", at, 1'000'000 + 5'100 * day), edge.closing("M1", at, 10'000 + 3'000 * day),
               edge.closing("M2", at, 20'000 + 2'000 * day)},
              edge.key()));
    admit(**store, edge, edge.readings(12, day));
  }
  auto events = readings_log;
  events.stream = Stream::events;
  EdgeLog said(events, 1);
  const auto since = test_instant(0) + std::chrono::hours(24 * 3);
  const auto until = since + std::chrono::hours(1);
  admit(**store, said,
        said.append(std::vector<EdgeEvent>{{until, "time_unsure", "M1", doubt_detail({since, until, "x"})}}));
}

std::string bytes_of_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace

TEST_SUITE("fault/cloud_bit_flip") {
  TEST_CASE("one bit turned over in any page: the month's bills are the same bytes, or none are drawn up") {
    const TemporaryFolder folder;
    const auto books = folder.path() / "books";
    fill(books, folder.path() / "estate");
    const auto whole = bytes_of_file(books / "steward.db");
    REQUIRE_FALSE(std::filesystem::exists(books / "steward.db-wal"));
    const auto truth = june_bills(books);
    REQUIRE_FALSE(truth.empty());
    MESSAGE("seed ", seed, ", ", whole.size() / page, " pages");
    std::mt19937_64 dice(seed);
    int stopped = 0;
    int harmless = 0;
    for (std::size_t at = 0; at < whole.size() / page; ++at) {
      for (int flip = 0; flip < flips_per_page; ++flip) {
        auto damaged = whole;
        const auto byte = at * page + dice() % page;
        const auto bit = dice() % 8;
        damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << bit));
        for (const auto* left : {"steward.db-wal", "steward.db-shm"}) std::filesystem::remove(books / left);
        std::ofstream(books / "steward.db", std::ios::binary | std::ios::trunc) << damaged;
        INFO("seed ", seed, " page ", at + 1, " byte ", byte % page, " bit ", bit);
        const auto bills = june_bills(books);
        CHECK((bills.empty() || bills == truth));
        ++(bills.empty() ? stopped : harmless);
      }
    }
    MESSAGE(stopped, " flips stopped the month, ", harmless, " changed nothing");
    CHECK(stopped > 0);
    CHECK(harmless > 0);
  }
}
