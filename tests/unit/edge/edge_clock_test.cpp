#include "edge/clock/edge_clock.hpp"

#include <doctest/doctest.h>

#include "contract/text/instant_text.hpp"
#include "contract/wire/time_record_text.hpp"
#include "edge/app/clock_floor.hpp"

using namespace steward;
using namespace std::chrono_literals;

namespace {

const Instant noon = *read_instant("2026-06-01T12:00:00Z");
const Uuid boot{1, 2, 3};

struct Machine final : TimeSource {
  MachineTime look() const override { return {wall, at, synced, 5ms}; }
  Ticks ticks() const override { return at; }
  void pass(Milliseconds length) {
    wall += length;
    at += length;
  }

  Instant wall = noon;
  Ticks at{90s};
  bool synced = false;
};

}  // namespace

TEST_SUITE("edge/clock") {
  TEST_CASE("without a battery clock it starts at the floor, runs on, and knows that it does not know") {
    Machine machine;
    machine.wall = instant_from_ms(30'000);
    EdgeClock clock(machine, boot, noon);
    CHECK(clock.now() == noon);
    CHECK(clock.trust() == ClockTrust::unset);
    machine.pass(5min);
    CHECK(clock.look().records.empty());
    CHECK(clock.now() == noon + 5min);
    CHECK(clock.trust() == ClockTrust::unset);
  }

  TEST_CASE("a time server makes it synced, is signed once, and what was before gets its true time by that") {
    Machine machine;
    machine.wall = instant_from_ms(30'000);
    EdgeClock clock(machine, boot, noon);
    machine.pass(1h);
    const auto wrong = clock.now();
    machine.wall = noon + 24h;  // 60 minutes after the boot
    machine.synced = true;
    const auto news = clock.look();
    CHECK(news.before == ClockTrust::unset);
    CHECK(news.after == ClockTrust::synced);
    CHECK(news.step == 23h);
    REQUIRE(news.records.size() == 1);
    CHECK(news.records[0].boot == boot);
    CHECK(news.records[0].teller == TimeTeller::ntp);
    CHECK(news.records[0].offset_ms + news.records[0].monotonic_ms == ms_of(noon + 24h));
    CHECK(clock.now() == noon + 24h);
    CHECK(clock.now() - wrong == 23h);
    machine.pass(23h);
    CHECK(clock.look().records.empty());
    machine.pass(1h);
    CHECK(clock.look().records.size() == 1);  // once a day
  }

  TEST_CASE("between two looks nothing steps it, so a block's wall and steady clock belong together") {
    Machine machine;
    machine.synced = true;
    EdgeClock clock(machine, boot, noon - 1h);
    clock.look();
    machine.wall -= 40min;  // set back, over a midnight if need be
    CHECK(clock.now() == noon);
    CHECK(clock.look().step == -40min);
    CHECK(clock.now() == noon - 40min);
  }

  TEST_CASE("an ack proves the time to half its way, without a time server; a slow one proves nothing") {
    Machine machine;
    EdgeClock clock(machine, boot, noon - 1h);
    machine.wall += 300s;  // the battery clock is five minutes ahead
    clock.look();
    CHECK(clock.trust() == ClockTrust::rtc);
    const auto from = clock.ticks();
    machine.pass(10'001ms);
    clock.proven(from, clock.ticks(), noon);
    CHECK(clock.look().records.empty());
    const auto sent = clock.ticks();
    machine.pass(400ms);
    clock.proven(sent, clock.ticks(), noon);
    const auto news = clock.look();
    CHECK(news.after == ClockTrust::synced);
    REQUIRE(news.records.size() == 1);
    CHECK(news.records[0].teller == TimeTeller::cloud);
    CHECK(news.records[0].uncertainty_ms == 201);
    CHECK(clock.now() == noon + 200ms);
  }

  TEST_CASE("a time server and a cloud that disagree are both signed and neither is believed") {
    Machine machine;
    machine.synced = true;
    EdgeClock clock(machine, boot, noon - 1h);
    clock.look();
    const auto sent = clock.ticks();
    machine.pass(100ms);
    clock.proven(sent, clock.ticks(), noon + 1h);
    const auto news = clock.look();
    CHECK(news.contradicted);
    CHECK(news.after == ClockTrust::rtc);
    CHECK(news.records.size() == 1);         // the cloud's; the server's was signed before
    CHECK_FALSE(clock.look().contradicted);  // said once
    machine.wall += 1h;                      // the server was wrong, and is right again
    machine.pass(1s);
    CHECK(clock.look().after == ClockTrust::synced);
    CHECK(std::chrono::abs(clock.now() - (noon + 1h)) < 2s);
  }

  TEST_CASE("trust is lost when drift could have made it wrong, not before") {
    Machine machine;
    machine.synced = true;
    EdgeClock clock(machine, boot, noon - 1h);
    clock.look();
    machine.synced = false;
    machine.pass(27h);
    CHECK(clock.look().after == ClockTrust::synced);
    machine.pass(2h);  // 29 h x 100 ppm: above 10 s
    const auto news = clock.look();
    CHECK(news.after == ClockTrust::rtc);
    CHECK(news.step == 0ms);
  }

  TEST_CASE("a floor that a lying clock left gives way to the cloud's word, not to a time server's") {
    Machine machine;
    machine.synced = true;
    EdgeClock clock(machine, boot, noon + 24h * 365);
    CHECK(clock.look().after == ClockTrust::unset);
    const auto sent = clock.ticks();
    machine.pass(100ms);
    clock.proven(sent, clock.ticks(), noon + 100ms);
    CHECK(clock.look().after == ClockTrust::synced);
    CHECK(std::chrono::abs(clock.now() - noon) < 1s);
  }

  TEST_CASE("the floor is the build's time, or what is on disk when that is later; a damaged one is none") {
    const auto built = clock_floor("");
    CHECK(ms_of(built) > 1'700'000'000'000);
    const auto later = ms_of(built) + 5;
    CHECK(ms_of(clock_floor(std::to_string(later))) == later);
    CHECK(clock_floor("5") == built);
    CHECK(clock_floor(std::to_string(later) + "x") == built);
    CHECK(clock_floor("-1") == built);
    CHECK(clock_floor("999999999999999999") == built);
  }

  TEST_CASE("the kernel's time is one moment on both clocks") {
    const KernelTime kernel;
    const auto before = kernel.ticks();
    const auto look = kernel.look();
    CHECK(look.ticks >= before);
    CHECK(look.ticks <= kernel.ticks());
    CHECK(look.synced == (look.most_error > 0ms));
  }

  TEST_CASE("a time record reads back as written, and nothing else does") {
    TimeRecord record{boot, -5, 90'000, 12, TimeTeller::cloud};
    const auto event = edge_event_of(record, noon);
    CHECK(event.kind == "time_record");
    CHECK(
        event.detail ==
        R"({"boot":"01020300-0000-0000-0000-000000000000","offset_ms":-5,"monotonic_ms":90000,"uncertainty_ms":12,"by":"cloud"})");
    CHECK(*read_time_record(event) == record);
    for (std::size_t at = 0; at < event.detail.size(); ++at) {
      auto cut = event;
      cut.detail.erase(at);
      CHECK_FALSE(read_time_record(cut));
    }
    auto other = event;
    other.kind = "started";
    CHECK_FALSE(read_time_record(other));
    other = event;
    other.detail.insert(1, "\"sure\":true,");
    CHECK_FALSE(read_time_record(other));
  }
}
