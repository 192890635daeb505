// Pulses out of edges: a contact that bounces, edges that were lost, and the reading that comes of it.
#include "drivers/pulse/pulse_count.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <random>

using namespace steward;
using namespace std::chrono_literals;

namespace {

constexpr auto debounce = 20ms;
const Ticks start(1h);

/// A contact in the test's hand.
struct Contact {
  PulseCount count{debounce, false, start};
  Ticks now = start;

  void go(bool active, std::chrono::nanoseconds after) {
    now += after;
    count.edge({active, now});
  }
  void pulse(std::chrono::nanoseconds length, std::chrono::nanoseconds rest) {
    go(true, rest);
    go(false, length);
  }
  std::uint64_t counted(bool active = false) {
    now += 1s;
    count.look(active, now);
    return count.pulses();
  }
};

/// The reading, which there must be.
std::int64_t shown(std::int64_t base, std::uint64_t pulses, const PerPulse& per_pulse) {
  const auto reading = pulse_reading(base, pulses, per_pulse);
  REQUIRE(reading);
  return *reading;
}

}  // namespace

TEST_SUITE("drivers/pulse/count") {
  TEST_CASE("clean pulses are counted one by one, the one under way when its level has stood") {
    Contact contact;
    for (int at = 0; at < 5; ++at) contact.pulse(100ms, 400ms);
    contact.go(true, 400ms);
    CHECK(contact.count.pulses() == 5);
    CHECK(contact.counted(true) == 6);
    CHECK_FALSE(contact.count.take_missed());
  }

  TEST_CASE("a bounce is no pulse, at either end, nor is a needle alone") {
    Contact contact;
    bool active = true;
    for (const auto after : {400ms, 1ms, 1ms, 2ms, 3ms}) {
      contact.go(active, after);
      active = !active;
    }
    CHECK(contact.counted(true) == 1);
    Contact needle;
    needle.pulse(5ms, 1s);
    needle.pulse(19ms, 1s);
    CHECK(needle.counted() == 0);
    needle.pulse(20ms, 1s);
    CHECK(needle.counted() == 1);
    CHECK_FALSE(needle.count.take_missed());
  }

  TEST_CASE("seeded contacts that bounce up to 15 ms at both ends give exactly their pulses") {
    for (unsigned seed = 1; seed <= 200; ++seed) {
      CAPTURE(seed);
      std::mt19937 random(seed);
      const auto upto = [&](int most) { return std::uniform_int_distribution<int>(0, most)(random); };
      Contact contact;
      const int pulses = 1 + upto(40);
      const auto settle_at = [&](bool active) {
        contact.go(active, std::chrono::milliseconds(40 + upto(200)));
        int left = 15;
        for (int bounces = upto(4); bounces > 0 && left > 2; --bounces) {
          const int first = 1 + upto(left / 3);
          const int second = 1 + upto(left / 3);
          contact.go(!active, std::chrono::milliseconds(first));
          contact.go(active, std::chrono::milliseconds(second));
          left -= first + second;
        }
      };
      for (int at = 0; at < pulses; ++at) {
        settle_at(true);
        settle_at(false);
      }
      CHECK(contact.counted() == static_cast<std::uint64_t>(pulses));
      CHECK_FALSE(contact.count.take_missed());
    }
  }

  TEST_CASE("an edge that was lost is said: the same level twice, or another level than the last edge's") {
    Contact twice_up;
    twice_up.go(true, 1s);
    twice_up.go(true, 1s);  // its fall was lost; the second rise is a pulse of its own
    twice_up.go(false, 1s);
    CHECK(twice_up.counted() == 2);
    CHECK(twice_up.count.take_missed());
    CHECK_FALSE(twice_up.count.take_missed());  // once

    Contact twice_down;
    twice_down.pulse(100ms, 1s);
    twice_down.go(false, 1s);  // its rise was lost: not counted, but said
    CHECK(twice_down.counted() == 1);
    CHECK(twice_down.count.take_missed());

    Contact stuck;
    CHECK(stuck.counted(true) == 0);  // found closed, and no edge said so
    CHECK(stuck.count.take_missed());
  }

  TEST_CASE("a pulse under way at the start is not counted: it may have been before") {
    PulseCount count(debounce, true, start);
    count.edge({false, start + 1s});
    count.look(false, start + 2s);
    CHECK(count.pulses() == 0);
    CHECK_FALSE(count.take_missed());
  }

  TEST_CASE("a reading is base plus pulses, a step when it is full, and never wraps") {
    CHECK(shown(1234567, 0, {10, 1}) == 1234567);
    CHECK(shown(1234567, 3, {10, 1}) == 1234597);
    CHECK(shown(0, 1599, {5, 8}) == 999);  // 1600 impulses are a kWh
    CHECK(shown(0, 1600, {5, 8}) == 1000);
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    CHECK(shown(most - 10, 1, {10, 1}) == most);
    CHECK_FALSE(pulse_reading(most - 9, 1, {10, 1}));
    CHECK_FALSE(pulse_reading(0, std::numeric_limits<std::uint64_t>::max(), {1'000'000'000, 1}));
    CHECK(shown(0, std::numeric_limits<std::uint64_t>::max(), {1, 1'000'000'000}) == 18'446'744'073);
  }
}
