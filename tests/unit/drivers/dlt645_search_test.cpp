#include "drivers/dlt645/address_search.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>

using namespace steward;
using namespace steward::dlt645;

namespace {

Address meter(std::uint64_t number) {
  Address address;
  for (auto& byte : address.wire) {
    byte = static_cast<std::uint8_t>(((number / 10 % 10) << 4) | (number % 10));
    number /= 100;
  }
  return address;
}

/// A line of meters that answer all at once; with some luck one of several is the louder.
struct Line {
  std::set<Address> meters;
  int loud_percent = 0;
  std::mt19937_64 dice{1};

  std::vector<Address> found() {
    AddressSearch search;
    while (const auto pattern = search.next()) {
      std::vector<Address> answer;
      for (const auto& one : meters)
        if (matches(*pattern, one)) answer.push_back(one);
      if (answer.empty()) {
        search.heard(Heard::nothing);
      } else if (answer.size() == 1 || static_cast<int>(dice() % 100) < loud_percent) {
        search.heard(Heard::one, answer[static_cast<std::size_t>(dice() % answer.size())]);
      } else {
        search.heard(Heard::collision);
      }
    }
    requests = search.requests();
    gave_up = search.gave_up();
    auto all = search.found();
    std::sort(all.begin(), all.end());
    return all;
  }
  std::size_t requests = 0;
  bool gave_up = false;
};

}  // namespace

TEST_SUITE("drivers/dlt645/search") {
  TEST_CASE("an empty line costs one request, a single meter four") {
    Line line;
    CHECK(line.found().empty());
    CHECK(line.requests == 1);
    line.meters = {meter(123456789012)};
    CHECK(line.found() == std::vector{meter(123456789012)});
    CHECK(line.requests == 4);
  }

  TEST_CASE("every meter of random lines is found, neighbours in number included") {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      Line line;
      line.dice.seed(seed);
      const std::uint64_t first = line.dice() % 999'999'999'000;
      for (std::uint64_t at = 0; at < 1 + seed % 32; ++at)
        line.meters.insert(meter(seed % 2 == 0 ? first + at : line.dice() % 1'000'000'000'000));
      INFO("seed ", seed, ", ", line.meters.size(), " meters");
      CHECK(line.found() == std::vector(line.meters.begin(), line.meters.end()));
      CHECK(line.requests <= 200 + 110 * line.meters.size());
    }
  }

  TEST_CASE("a louder meter does not hide the others for long") {
    int missed = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      Line line;
      line.dice.seed(seed);
      line.loud_percent = 30;
      for (int at = 0; at < 8; ++at) line.meters.insert(meter(line.dice() % 1'000'000'000'000));
      missed += static_cast<int>(line.meters.size() - line.found().size());
    }
    CHECK(missed <= 4);  // of 400: four replies of the same one by chance
  }

  TEST_CASE("a line that always collides is given up, not asked for ever") {
    AddressSearch search;
    std::size_t asked = 0;
    while (search.next()) {
      search.heard(Heard::collision);
      ++asked;
    }
    CHECK(search.gave_up());
    CHECK(asked == AddressSearch::most_requests);
  }
}
