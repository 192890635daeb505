#include "edge/backfill/backfill.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "drivers/decode/cut.hpp"
#include "drivers/sim/encode.hpp"
#include "edge/backfill/gap_book.hpp"
#include "kit/loop/loop.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/unit/drivers/channels.hpp"

using namespace steward;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t day_ms = 24 * 60 * 60 * 1000;
constexpr std::int64_t offset_ms = 8 * 60 * 60 * 1000;

std::uint8_t bcd(int number) { return static_cast<std::uint8_t>(number / 10 * 16 + number % 10); }

/// A DL/T 645 meter that freezes its total at each midnight of UTC+8.
class FreezingMeter : public RegisterBus {
 public:
  explicit FreezingMeter(ManualClock& clock) : clock_(clock) {}

  Awaitable<Result<Words>> read(UnitAddress, RegisterSpan span) override {
    ++reads;
    if (on_read) on_read(span);
    if (refuses == span.first) co_return Error{Fault::unsupported, "no such data"};
    if (silent_from != 0 && reads >= silent_from) co_return Error{Fault::retry, "no reply in 1000 ms"};
    clock_.advance(100ms);
    if (span.first == 0x0400010C) co_return paired(clock_bytes());
    if ((span.first & ~0xFFU) == 0x04000B00) co_return paired(settle_bytes((span.first & 0xFF) - 1));
    if ((span.first & ~0xFFU) == 0x00010000) co_return paired(settled_bytes(span.first & 0xFF));
    const auto back = static_cast<std::int64_t>(span.first & 0xFF);
    const bool is_time = (span.first & 0xFF00) == 0;
    if (back > kept) co_return paired(std::vector<std::uint8_t>(span.count, 0xFF));
    const auto local = ms_of(clock_.now()) + offset_ms + shift_ms;
    const auto midnight = local / day_ms * day_ms - (back - 1) * day_ms;
    if (is_time) co_return paired(time_bytes(midnight));
    std::vector<std::uint8_t> bytes(span.count, 0);
    ProfileChannel total = energy;
    const auto field = bytes_of(encode(total, dial_at(midnight)), 4);
    std::copy(field.begin(), field.end(), bytes.begin());
    co_return paired(bytes);
  }
  Awaitable<Result<Identity>> identify(UnitAddress) override {
    ++identities;
    co_return Identity{{}, expected};
  }
  UnitStatus status(UnitAddress) const override {
    UnitStatus status;
    status.standing = clean ? Standing::clean : Standing::quarantined;
    return status;
  }
  std::vector<BusNotice> take_notices() override { return {}; }
  UnitCounters counters(UnitAddress) const override { return {}; }
  void unlatch(UnitAddress) override {}

