// A bus of pulse counters: contacts, clock and disk in the test's own hand.
#include "drivers/pulse/pulse_bus.hpp"

#include <doctest/doctest.h>

#include <map>

#include "kit/loop/clocks.hpp"
#include "kit/loop/loop.hpp"

using namespace steward;
using namespace std::chrono_literals;

namespace {

constexpr UnitAddress water{1};
constexpr UnitAddress power{2};
constexpr RegisterSpan reading{RegisterKind::holding, 0, 4};
constexpr RegisterSpan pulses{RegisterKind::holding, 4, 4};
constexpr Instant noon = instant_from_ms(1780315200000);  // 2026-06-01T12:00:00Z

/// A contact, and what became of its chip. Outlives the input that the bus opened.
struct Contact {
  explicit Contact(Loop& loop) : news(loop) {}
  std::vector<InputEdge> edges;
  bool full = false;
  bool active = false;
  bool unplugged = false;
  int opened = 0;
  Signal news;
};

class FakeInput final : public EdgeInput {
 public:
  explicit FakeInput(Contact& contact) : contact_(contact) {}
  Awaitable<Result<InputEdges>> next(Milliseconds limit) override {
    if (contact_.edges.empty() && !contact_.unplugged) (void)co_await contact_.news.wait(limit);
    if (contact_.unplugged) co_return Error{Fault::retry, "the chip is gone"};
    co_return InputEdges{std::exchange(contact_.edges, {}), std::exchange(contact_.full, false)};
  }
  Result<bool> is_active() override {
    if (contact_.unplugged) return Error{Fault::retry, "the chip is gone"};
    return contact_.active;
  }

