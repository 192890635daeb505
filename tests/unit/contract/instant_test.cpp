#include <doctest/doctest.h>

#include "contract/text/instant_text.hpp"

using namespace steward;

TEST_SUITE("contract/instant_text") {
  // Expected values are from `date -u -d TEXT +%s`.
  TEST_CASE("known instants read and print the same") {
    CHECK(instant_text(instant_from_ms(0)) == "1970-01-01T00:00:00.000Z");
    CHECK(read_instant("2026-05-31T16:00:00Z") == instant_from_ms(1'780'243'200'000));
    CHECK(read_instant("2026-06-01T00:00:00+08:00") == instant_from_ms(1'780'243'200'000));
    CHECK(read_instant("2038-01-19T03:14:08.007Z") == instant_from_ms(2'147'483'648'007));
    CHECK(instant_text(instant_from_ms(2'147'483'648'007)) == "2038-01-19T03:14:08.007Z");
    CHECK(read_instant("2028-02-29T23:59:59.999-03:30") == instant_from_ms(1'835'494'199'999));
  }

  TEST_CASE("what is not an instant is refused") {
    for (const auto* text :
         {"", "2026-06-01", "2026-06-01T00:00:00", "2026-04-31T00:00:00Z", "2027-02-29T00:00:00Z",
          "2026-06-01T24:00:00Z", "2026-06-01T00:60:00Z", "2026-06-01T00:00:60Z", "2026-06-01T00:00:00.Z",
          "2026-06-01T00:00:00Zx", "2026-06-01 00:00:00Z", "1969-12-31T00:00:00Z", "2026-6-01T00:00:00Z",
          "2026-06-01T00:00:00+8:00"}) {
      CAPTURE(text);
      CHECK_FALSE(read_instant(text));
    }
  }

  TEST_CASE("dates") {
    using namespace std::chrono;
    CHECK(read_date("2028-02-29") == 2028y / February / 29);
    CHECK_FALSE(read_date("2026-02-29"));
    CHECK_FALSE(read_date("2026-02-28 "));
    CHECK_FALSE(read_date("2026-13-01"));
  }

  TEST_CASE("every hour of 200 years prints and reads back") {
    for (std::int64_t ms = 0; ms < 200LL * 366 * 86'400'000; ms += 3'600'000 * 37 + 1) {
      REQUIRE(read_instant(instant_text(instant_from_ms(ms))) == instant_from_ms(ms));
    }
  }
}
