#include <doctest/doctest.h>

#include "cloud/billing/epoch_text.hpp"
#include "cloud/billing/text_table.hpp"
#include "cloud/metering/calendar.hpp"
#include "cloud/metering/decimal.hpp"
#include "cloud/metering/suggest.hpp"
#include "contract/text/instant_text.hpp"

using namespace steward;

TEST_SUITE("metering/text") {
  TEST_CASE("a decimal is read exactly or not at all") {
    CHECK(read_decimal("12.5", 3) == 12'500);
    CHECK(read_decimal("0", 3) == 0);
    CHECK(read_decimal("-0.001", 3) == -1);
    CHECK(read_decimal("1000000000000", 3) == 1'000'000'000'000'000);
    for (const auto* text : {"", "-", ".", ".5", "5.", "1.2.3", "1,5", "1e3", "+1", " 1", "1 ", "0x1",
                             "1.2345", "１", "1000000000000.001", "99999999999999999999999", "nan"}) {
      CAPTURE(text);
      CHECK_FALSE(read_decimal(text, 3));
    }
  }

  TEST_CASE("a decimal is written with all its digits") {
    CHECK(decimal_text(12'500, 3) == "12.500");
    CHECK(decimal_text(-1, 3) == "-0.001");
    CHECK(grouped_decimal_text(1'234'567'890, 3) == "1,234,567.890");
    CHECK(grouped_decimal_text(999, 0) == "999");
    CHECK(yuan_text(Fen{-123'456}) == "-1,234.56");
    CHECK(price_text(MicroYuan{488'300}) == "0.4883");
    CHECK(price_text(MicroYuan{5'000'000}) == "5.00");
    CHECK(decimal_text(std::numeric_limits<std::int64_t>::min(), 0) == "-9223372036854775808");
  }

  TEST_CASE("days and instants are read as written and nothing else") {
    CHECK(text_of(*read_day("2024-02-29")) == "2024-02-29");
    for (const auto* text : {"2023-02-29", "2026-6-1", "2026/06/01", "1999-12-31", "2200-01-01", "2026-06-31",
                             "2026-06-01 ", ""}) {
      CAPTURE(text);
      CHECK_FALSE(read_day(text));
    }
    CHECK(text_of(*read_instant("2026-05-31T16:00:00Z"), UtcOffset{480}) == "2026-06-01T00:00:00+08:00");
    CHECK(text_of(*read_instant("2026-06-01T00:00:00.250+08:00"), UtcOffset{-210}) ==
          "2026-05-31T12:30:00.250-03:30");
    for (const auto* text : {"2026-06-01T00:00:00", "2026-06-01 00:00:00Z", "2026-06-01T24:00:00Z",
                             "2026-06-01T00:00Z", "2026-06-01T00:00:00+0800"}) {
      CAPTURE(text);
      CHECK_FALSE(read_instant(text));
    }
  }

  TEST_CASE("a billing day in China begins at 16:00 UTC of the day before") {
    CHECK(midnight(*read_day("2026-06-01"), UtcOffset{480}) == *read_instant("2026-05-31T16:00:00Z"));
    CHECK(day_of(*read_instant("2026-05-31T16:00:00Z"), UtcOffset{480}) == *read_day("2026-06-01"));
    CHECK(day_of(*read_instant("2026-05-31T15:59:59Z"), UtcOffset{480}) == *read_day("2026-05-31"));
  }

  TEST_CASE("the nearest name is suggested, a far one is not") {
    Nearest nearest("1-l01");
    for (const auto* name : {"2-204", "1-102", "1-101"}) nearest.offer(name);
    CHECK(nearest.name() == "1-101");
    Nearest far("pump");
    far.offer("corridor");
    CHECK(far.name().empty());
    CHECK(edit_distance("ab", "ba") == 1);
    CHECK(edit_distance("kitten", "sitting") == 3);
  }

  TEST_CASE("a Chinese character is two columns wide") {
    CHECK(display_width("合计 Total") == 10);
    CHECK(display_width("m³") == 2);
    CHECK(padded_left("元", 4) == "  元");
  }

  TEST_CASE("a log's epoch is printed and read back") {
    const auto* text = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";
    CHECK(epoch_text(*epoch_of(text)) == text);
    CHECK_FALSE(epoch_of("6BA7B810-9dad-41d1-80b4-00c04fd430c8"));
    CHECK_FALSE(epoch_of("6ba7b810"));
  }
}