  /// 1 kWh an hour since 1970, on a dial of a million.
  static std::int64_t dial_at(std::int64_t local_ms) { return local_ms / 3'600'000 * 1000 % 1'000'000'000; }

  ProfileChannel energy;
  std::vector<std::pair<int, int>> settles;  // day of the month and hour
  int reads = 0;
  int identities = 0;
  std::int64_t kept = 62;
  std::uint32_t refuses = 0;
  int silent_from = 0;
  std::int64_t shift_ms = 0;  // how far its clock is ahead
  bool clean = true;
  bool expected = true;
  std::function<void(RegisterSpan)> on_read;

 private:
  std::vector<std::uint8_t> settle_bytes(std::size_t place) const {
    if (place >= settles.size()) return {0x99, 0x99};
    return {bcd(settles[place].second), bcd(settles[place].first)};
  }
  /// Hour by hour back from now, until so many settlements have passed.
  std::vector<std::uint8_t> settled_bytes(std::uint32_t back) const {
    constexpr std::int64_t hour_ms = 3'600'000;
    auto at = (ms_of(clock_.now()) + offset_ms + shift_ms) / hour_ms * hour_ms;
    for (std::uint32_t left = back; !settles.empty(); at -= hour_ms) {
      const auto [date, minutes] = split(at);
      const std::pair here{static_cast<int>(static_cast<unsigned>(date.day())), minutes / 60};
      if (std::find(settles.begin(), settles.end(), here) != settles.end() && --left == 0) break;
    }
    return bytes_of(encode(energy, dial_at(at)), 4);
  }
  std::vector<std::uint8_t> time_bytes(std::int64_t local) const {
    const auto [date, minutes] = split(local);
    return {bcd(minutes % 60), bcd(minutes / 60), bcd(static_cast<int>(static_cast<unsigned>(date.day()))),
            bcd(static_cast<int>(static_cast<unsigned>(date.month()))),
            bcd(static_cast<int>(date.year()) % 100)};
  }
  std::vector<std::uint8_t> clock_bytes() const {
    const auto local = ms_of(clock_.now()) + offset_ms + shift_ms;
    auto bytes = time_bytes(local);
    bytes.insert(bytes.begin(), bcd(static_cast<int>(local / 1000 % 60)));
    bytes.insert(bytes.begin() + 3, 0);  // day of the week
    return bytes;
  }
  static std::pair<std::chrono::year_month_day, int> split(std::int64_t local) {
    const auto days = std::chrono::floor<std::chrono::days>(instant_from_ms(local));
    return {std::chrono::year_month_day{days}, static_cast<int>(local % day_ms / 60'000)};
  }
  ManualClock& clock_;
};

struct Bench {
  Bench() {
    meter.meter_no = MeterNo{7};
    meter.meter = MeterId("E-1");
    meter.unit = UnitAddress{1, Protocol::dlt645};
    meter.profile = &profile;
    take_unit_plan(meter, plan_unit(profile, {{ChannelNo{0}}, {ChannelNo{0}}, {}}, {}));
    bus.energy = profile.channels[0];
    // Three days without a reading, from three days ago to a minute ago.
    wish.from = clock.now() - 72h;
    wish.live[ChannelNo{0}] = {live(wish.from), live(clock.now() - 1min)};
  }
  LiveValue live(Instant at) const { return {FreezingMeter::dial_at(ms_of(at) + offset_ms), at}; }

  BackfillReport run(Instant until = instant_from_ms(4'000'000'000'000)) {
    std::optional<BackfillReport> report;
    loop.spawn([](Bench& self, Instant end, std::optional<BackfillReport>& out) -> Awaitable<void> {
      const std::function<bool()> go_on = [&] { return self.clock.now() < end; };
      const std::function<void(FrozenReading)> give = [&](FrozenReading one) {
        self.given.push_back(std::move(one));
      };
      auto done = co_await backfill(self.bus, self.clock, self.meter, self.wish, self.rules, go_on,
                                    self.unserved, give);
      out = std::move(done);
    }(*this, until, report));
    REQUIRE(loop.run_until([&] { return report.has_value(); }, 10s));
    return *report;
  }

  Profile profile = shipped("dlt645-2007-1ph");
  ManualClock clock{instant_from_ms(1'780'243'200'000) + 10h};  // ten in the morning at UTC+8
  Loop loop;
  FreezingMeter bus{clock};
  MeterPlan meter;
  BackfillWish wish;
  FrozenRules rules;
  std::set<RegisterSpan> unserved;
  std::vector<FrozenReading> given;
};

}  // namespace

TEST_SUITE("edge/backfill") {
  TEST_CASE("the days of an outage come from the meter, each with its own midnight") {
    Bench bench;
    const auto report = bench.run();
    CHECK(report.whole);
    CHECK(report.why.empty());
    CHECK(report.given == 3);
    CHECK(report.suspect == 0);
    REQUIRE(bench.given.size() == 3);
    for (std::size_t at = 0; at < 3; ++at) {
      const auto& one = bench.given[at];
      CHECK(one.meter_no == MeterNo{7});
      CHECK(one.freeze == Freeze::day);
      CHECK(one.frozen_at_ms % day_ms == 0);  // the meter's own midnight
      CHECK(one.value == FreezingMeter::dial_at(one.frozen_at_ms));
      CHECK(one.quality == Quality::good);
      CHECK(one.raw.size() == 2);
      if (at > 0) CHECK(one.frozen_at_ms == bench.given[at - 1].frozen_at_ms + day_ms);
      CHECK(one.read_at <= bench.clock.now());
    }
    CHECK(bench.bus.reads ==
          1 + 2 * 4 + 1 + 3);  // the clock, three days and one too old, the newest again, no settlement day
  }

  TEST_CASE("what the meter never kept is nothing, and nothing is looked for behind it") {
    Bench bench;
    bench.bus.kept = 1;
    const auto report = bench.run();
    CHECK(report.whole);
    CHECK(report.given == 1);
    CHECK(report.empty == 1);
  }

  TEST_CASE("a meter that froze again while it was read gives nothing, because all moved by one") {
    Bench bench;
    bench.clock.set(
        instant_from_ms((ms_of(bench.clock.now()) + offset_ms) / day_ms * day_ms + day_ms - offset_ms - 400));
    bench.wish.from = bench.clock.now() - 72h;
    const auto report = bench.run();
    CHECK_FALSE(report.whole);
    CHECK(report.why.find("meanwhile") != std::string::npos);
    CHECK(bench.given.empty());
  }

  TEST_CASE("a meter whose clock is off froze at another instant: what it kept is doubtful") {
    for (const auto shift : {std::int64_t{-121'000}, std::int64_t{150'000}}) {
      Bench bench;
      bench.bus.shift_ms = shift;
      const auto report = bench.run();
      CHECK(report.whole);
      REQUIRE(report.given >= 3);
      CHECK(report.suspect == report.given);
      CHECK(bench.given[0].reason == Reason::clock);
      CHECK(bench.given[0].value != 0);
    }
    Bench bench;
    bench.bus.shift_ms = 60'000;  // within the limit
    CHECK(bench.run().suspect == 0);
  }

  TEST_CASE("a meter that does not tell its clock is doubted, and still asked") {
    Bench bench;
    bench.bus.refuses = 0x0400010C;
    CHECK_FALSE(bench.run().whole);  // an exception is a fault to the guard: it ends this time
    const auto report = bench.run();
    CHECK(report.whole);
    CHECK(report.given == 3);
    CHECK(report.suspect == 3);
    CHECK(bench.given[0].reason == Reason::clock);
  }

  TEST_CASE("a frozen value that does not lie between its live neighbours is doubtful") {
    Bench bench;
    bench.wish.live[ChannelNo{0}].back().value -= 40'000;  // the dial shows less now than two days ago
    const auto report = bench.run();
    CHECK(report.given == 3);
    CHECK(report.suspect >= 1);
    CHECK(bench.given.back().reason == Reason::backwards);
    Bench alone;
    alone.wish.live.clear();
    CHECK(alone.run().suspect == 3);
    CHECK(alone.given[0].reason == Reason::unconfirmed);
  }

  TEST_CASE("a dial that began again at 0 between the neighbours is no contradiction") {
    const Profile profile = shipped("dlt645-2007-1ph");
    const auto& blocks = profile.frozen[0];
    FrozenBlock block;
    block.read_at = instant_from_ms(1'780'243'200'000);
    block.calendar = ms_of(block.read_at) + offset_ms - day_ms;
    block.words = Words(10, 0);
    const auto frozen = [&](std::int64_t value) {
      const auto words = encode(profile.channels[0], value);
      std::copy(words.begin(), words.end(), block.words.begin());
      const std::vector<LiveValue> live{{999'999'000, block.read_at - 48h}, {500, block.read_at}};
      return frozen_reading(profile, MeterNo{0}, blocks, blocks.parts[0], block, Milliseconds{0}, live, {})
          .reason;
    };
    CHECK(frozen(999'999'990) == Reason::none);
    CHECK(frozen(100) == Reason::none);
    CHECK(frozen(5'000) == Reason::backwards);
  }

  TEST_CASE("silence, a stranger, or the next round end it with nothing given") {
    Bench silent;
    silent.bus.silent_from = 5;
    CHECK_FALSE(silent.run().whole);
    CHECK(silent.given.empty());
    CHECK(silent.bus.reads == 5);
    Bench stranger;
    stranger.bus.clean = false;
    stranger.bus.expected = false;
    CHECK_FALSE(stranger.run().whole);
    CHECK(stranger.bus.reads == 0);
    Bench late;
    CHECK(late.run(late.clock.now() + 250ms).why == "no time is left before the next round");
    CHECK(late.bus.reads == 3);
    CHECK(late.given.empty());
  }

  TEST_CASE("a list the meter refuses is passed over from the next time on") {
    Bench bench;
    bench.bus.refuses = 0x05060001;
    CHECK_FALSE(bench.run().whole);
    const auto reads = bench.bus.reads;
    const auto report = bench.run();
    CHECK(bench.bus.reads == reads + 1 + 3);  // the clock, and the settlement days
    CHECK(report.whole);
    CHECK(report.given == 0);
  }

  TEST_CASE("registers of an Acrel are frozen blocks too, their instant in the block") {
    const Profile profile = shipped("acrel-adl400");
    const auto daily = std::find_if(profile.frozen.begin(), profile.frozen.end(),
                                    [](const FrozenBlocks& one) { return one.name == "daily"; });
    REQUIRE(daily != profile.frozen.end());
    FrozenBlock block;
    block.words = {0x1805, 0x0200, 0x0001, 0x86A0, 0, 0x0064, 0, 0, 0, 0, 0, 0};
    block.words.resize(20, 0xEEEE);  // padded to a byte count of its own
    const auto at = frozen_ms(*daily, block);
    REQUIRE(at);
    CHECK(instant_from_ms(*at) == std::chrono::sys_days{std::chrono::year{2024} / 5 / 2});
    block.words = Words(20, 0xFFFF);
    CHECK_FALSE(frozen_ms(*daily, block));
  }
}

TEST_SUITE("edge/backfill/settlements") {
  TEST_CASE("the totals of a meter's settlement days come with their instants, two in a month too") {
    Bench bench;
    bench.bus.settles = {{1, 0}, {15, 12}};
    bench.bus.kept = 0;  // no daily ones
    bench.wish.from = bench.clock.now() - 24h * 70;
    bench.wish.live[ChannelNo{0}] = {bench.live(bench.wish.from), bench.live(bench.clock.now() - 1min)};
    const auto report = bench.run();
    CHECK(report.whole);
    CHECK(report.suspect == 0);
    // Ten in the morning of 1 June: 1 June, 15 and 1 May, 15 and 1 April.
    REQUIRE(bench.given.size() == 5);
    const auto at = [](unsigned month, unsigned day, int hour) {
      return ms_of(Instant(
          std::chrono::sys_days{std::chrono::year{2026} / static_cast<int>(month) / static_cast<int>(day)} +
          std::chrono::hours(hour)));
    };
    const std::int64_t instants[] = {at(4, 1, 0), at(4, 15, 12), at(5, 1, 0), at(5, 15, 12), at(6, 1, 0)};
    for (std::size_t one = 0; one < 5; ++one) {
      CHECK(bench.given[one].frozen_at_ms == instants[one]);
      CHECK(bench.given[one].value == FreezingMeter::dial_at(instants[one]));
      CHECK(bench.given[one].freeze == Freeze::month);
      CHECK(bench.given[one].quality == Quality::good);
    }
  }

  TEST_CASE("a meter that settles while it is read gives nothing, since every total moved by one") {
    Bench bench;
    bench.bus.settles = {{1, 11}};
    bench.bus.kept = 0;
    bench.wish.from = bench.clock.now() - 24h * 70;
    bench.bus.on_read = [&](RegisterSpan span) {
      if (span.first == 0x00010001) bench.clock.advance(1h);  // eleven o'clock
    };
    const auto report = bench.run();
    CHECK_FALSE(report.whole);
    CHECK(report.why == "the meter settled meanwhile");
    CHECK(bench.given.empty());
    bench.bus.on_read = {};
    CHECK(bench.run().whole);
    CHECK(bench.given.size() == 3);
  }

  TEST_CASE(
      "a meter that does not tell its settlement days is asked once for them, and gives its midnights") {
    Bench bench;
    bench.bus.refuses = 0x04000B01;
    CHECK_FALSE(bench.run().whole);
    CHECK(bench.unserved.size() == 3);  // nobody asks for the second and third
    const auto report = bench.run();
    CHECK(report.whole);
    CHECK(report.given == 3);
  }

  TEST_CASE("a settlement day that is none, or not in use, dates nothing") {
    FrozenBlocks blocks;
    blocks.settles = {{RegisterKind::dlt645_item, 0x04000B01, 2}};
    blocks.bytes = {ClockByte::hour, ClockByte::day};
    blocks.bcd = true;
    const auto day = [&](std::uint16_t word) { return settle_day(blocks, Words{word}); };
    CHECK(day(0x0028) == SettleDay{28, 0});
    CHECK(day(0x2301) == SettleDay{1, 23});
    for (const std::uint16_t none :
         std::initializer_list<std::uint16_t>{0x9999, 0, 0x0029, 0x2401, 0x0A01, 0xFFFF}) {
      CAPTURE(none);
      CHECK_FALSE(day(none));
    }
    CHECK(settled_at({}, 0, 12).empty());
  }

  TEST_CASE("a day without an hour is its midnight, and what was frozen then is doubtful") {
    const SettleDay first{1, std::nullopt};
    const auto noon = Instant(std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + 12h);
    const auto at = settled_at({&first, 1}, ms_of(noon), 3);
    REQUIRE(at.size() == 3);
    CHECK(instant_from_ms(at[0]) == std::chrono::sys_days{std::chrono::year{2026} / 3 / 1});
    CHECK(instant_from_ms(at[1]) == std::chrono::sys_days{std::chrono::year{2026} / 2 / 1});
    CHECK(instant_from_ms(at[2]) == std::chrono::sys_days{std::chrono::year{2026} / 1 / 1});

    const auto profile = shipped("cjt188-2004-cold-water");
    REQUIRE(profile.frozen.size() == 1);
    const Bytes settled{0x10, 0x00, 0x10, 0x00, 0x2C};
    FrozenBlock block{paired(settled), {}, noon, at[0], true};
    const auto instant = instant_from_ms(at[0]) - 8h;
    const std::vector<LiveValue> live{{1'000'000, instant - 1h}, {1'000'200, instant + 1h}};
    const auto read = [&] {
      return frozen_reading(profile, MeterNo{1}, profile.frozen[0], profile.frozen[0].parts[0], block,
                            Milliseconds(0), live, FrozenRules{});
    };
    CHECK(read().value == 1'000'100);
    CHECK(read().quality == Quality::suspect);
    CHECK(read().reason == Reason::time_unsure);
    block.unsure = false;
    CHECK(read().quality == Quality::good);
  }
}

TEST_SUITE("edge/backfill/gaps") {
  TEST_CASE("a boundary between two readings that nobody closed is a gap, with both as its neighbours") {
    GapBook book(960);  // midnight at UTC+8
    const MeterNo meter{3};
    const ChannelNo total{0};
    const Instant midnight = std::chrono::sys_days{std::chrono::year{2026} / 6 / 1} - 8h;
    const LiveValue before{1000, midnight - 40h};
    const LiveValue after{5000, midnight + 30min};
    book.read(meter, total, before);
    CHECK_FALSE(book.wish(meter));
    book.read(meter, total, after);
    const auto wish = book.wish(meter);
    REQUIRE(wish);
    CHECK(wish->from == before.taken_at);
    CHECK(wish->live.at(total) == std::vector{before, after});
    book.asked(meter);
    CHECK_FALSE(book.wish(meter));
  }

  TEST_CASE("a good closing leaves no gap, and one after days of silence leaves the days before it") {
    GapBook book(960);
    const MeterNo meter{3};
    const ChannelNo total{0};
    const Instant midnight = std::chrono::sys_days{std::chrono::year{2026} / 6 / 1} - 8h;
    book.read(meter, total, {1000, midnight - 30min});
    book.closed(meter, total, midnight);
    book.read(meter, total, {1100, midnight + 5s});
    CHECK_FALSE(book.wish(meter));
    book.closed(meter, total, midnight + 96h);
    book.read(meter, total, {9000, midnight + 96h + 5s});
    REQUIRE(book.wish(meter));
    CHECK(book.wish(meter)->from == midnight + 5s);
  }

  TEST_CASE("readings between two boundaries are no gap, however far apart in the day") {
    GapBook book(0);
    const Instant day = std::chrono::sys_days{std::chrono::year{2026} / 6 / 1};
    book.read(MeterNo{1}, ChannelNo{0}, {1, day + 1s});
    book.read(MeterNo{1}, ChannelNo{0}, {2, day + 23h});
    CHECK_FALSE(book.wish(MeterNo{1}));
  }

  TEST_CASE("a technician's question comes with the live values around every boundary since then") {
    GapBook book(960);
    const MeterNo meter{3};
    const ChannelNo total{0};
    const Instant midnight = std::chrono::sys_days{std::chrono::year{2026} / 6 / 1} - 8h;
    for (int hour = 0; hour < 24 * 60; ++hour) {
      const auto at = midnight + std::chrono::hours(hour);
      if (hour % 24 == 0) book.closed(meter, total, at);
      book.read(meter, total, {hour, at + 5s});
    }
    CHECK_FALSE(book.wish(meter));  // nothing is missing
    const auto from = midnight + 24h * 57;
    const auto wish = book.wish_from(meter, from);
    CHECK(wish.from == from);
    const auto& live = wish.live.at(total);
    REQUIRE(live.size() == 7);            // around three midnights, and the last
    CHECK(live.front().taken_at < from);  // the last before it
    CHECK(live[1].value == 57 * 24);
    CHECK(live.back().value == 60 * 24 - 1);
    CHECK(book.wish_from(meter, midnight).live.at(total).size() <= 65);  // bounded
    CHECK(book.wish_from(MeterNo{9}, from).live.empty());
  }
}
