#include <doctest/doctest.h>

#include "cloud/metering/doubt.hpp"
#include "contract/text/doubt_text.hpp"

using namespace steward;
using namespace std::chrono_literals;

namespace {

constexpr Instant june = instant_from_ms(1'780'243'200'000);
const MeterId meter("M1");

EdgeEvent event(std::string kind, Instant at, std::optional<DoubtText> doubt = {}) {
  return {at, std::move(kind), meter.text, doubt ? doubt_detail(*doubt) : "words"};
}

}  // namespace

TEST_SUITE("metering/doubt") {
  TEST_CASE(
      "a clash puts what was given since the last clean check in doubt until it is cleared, both ends "
      "included") {
    const Doubts doubts(std::vector{event("unit_clash", june + 5h, DoubtText{june + 2h, {}, "twins"}),
                                    event("unit_cleared", june + 9h)});
    CHECK(doubts.of(meter, june + 2h - 1ms) == nullptr);
    REQUIRE(doubts.of(meter, june + 2h) != nullptr);
    CHECK(*doubts.of(meter, june + 2h) == Doubt{"unit_clash", june + 2h, june + 9h, "twins"});
    CHECK(doubts.of(meter, june + 9h) != nullptr);
    CHECK(doubts.of(meter, june + 9h + 1ms) == nullptr);
    CHECK(doubts.of(MeterId("M2"), june + 5h) == nullptr);
  }

  TEST_CASE("nobody has looked: the doubt has no end, whatever else is said") {
    const Doubts doubts(
        std::vector{event("unit_cleared", june),
                    event("unit_exchanged", june + 5h, DoubtText{june + 2h, june + 3h, "other"})});
    CHECK(doubts.of(meter, june + 20000h) != nullptr);
  }

  TEST_CASE("a time that cannot be proven is an interval; clearing does not shorten it") {
    const Doubts doubts(std::vector{event("time_unsure", june + 5h, DoubtText{june + 2h, june + 4h, "late"}),
                                    event("unit_cleared", june + 1h)});
    CHECK(doubts.of(meter, june + 3h) != nullptr);
    CHECK(doubts.of(meter, june + 4h + 1ms) == nullptr);
  }

  TEST_CASE("a doubt that cannot be read is taken for the worst") {
    const Doubts doubts(std::vector{event("unit_clash", june)});
    CHECK(doubts.of(meter, instant_from_ms(0)) != nullptr);
    CHECK(doubts.of(meter, june + 20000h) != nullptr);
  }

  TEST_CASE("a doubt's detail comes back as it was said, and nothing else is read as one") {
    for (const auto& said : {DoubtText{june, {}, "why: because"}, DoubtText{june, june + 1h, "x"}}) {
      CHECK(read_doubt_detail(doubt_detail(said)) == said);
    }
    CHECK(doubt_detail({june, june + 1h, "x"}) ==
          "since 2026-05-31T16:00:00.000Z until 2026-05-31T17:00:00.000Z: x");
    for (const auto* wrong :
         {"", "since", "since yesterday: x", "since 2026-05-31T16:00:00.000Z",
          "since 2026-05-31T16:00:00.000Z until : x", "Since 2026-05-31T16:00:00.000Z: x"}) {
      CAPTURE(wrong);
      CHECK_FALSE(read_doubt_detail(wrong));
    }
  }
}
