#include "cloud/metering/true_time.hpp"

#include <doctest/doctest.h>

#include "contract/text/instant_text.hpp"

using namespace steward;
using namespace std::chrono_literals;

namespace {

const GatewayId gateway("gw1");
const Uuid boot{1};
constexpr UtcOffset shanghai{480};
const Instant midnight_of_june = *read_instant("2026-05-31T16:00:00Z");

TimeWord word_of(Instant truth, std::int64_t monotonic_ms, TimeTeller teller = TimeTeller::ntp) {
  return {gateway, {boot, ms_of(truth) - monotonic_ms, monotonic_ms, 10, teller}};
}
/// A closing taken so long after boot, by a clock that then showed `shown`; its block closed a second later.
struct Shown {
  ClaimedTime claimed;
  ClockStamp stamp;
};
Shown shown(Instant shown_at, std::int64_t monotonic_ms, ClockTrust trust, Quality quality = Quality::good,
            Reason reason = Reason::none) {
  const auto round = std::chrono::floor<std::chrono::hours>(shown_at);
  return {{round, shown_at, trust, quality, reason}, {boot, shown_at + 1s, monotonic_ms + 1'000, trust}};
}
SettledTime settled(const TrueTimes& times, const Shown& one) {
  return times.settle(gateway, one.claimed, one.stamp, shanghai);
}

}  // namespace

TEST_SUITE("billing/true time") {
  TEST_CASE(
      "a closing by a clock nobody had confirmed is billed once its gateway has learned the time, or never") {
    const auto one = shown(midnight_of_june + 2s, 3'600'000, ClockTrust::rtc);
    CHECK(settled(TrueTimes(), one) == SettledTime{midnight_of_june, Quality::suspect, Reason::clock});
    const std::vector right{word_of(midnight_of_june + 1h, 7'200'000)};
    CHECK(settled(TrueTimes(right), one) == SettledTime{midnight_of_june, Quality::good, Reason::none});
    const std::vector off{word_of(midnight_of_june + 1h + 10min, 7'200'000)};  // it was ten past twelve
    CHECK(settled(TrueTimes(off), one) == SettledTime{midnight_of_june, Quality::suspect, Reason::clock});
  }

  TEST_CASE("a clock that was a day behind closed the next midnight, and is billed there") {
    const auto one =
        shown(midnight_of_june - 24h + 5s, 3'600'000, ClockTrust::unset, Quality::suspect, Reason::clock);
    const std::vector words{word_of(midnight_of_june + 1h, 7'200'000)};
    const TrueTimes times(words);
    const auto settled_at = settled(times, one);
    CHECK(settled_at == SettledTime{midnight_of_june, Quality::good, Reason::none});
    CHECK(times.of(gateway, one.claimed.taken_at, one.stamp)->at == midnight_of_june);
  }

  TEST_CASE("what is doubtful for another reason stays so, wherever its time is") {
    const auto one = shown(midnight_of_june, 3'600'000, ClockTrust::rtc, Quality::suspect, Reason::spike);
    const std::vector words{word_of(midnight_of_june, 3'600'000)};
    CHECK(settled(TrueTimes(words), one) == SettledTime{midnight_of_june, Quality::suspect, Reason::spike});
  }

  TEST_CASE("exactly at the skew limit it is billed, a millisecond beyond it is not") {
    const std::vector words{word_of(midnight_of_june, 3'600'000)};  // 10 ms unsure
    const auto at = [&](Milliseconds after) {
      return settled(TrueTimes(words),
                     shown(midnight_of_june + after, 3'600'000 + after.count(), ClockTrust::rtc));
    };
    // 120 s of distance at 100 ppm is another 12 ms of doubt.
    CHECK(at(119'978ms).quality == Quality::good);
    CHECK(at(119'980ms).quality == Quality::suspect);
  }

  TEST_CASE(
      "words that contradict each other settle nothing, and take back what was synced; the cloud's go "
      "first") {
    const auto one = shown(midnight_of_june, 3'600'000, ClockTrust::synced);
    std::vector words{word_of(midnight_of_june, 3'600'000), word_of(midnight_of_june + 2h, 7'200'000)};
    const TrueTimes torn(words);
    CHECK(torn.is_contested(gateway));
    CHECK_FALSE(torn.is_contested(GatewayId("gw2")));
    CHECK(settled(torn, one) == SettledTime{midnight_of_june, Quality::suspect, Reason::clock});
    words.push_back(word_of(midnight_of_june + 1h, 7'200'000, TimeTeller::cloud));
    CHECK(settled(TrueTimes(words), one) == SettledTime{midnight_of_june, Quality::good, Reason::none});
  }

  TEST_CASE("one boot's quarrel is not another's, and no gateway speaks for another") {
    std::vector words{word_of(midnight_of_june, 3'600'000), word_of(midnight_of_june + 2h, 7'200'000)};
    auto quiet = shown(midnight_of_june, 3'600'000, ClockTrust::synced);
    quiet.stamp.boot = Uuid{2};  // this boot has no word at all
    CHECK(settled(TrueTimes(words), quiet).quality == Quality::good);
    const auto one = shown(midnight_of_june, 3'600'000, ClockTrust::rtc);
    const std::vector foreign{TimeWord{GatewayId("gw2"), word_of(midnight_of_june, 3'600'000).record}};
    CHECK(settled(TrueTimes(foreign), one).quality == Quality::suspect);
  }

  TEST_CASE("a simulation's clock is what it says it is") {
    const auto one = shown(midnight_of_june, 3'600'000, ClockTrust::stepped);
    CHECK(settled(TrueTimes(), one) == SettledTime{midnight_of_june, Quality::good, Reason::none});
  }
}
