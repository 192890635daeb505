#include "kit/log/log.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "tests/support/manual_clock.hpp"

using namespace steward;

TEST_SUITE("kit/log") {
  TEST_CASE("a line is one JSON object with time, level, event and fields") {
    const ManualClock clock;
    std::vector<std::string> lines;
    const Log log(clock, Level::info, [&](std::string_view line) { lines.emplace_back(line); });
    log.debug("unheard");
    log.warning("unit_silent", {{"meter", "E\"1\n"}, {"missed", std::int64_t{3}}});
    REQUIRE(lines.size() == 1);
    CHECK(lines[0] ==
          "{\"at\":\"2026-05-31T16:00:00.000Z\",\"level\":\"warning\",\"event\":\"unit_silent\","
          "\"meter\":\"E\\\"1\\n\",\"missed\":3}\n");
  }

  TEST_CASE("a field from a device cannot make a line endless, nor break it with bytes that are not text") {
    const ManualClock clock;
    std::string seen;
    const Log log(clock, Level::info, [&](std::string_view line) { seen = line; });
    log.error("frame", {{"bytes", std::string(100'000, 'x')}, {"odd", std::string("\xff")}});
    CHECK(seen.size() < 1300);
    CHECK(seen.find("\xEF\xBF\xBD") != std::string::npos);
  }
}