 private:
  Contact& contact_;
};

struct Disk final : PulseHost {
  void save(UnitAddress unit, const PulseRecord& record) override {
    records[unit] = record;
    ++saves;
  }
  void missed(UnitAddress unit, Instant since, const std::string& why) override {
    said.push_back(std::to_string(unit.value) + " " + std::to_string(ms_of(since) - ms_of(noon)) + " " + why);
  }
  std::map<UnitAddress, PulseRecord> records;
  int saves = 0;
  std::vector<std::string> said;
};

/// Both clocks stand still until the test moves them.
struct HandClock final : Clock {
  Instant now() const override { return wall; }
  Ticks ticks() const override { return steady; }
  ClockTrust trust() const override { return ClockTrust::synced; }
  void pass(Milliseconds time) { wall += time, steady += time; }
  Instant wall = noon;
  Ticks steady = Ticks(1h);
};

/// A gateway with two counters, from start to stop or power cut.
struct Bench {
  explicit Bench(Disk& kept) : disk(kept), contact(loop), other(loop) {
    const auto setup = [&](UnitAddress unit, Contact& of, PerPulse per_pulse) {
      PulseUnitSetup given;
      given.unit = unit;
      given.per_pulse = per_pulse;
      given.debounce = 20ms;
      given.open = [&of]() -> Result<std::unique_ptr<EdgeInput>> {
        if (of.unplugged) return Error{Fault::retry, "no such chip"};
        ++of.opened;
        return std::unique_ptr<EdgeInput>(std::make_unique<FakeInput>(of));
      };
      if (const auto found = disk.records.find(unit); found != disk.records.end()) given.kept = found->second;
      return given;
    };
    bus = std::make_unique<PulseBus>(
        loop, clock, std::vector{setup(water, contact, {10, 1}), setup(power, other, {5, 8})}, disk);
    for (auto& run : bus->runs()) loop.spawn(std::move(run));
    settle();
  }
  /// Lets everything run that can without waiting.
  void settle() {
    bool done = false;
    loop.post([&] { loop.post([&] { loop.post([&] { done = true; }); }); });
    REQUIRE(loop.run_until([&] { return done; }, Milliseconds(10'000)));
  }
  void pulse(Contact& of, int count = 1) {
    for (int at = 0; at < count; ++at) {
      clock.pass(500ms);
      of.edges.push_back({true, clock.steady});
      clock.pass(100ms);
      of.edges.push_back({false, clock.steady});
    }
    clock.pass(100ms);
    of.news.set();
    settle();
  }
  template <class Answer>
  Answer driven(Awaitable<Answer> asked) {
    std::optional<Answer> answer;
    const auto run = [](Awaitable<Answer> from, std::optional<Answer>& into) -> Awaitable<void> {
      into.emplace(co_await std::move(from));
    };
    loop.spawn(run(std::move(asked), answer));
    REQUIRE(loop.run_until([&] { return answer.has_value(); }, Milliseconds(10'000)));
    return *answer;
  }
  /// The number in the registers, which must come.
  std::int64_t read(UnitAddress unit, RegisterSpan span = reading) {
    const auto words = driven(bus->read(unit, span));
    REQUIRE(words);
    std::uint64_t value = 0;
    for (const auto word : *words) value = (value << 16) | word;
    return static_cast<std::int64_t>(value);
  }
  std::string refused(UnitAddress unit) {
    const auto words = driven(bus->read(unit, reading));
    REQUIRE_FALSE(words);
    CHECK(words.error().fault == Fault::retry);
    const auto identity = driven(bus->identify(unit));
    CHECK_FALSE(identity);
    CHECK(bus->status(unit).standing == Standing::quarantined);
    return words.error().message;
  }
  void set_base(UnitAddress unit, std::int64_t value) { REQUIRE(bus->set_base(unit, value, "li")); }

  Disk& disk;
  Loop loop;
  HandClock clock;
  Contact contact;
  Contact other;
  std::unique_ptr<PulseBus> bus;
};

}  // namespace

TEST_SUITE("drivers/pulse/bus") {
  TEST_CASE("a counter without a base gives no reading, whatever it counted, and says what to do") {
    Disk disk;
    Bench bench(disk);
    bench.pulse(bench.contact, 7);
    const auto why = bench.refused(water);
    CHECK(why.find("pulse base METER --display") != std::string::npos);
    CHECK(why.find("底数") != std::string::npos);
    CHECK(disk.saves == 0);

    bench.set_base(water, 1234567);  // the seven are in what the dial shows
    CHECK(bench.read(water) == 1234567);
    bench.refused(power);  // its neighbour still has none
  }

  TEST_CASE("a reading is the base and the pulses since, at any rate a pulse") {
    Disk disk;
    Bench bench(disk);
    bench.set_base(water, 1234567);
    bench.set_base(power, 1000);
    bench.pulse(bench.contact, 3);
    bench.pulse(bench.other, 3);
    CHECK(bench.read(water) == 1234597);
    CHECK(bench.read(power) == 1001);  // 1.875 Wh: a step when it is full
    CHECK(bench.read(power, pulses) == 3);
    CHECK(bench.bus->status(water).standing == Standing::clean);
    CHECK_FALSE(bench.bus->status(water).pulses_missed);
    CHECK(bench.driven(bench.bus->read(water, {RegisterKind::holding, 13, 4})).error().fault ==
          Fault::unsupported);
  }

  TEST_CASE("what was given as a reading is on disk before it, so that no restart gives less") {
    Disk disk;
    Bench bench(disk);
    bench.set_base(water, 0);
    bench.pulse(bench.contact, 5);
    CHECK(disk.records[water].pulses == 0);
    CHECK(bench.read(water) == 50);
    CHECK(disk.records[water].pulses == 5);
  }

  TEST_CASE("counts are saved after a hundred pulses and after a minute, not at each") {
    Disk disk;
    Bench bench(disk);
    bench.set_base(water, 0);
    const int before = disk.saves;
    bench.pulse(bench.contact, 20);
    CHECK(disk.saves == before);
    bench.clock.pass(61s);
    bench.pulse(bench.contact);
    CHECK(disk.saves == before + 1);
    CHECK(disk.records[water].pulses == 21);
    for (int at = 0; at < 100; ++at) {
      bench.clock.pass(Milliseconds(-400));  // fast: all within a minute
      bench.pulse(bench.contact);
    }
    CHECK(disk.saves == before + 2);
    CHECK(disk.records[water].pulses == 121);
  }

  TEST_CASE("a start is a gap: said once with its beginning, in doubt until the dial is read") {
    Disk disk;
    {
      Bench bench(disk);
      bench.set_base(water, 1000);
      bench.pulse(bench.contact, 2);  // 1.3 s; a power cut before they are saved
      CHECK(disk.said.empty());
    }
    const auto saved_at = disk.records[water].saved_at;
    Bench bench(disk);
    CHECK(disk.said == std::vector<std::string>{"1 0 the gateway was not running, so nobody counted"});
    CHECK(saved_at == noon);
    CHECK(bench.bus->status(water).pulses_missed);
    CHECK(bench.bus->status(water).standing == Standing::clean);
    CHECK(bench.read(water) == 1000);  // what is known, and said to be in doubt
    bench.pulse(bench.contact);
    CHECK(bench.read(water) == 1010);
    bench.bus->unlatch(water);
    CHECK(bench.bus->status(water).pulses_missed);  // a look is not a reading

    const auto before = bench.bus->set_base(water, 1030, "wang");
    REQUIRE(before);
    CHECK(*before == std::optional<std::int64_t>(1010));
    CHECK_FALSE(bench.bus->status(water).pulses_missed);
    CHECK(bench.read(water) == 1030);
    CHECK(disk.records[water] ==
          PulseRecord{1030, bench.clock.wall, "wang", 0, bench.clock.wall, std::nullopt});
  }

  TEST_CASE("a doubt outlives restarts with its first beginning, and is not said again") {
    Disk disk;
    { Bench(disk).set_base(water, 1000); }
    const auto since = disk.records[water].saved_at;
    { Bench again(disk); }
    const auto said = disk.said.size();
    { Bench once_more(disk); }
    CHECK(disk.said.size() == said);
    CHECK(disk.records[water].missed_since == since);
  }

  TEST_CASE("stopping in order saves the count to the last pulse") {
    Disk disk;
    Bench bench(disk);
    bench.set_base(water, 1000);
    bench.pulse(bench.contact, 3);
    bench.bus->stop();
    bench.settle();
    CHECK(disk.records[water].pulses == 3);
    CHECK(disk.records[water].saved_at == bench.clock.wall);
  }

  TEST_CASE("a full queue, an edge nobody told and a chip that went away are missed pulses") {
    for (const int kind : {0, 1, 2}) {
      CAPTURE(kind);
      Disk disk;
      Bench bench(disk);
      bench.set_base(water, 1000);
      bench.pulse(bench.contact);
      if (kind == 0) bench.contact.full = true;
      if (kind == 2) bench.contact.unplugged = true;
      if (kind == 1) {
        bench.contact.active = true;
        bench.clock.pass(1s);
        CHECK(bench.read(water) == 1010);
      } else {
        bench.contact.news.set();
        bench.settle();
      }
      REQUIRE(disk.said.size() == 1);
      CHECK(bench.bus->status(water).pulses_missed);
      CHECK_FALSE(bench.bus->status(power).pulses_missed);
      if (kind == 2) CHECK(bench.refused(water).find("no such chip") != std::string::npos);
    }
  }

  TEST_CASE("a base is refused where no input is, and while its input is away") {
    Disk disk;
    Bench bench(disk);
    CHECK(bench.bus->set_base(UnitAddress{9}, 1, "li").error().fault == Fault::refused);
    bench.contact.unplugged = true;
    bench.contact.news.set();
    bench.settle();
    CHECK(bench.bus->set_base(water, 1, "li").error().fault == Fault::retry);
    CHECK(disk.records.empty());
  }
}
