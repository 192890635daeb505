#include "drivers/sim/item_dials.hpp"

#include <doctest/doctest.h>

using namespace steward;
using namespace steward::sim;
using namespace std::chrono;

namespace {

/// Monday, 22 June 2026, 03:04:05 in the estate; still Sunday in UTC.
const Instant now = Instant(sys_days(2026y / June / 21) + 19h + 4min + 5s);

PowerDial power(Instant at) {
  PowerDial dial;
  dial.forward_wh = at == now ? 123'456'789 : 123'400'000;
  dial.reverse_wh = 10'000;
  dial.forward_rates_wh = {1000, 2000, 3000, 123'450'789};
  dial.reactive_varh = 7770;
  dial.millivolt = {230'100, 229'900, 231'500};
  dial.milliampere = {1234, 0, 65'000};
  dial.watt = {250, -1200, 3};
  dial.power_factor_permille = 987;
  dial.millihertz = 49'990;
  dial.ct_ratio = 40;
  return dial;
}

Bytes item(std::uint32_t identifier) {
  const auto bytes = dlt645_item(power, 123'456'789'012, now, identifier);
  REQUIRE(bytes);
  return *bytes;
}

}  // namespace

TEST_SUITE("sim/Chinese meters' dials") {
  TEST_CASE("energies are BCD of 0.01 kWh, low byte first, one or all rates") {
    CHECK(item(0x00010000) == Bytes{0x78, 0x56, 0x34, 0x12});
    CHECK(item(0x00010400) == Bytes{0x78, 0x50, 0x34, 0x12});
    CHECK(item(0x0001FF00) == Bytes{0x78, 0x56, 0x34, 0x12, 0x00, 0x01, 0,    0,    0x00, 0x02,
                                    0,    0,    0x00, 0x03, 0,    0,    0x78, 0x50, 0x34, 0x12});
    CHECK(item(0x00020000) == Bytes{0x00, 0x10, 0, 0});
    CHECK(item(0x00000000) == Bytes{0x78, 0x66, 0x34, 0x12});
    CHECK(item(0x00030000) == Bytes{0x77, 0x07, 0, 0});
  }

  TEST_CASE("momentary values have their own digits; a sign is the highest bit") {
    CHECK(item(0x02010100) == Bytes{0x01, 0x23});
    CHECK(item(0x0201FF00) == Bytes{0x01, 0x23, 0x99, 0x22, 0x15, 0x23});
    CHECK(item(0x02020100) == Bytes{0x34, 0x12, 0x00});
    CHECK(item(0x02030100) == Bytes{0x00, 0x25, 0x00});
    CHECK(item(0x02030200) == Bytes{0x00, 0x20, 0x81});
    CHECK(item(0x02030000) == Bytes{0x70, 0x94, 0x80});
    CHECK(item(0x02060000) == Bytes{0x87, 0x09});
    CHECK(item(0x0206FF00) == Bytes{0x87, 0x09, 0x87, 0x09, 0x87, 0x09, 0x87, 0x09});
    CHECK(item(0x02800002) == Bytes{0x99, 0x49});
  }

  TEST_CASE("the clock is the estate's, the address is in the parameters") {
    CHECK(item(0x04000101) == Bytes{0x01, 0x22, 0x06, 0x26});
    CHECK(item(0x04000102) == Bytes{0x05, 0x04, 0x03});
    CHECK(item(0x0400010C) == Bytes{0x05, 0x04, 0x03, 0x01, 0x22, 0x06, 0x26});
    CHECK(item(0x04000306) == Bytes{0x40, 0, 0});
    CHECK(item(0x04000401) == Bytes{0x12, 0x90, 0x78, 0x56, 0x34, 0x12});
  }

  TEST_CASE("a day's freeze is the dial at its midnight, and says which") {
    CHECK(item(0x05060001) == Bytes{0, 0, 0x22, 0x06, 0x26});
    CHECK(item(0x0506003E) == Bytes{0, 0, 0x22, 0x04, 0x26});
    const auto frozen = item(0x05060101);
    REQUIRE(frozen.size() == 20);
    CHECK(Bytes(frozen.begin(), frozen.begin() + 4) == Bytes{0x00, 0x00, 0x34, 0x12});
  }

  TEST_CASE("items a meter does not have are refused") {
    for (const std::uint32_t unknown : {0x00010500U, 0x00010001U, 0x02010000U, 0x02070000U, 0x04000103U,
                                        0x05060000U, 0x0506013FU, 0x05070101U, 0xFF010000U}) {
      CAPTURE(unknown);
      const auto bytes = dlt645_item(power, 1, now, unknown);
      REQUIRE_FALSE(bytes);
      CHECK(bytes.error().fault == Fault::unsupported);
    }
  }

  TEST_CASE("a water meter says its volume, the settled one, its clock and status") {
    const WaterAt water = [](Instant at) {
      return WaterDial{at < now ? 900'000 : 1'000'100, 950'000, 0x0005};
    };
    CHECK(*cjt188_item(water, now, 0x901F) == Bytes{0x10, 0x00, 0x10, 0x00, 0x2C, 0x00, 0x50, 0x09, 0x00,
                                                    0x2C, 0x05, 0x04, 0x03, 0x22, 0x06, 0x26, 0x20, 0x05,
                                                    0x00});
    CHECK(*cjt188_item(water, now, 0xD120) == Bytes{0x00, 0x00, 0x09, 0x00, 0x2C});
    CHECK(cjt188_item(water, now, 0xD12C).error().fault == Fault::unsupported);
    CHECK(cjt188_item(water, now, 0x1F90).error().fault == Fault::unsupported);
  }
}
