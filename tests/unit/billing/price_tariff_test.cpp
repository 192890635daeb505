#include <doctest/doctest.h>

#include "cloud/billing/price.hpp"
#include "cloud/billing/tariff.hpp"

using namespace steward;

namespace {

constexpr Day day(int y, unsigned m, unsigned d) {
  return Day{std::chrono::year{y} / std::chrono::month{m} / std::chrono::day{d}};
}

TariffVersion tiers(std::int64_t first, std::int64_t second, std::int64_t p1, std::int64_t p2,
                    std::int64_t p3) {
  return {day(2026, 1, 1),
          TierPeriod::year,
          {{Milli{first}, MicroYuan{p1}}, {Milli{second}, MicroYuan{p2}}, {std::nullopt, MicroYuan{p3}}}};
}
const TariffVersion zhejiang = tiers(2'760'000, 4'800'000, 538'000, 588'000, 838'000);

std::vector<std::int64_t> fen_of(const std::vector<TierPart>& parts) {
  std::vector<std::int64_t> fen;
  for (const auto& part : parts) fen.push_back(round_to_fen(part.quantity, part.price).count);
  return fen;
}

}  // namespace

TEST_SUITE("billing/price") {
  TEST_CASE("half a fen is rounded away from zero, on both sides of it") {
    CHECK(round_to_fen(WattHours{1}, MicroYuan{5'000'000}) == Fen{1});  // 0.5 fen
    CHECK(round_to_fen(WattHours{1}, MicroYuan{4'999'999}) == Fen{0});
    CHECK(round_to_fen(WattHours{-1}, MicroYuan{5'000'000}) == Fen{-1});
    CHECK(round_to_fen(WattHours{-1}, MicroYuan{4'999'999}) == Fen{0});
    CHECK(round_to_fen(Litres{10'521}, MicroYuan{5'000'000}) == Fen{5'261});  // 52.605 yuan
  }

  TEST_CASE("a quantity times a price beyond 64 bits is still exact") {
    CHECK(round_to_fen(Milli{1'000'000'000'000}, MicroYuan{1'000'000'000}) == Fen{100'000'000'000'000});
  }
}

TEST_SUITE("billing/tariff") {
  TEST_CASE("E3a: 310.5 kWh after 2,600 of the year are 86.08 and 88.49 yuan") {
    const auto parts = cut_by_tier(zhejiang, Milli{2'600'000}, Milli{310'500});
    CHECK(fen_of(parts) == std::vector<std::int64_t>{8'608, 8'849});
    CHECK(parts[0].quantity == Milli{160'000});
    CHECK(parts[1].used_before == Milli{2'760'000});
  }

  TEST_CASE("E3b: 2,300 kWh after 2,700 cross both bounds: 32.28, 1,199.52, 167.60 yuan") {
    CHECK(fen_of(cut_by_tier(zhejiang, Milli{2'700'000}, Milli{2'300'000})) ==
          std::vector<std::int64_t>{3'228, 119'952, 16'760});
  }

  TEST_CASE("the bound itself is still the lower tier's") {
    const auto upto = cut_by_tier(zhejiang, Milli{2'759'000}, Milli{1'000});
    REQUIRE(upto.size() == 1);
    CHECK(upto[0].tier == 1);
    const auto beyond = cut_by_tier(zhejiang, Milli{2'760'000}, Milli{1});
    REQUIRE(beyond.size() == 1);
    CHECK(beyond[0].tier == 2);
  }

  TEST_CASE("no usage still names the tier and price it would have had") {
    const auto parts = cut_by_tier(zhejiang, Milli{2'760'000}, Milli{0});
    REQUIRE(parts.size() == 1);
    CHECK(parts[0].tier == 2);
    CHECK(parts[0].quantity == Milli{0});
  }

  TEST_CASE("the version of a day is the last that began by then, and none before the first") {
    const Tariff tariff{TariffId("t"),
                        Medium::electricity,
                        {{day(2026, 1, 1), TierPeriod::year, {}}, {day(2026, 6, 16), TierPeriod::year, {}}}};
    CHECK(version_on(tariff, day(2025, 12, 31)) == nullptr);
    CHECK(version_on(tariff, day(2026, 6, 15)) == &tariff.versions[0]);
    CHECK(version_on(tariff, day(2026, 6, 16)) == &tariff.versions[1]);
    CHECK(changes_inside(tariff, day(2026, 6, 1), day(2026, 7, 1)) == std::vector{day(2026, 6, 16)});
    CHECK(changes_inside(tariff, day(2026, 6, 16), day(2026, 7, 1)).empty());
  }
}
