#include "edge/poll/life_watch.hpp"

#include <doctest/doctest.h>

#include "contract/text/meter_event_text.hpp"

using namespace steward;
using namespace std::chrono_literals;

namespace {

constexpr Instant noon = instant_from_ms(1'780'272'000'000);
const MeterId meter("E-1");

ProfileChannel energy() {
  ProfileChannel channel;
  channel.name = "energy_import";
  channel.unit = ChannelUnit::wh;
  channel.cumulative = true;
  channel.modulus = 100'000'000;
  channel.max_rate = 65'000;
  channel.step = 10;
  return channel;
}

std::optional<MeterEvent> seen(const ProfileChannel& channel, std::int64_t before, std::int64_t now,
                               Milliseconds later = 1h) {
  auto event = life_between(meter, channel, {before, noon}, {now, noon + later});
  if (event) CHECK_MESSAGE(wrong_with(*event) == nullptr, wrong_with(*event));
  return event;
}
MeterEventKind kind(const std::optional<MeterEvent>& event) {
  REQUIRE(event);
  return event->kind;
}

}  // namespace

TEST_SUITE("edge/life_watch") {
  TEST_CASE("a register that counts on says nothing, however fast") {
    CHECK_FALSE(seen(energy(), 100, 100));
    CHECK_FALSE(seen(energy(), 100, 90'000'000));
  }

  TEST_CASE("past its end is a rollover only when the profile has an end and the rise could have been") {
    const auto event = seen(energy(), 99'999'000, 64'000);
    CHECK(kind(event) == MeterEventKind::rollover);
    CHECK(event->modulus == 100'000'000);
    CHECK(event->most == 65'000);
    CHECK(event->since == noon);
    CHECK(event->at == noon + 1h);
    CHECK(kind(seen(energy(), 99'999'000, 64'010)) == MeterEventKind::reset);  // 10 Wh too far
    CHECK(kind(seen(energy(), 99'999'000, 64'010, 2h)) == MeterEventKind::rollover);
    auto endless = energy();
    endless.modulus = 0;
    CHECK(kind(seen(endless, 99'999'000, 64'000)) == MeterEventKind::reset);
    auto unknown = energy();
    unknown.max_rate = 0;  // nobody says what it can rise
    CHECK(kind(seen(unknown, 99'999'000, 64'000)) == MeterEventKind::fell);
  }

  TEST_CASE("down to what it can have counted from zero is a reset; anything else only fell") {
    CHECK(kind(seen(energy(), 50'000'000, 0)) == MeterEventKind::reset);
    CHECK(kind(seen(energy(), 50'000'000, 65'000)) == MeterEventKind::reset);
    CHECK(kind(seen(energy(), 50'000'000, 65'001)) == MeterEventKind::fell);
    CHECK(kind(seen(energy(), 50'000'000, 49'999'990)) == MeterEventKind::fell);
  }

  TEST_CASE("a ratio that shows another value is said; one that cannot be a ratio is not made into one") {
    auto ct = energy();
    ct.name = "ct_ratio";
    ct.unit = ChannelUnit::ratio;
    ct.cumulative = false;
    const auto event = seen(ct, 40, 60);
    CHECK(kind(event) == MeterEventKind::ratio_change);
    CHECK(event->old_ratio == Ratio{40, 1});
    CHECK(event->new_ratio == Ratio{60, 1});
    CHECK(event->why == "ct_ratio");
    CHECK_FALSE(seen(ct, 40, 40));
    CHECK_FALSE(seen(ct, 40, 0));
  }

  TEST_CASE("a clock that was set back lets nothing be said, and a voltage may fall") {
    CHECK_FALSE(seen(energy(), 100, 5, -1h));
    auto volts = energy();
    volts.cumulative = false;
    volts.unit = ChannelUnit::millivolt;
    CHECK_FALSE(seen(volts, 230'000, 229'000));
  }
}
