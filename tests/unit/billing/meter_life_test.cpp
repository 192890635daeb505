#include "cloud/metering/meter_life.hpp"

#include <doctest/doctest.h>

#include "cloud/metering/life_cut.hpp"
#include "cloud/metering/usage.hpp"
#include "contract/text/instant_text.hpp"
#include "contract/text/meter_event_text.hpp"

using namespace steward;
using namespace std::chrono_literals;

namespace {

constexpr UtcOffset offset{480};
constexpr Day june_1{std::chrono::year{2026} / 6 / 1};
constexpr Day july_1{std::chrono::year{2026} / 7 / 1};
const PointId place("P");
const std::string energy = "energy_import";

Instant on(int day, std::chrono::hours hour) {
  return midnight(june_1, offset) + std::chrono::days{day - 1} + hour;
}

Estate estate_with(std::vector<Install> installs) {
  Estate estate;
  estate.offset = offset;
  estate.points[place] = {place, {}, Medium::electricity, PointUse::common, {}, {}, ""};
  estate.installs[place] = std::move(installs);
  return estate;
}
Install stay(const char* meter, int from_day = -100, std::optional<int> to_day = {}) {
  Install install{place, MeterId(meter), energy, june_1 + std::chrono::days{from_day - 1}};
  if (to_day) install.to = june_1 + std::chrono::days{*to_day - 1};
  install.multiplier_n = 40;
  return install;
}

MeterEvent found(MeterEventKind kind, std::int64_t old_register, std::int64_t new_register) {
  MeterEvent event{kind, MeterId("A"), energy, on(12, 10h), on(12, 9h), old_register, new_register};
  if (kind == MeterEventKind::rollover) event.modulus = 100'000'000;
  if (kind == MeterEventKind::rollover) event.most = 100'000;
  return event;
}
MeterEvent exchange() {
  MeterEvent event{MeterEventKind::exchange, MeterId("A"), energy, on(12, 10h)};
  event.old_register = 98'120;
  event.new_register = 20;
  event.new_meter = MeterId("B");
  event.by = "Li Wei";
  return event;
}
LifeEvent said(const MeterEvent& event, std::optional<bool> verdict = {}) {
  return {7, edge_event_of(event), verdict};
}

ClosingReading reading(const char* meter, int day, std::int64_t value) {
  ClosingReading closing;
  closing.meter = MeterId(meter);
  closing.channel = energy;
  closing.at = on(day, 0h);
  closing.value = value;
  closing.unit = ChannelUnit::wh;
  return closing;
}

struct Asked {
  std::optional<std::int64_t> usage;
  std::string problems;
  std::string state;
};
Asked ask(const Estate& estate, const std::vector<LifeEvent>& events,
          const std::vector<ClosingReading>& closings, const std::vector<RegisterFall>& falls = {},
          Day from = june_1, Day to = july_1) {
  const auto now = lived(estate, events, falls);
  ClosingReadings readings;
  for (const auto& closing : closings) readings.add(closing);
  Problems problems;
  const auto usage = usage_between(now.estate, readings, place, from, to, problems);
  Asked asked{usage ? std::optional(usage->usage.count) : std::nullopt,
              {},
              now.states.empty() ? "" : std::string(word(now.states.begin()->second))};
  CHECK(asked.usage.has_value() == problems.empty());
  for (const auto& problem : problems) {
    CHECK_FALSE(problem.zh.empty());
    asked.problems += problem.en + "\n";
  }
  return asked;
}
bool holds(const std::string& text, std::string_view piece) { return text.find(piece) != std::string::npos; }

const std::vector<ClosingReading> exchanged{reading("A", 1, 90'000), reading("B", 31, 5'020)};
const std::vector<ClosingReading> fallen{reading("A", 1, 90'000), reading("A", 31, 95'000)};

}  // namespace

TEST_SUITE("metering/meter_life") {
  TEST_CASE("usage across an exchange: the old meter up to its last register, the new one from its first") {
    const auto asked = ask(estate_with({stay("A")}), {said(exchange())}, exchanged);
    CHECK(asked.usage == (98'120 - 90'000) * 40 + (5'020 - 20) * 40);
    CHECK(asked.state == "applied");
    auto other = exchange();
    other.old_ratio = Ratio{40, 1};
    other.new_ratio = Ratio{3, 2};
    CHECK(ask(estate_with({stay("A")}), {said(other)}, exchanged).usage ==
          8'120 * 40 + 5'020 * 3 / 2 - 20 * 3 / 2);
  }

  TEST_CASE("installs.csv and the event say the same, or the difference is named and nothing is billed") {
    auto before = stay("A", -100, 12);
    auto behind = stay("B", 12);
    before.closing = 98'120;
    behind.opening = 20;
    const auto same = ask(estate_with({before, behind}), {said(exchange())}, exchanged);
    CHECK(same.usage == 8'120 * 40 + 5'000 * 40);
    CHECK(same.state == "agrees");
    before.closing = 98'121;
    const auto other = ask(estate_with({before, behind}), {said(exchange())}, exchanged);
    CHECK_FALSE(other.usage);
    CHECK(other.state == "mismatch");
    CHECK(holds(other.problems,
                "event 7), but installs.csv says A ×40 until 2026-06-12 at 98.121 kWh, then B"));
    before.closing = 98'120;
    before.to = june_1 + std::chrono::days{12};
    behind.from = june_1 + std::chrono::days{12};  // a day later
    CHECK(ask(estate_with({before, behind}), {said(exchange())}, exchanged).state == "mismatch");
    CHECK(ask(estate_with({before, behind}), {said(exchange(), false)}, exchanged).usage ==
          8'120 * 40 + 5'000 * 40);
  }

  TEST_CASE("a plausible rollover counts by itself; one that is not waits for a person") {
    const std::vector<ClosingReading> closings{reading("A", 1, 99'900'000), reading("A", 31, 5'000)};
    const auto event = found(MeterEventKind::rollover, 99'990'000, 10'000);
    const auto asked = ask(estate_with({stay("A")}), {said(event)}, closings);
    CHECK(asked.usage == 100'000 * 40 + 5'000 * 40);
    auto far = event;
    far.most = 10'000;  // it cannot have risen by 20,000
    CHECK_FALSE(ask(estate_with({stay("A")}), {said(far)}, closings).usage);
    far.most = 20'000'000;  // a fifth of the dial: a reset would look the same
    const auto open = ask(estate_with({stay("A")}), {said(far)}, closings);
    CHECK(open.state == "open");
    CHECK(holds(open.problems, "`steward-cloud event confirm 7`"));
    CHECK(ask(estate_with({stay("A")}), {said(far, true)}, closings).usage == 105'000 * 40);
  }

  TEST_CASE("a reset the register outgrew by the month's end is no silent delta") {
    // From the ends alone it looks like 5 kWh.
    const auto event = found(MeterEventKind::reset, 94'000, 3);
    const auto asked = ask(estate_with({stay("A")}), {said(event)}, fallen);
    CHECK_FALSE(asked.usage);
    CHECK(holds(asked.problems,
                "meter A (energy_import) at 2026-06-12T09:00:00+08:00 .. 2026-06-12T10:00:00+08:00: reset"));
    CHECK(ask(estate_with({stay("A")}), {said(event, true)}, fallen).usage == 4'000 * 40 + (95'000 - 3) * 40);
    CHECK(ask(estate_with({stay("A")}), {}, fallen).usage == 5'000 * 40);  // without the event
    CHECK_FALSE(ask(estate_with({stay("A")}), {}, fallen, {{MeterId("A"), energy, on(12, 10h)}}).usage);
    auto daily = fallen;
    daily.push_back(reading("A", 13, 600));
    const auto seen = ask(estate_with({stay("A")}), {}, daily);
    CHECK(holds(seen.problems, "did not only rise: 90.000 kWh → 0.600 kWh"));
  }

  TEST_CASE("a bill that does not cross the event is drawn up all the same") {
    const std::vector<ClosingReading> closings{reading("A", 1, 90'000), reading("A", 10, 93'000),
                                               reading("A", 13, 600), reading("A", 31, 95'000)};
    const auto event = said(found(MeterEventKind::fell, 94'000, 300));
    const auto days = [](int day) { return june_1 + std::chrono::days{day - 1}; };
    CHECK(ask(estate_with({stay("A")}), {event}, closings, {}, days(1), days(10)).usage == 3'000 * 40);
    CHECK(ask(estate_with({stay("A")}), {event}, closings, {}, days(13), days(31)).usage == 94'400 * 40);
    CHECK_FALSE(ask(estate_with({stay("A")}), {event}, closings, {}, days(10), days(13)).usage);
  }

  TEST_CASE("a changed ratio and another serial number wait for a decision") {
    MeterEvent ratio{MeterEventKind::ratio_change, MeterId("A"), energy, on(12, 10h), on(12, 9h), 94'000};
    ratio.old_ratio = Ratio{40, 1};
    ratio.new_ratio = Ratio{60, 1};
    CHECK_FALSE(ask(estate_with({stay("A")}), {said(ratio)}, fallen).usage);
    CHECK(ask(estate_with({stay("A")}), {said(ratio, true)}, fallen).usage == 4'000 * 40 + 1'000 * 60);
    ratio.by = "Li Wei";
    ratio.since.reset();
    CHECK(ask(estate_with({stay("A")}), {said(ratio)}, fallen).usage == 4'000 * 40 + 1'000 * 60);
    ratio.old_ratio = Ratio{30, 1};
    CHECK(ask(estate_with({stay("A")}), {said(ratio)}, fallen).state == "mismatch");

    MeterEvent serial{MeterEventKind::serial_changed, MeterId("A"), "", on(12, 10h), on(12, 9h)};
    serial.new_serial = "4711";
    CHECK_FALSE(ask(estate_with({stay("A")}), {said(serial)}, fallen).usage);
    CHECK(ask(estate_with({stay("A")}), {said(serial, true)}, fallen).usage == 5'000 * 40);
  }

  TEST_CASE("a removed or sealed meter counts up to its last register, and later months are refused") {
    MeterEvent gone{MeterEventKind::removed, MeterId("A"), energy, on(12, 10h)};
    gone.old_register = 94'500;
    gone.by = "Li Wei";
    CHECK(ask(estate_with({stay("A")}), {said(gone)}, fallen).usage == 4'500 * 40);
    gone.kind = MeterEventKind::sealed;
    const auto july =
        ask(estate_with({stay("A")}), {said(gone)}, fallen, {}, july_1, july_1 + std::chrono::days{31});
    CHECK(holds(july.problems, "no meter since 2026-06-12"));
  }

  TEST_CASE(
      "what a technician says later takes the place of what the gateway found, and cuts where it was found") {
    auto late = exchange();
    late.since = on(12, 9h);
    late.at = on(14, 15h);
    const auto fell = found(MeterEventKind::fell, 98'000, 20);
    std::vector<LifeEvent> events{{1, edge_event_of(late), {}}, {2, edge_event_of(fell), {}}};
    CHECK(ask(estate_with({stay("A")}), events, exchanged).usage == 8'120 * 40 + 5'000 * 40);
    // A bill that begins on the 14th would take the new meter's value under the old one's name.
    const auto between =
        ask(estate_with({stay("A")}), events, {reading("A", 14, 700), reading("B", 31, 5'020)}, {},
            june_1 + std::chrono::days{13});
    CHECK(holds(between.problems, "begins or ends between these two readings"));
  }

  TEST_CASE(
      "an event of a meter nobody has installed is nobody's bill; one that cannot be read stops its "
      "meter's") {
    auto other = exchange();
    other.meter = MeterId("Z");
    CHECK(ask(estate_with({stay("A")}), {said(other)}, fallen).state == "unassigned");
    const LifeEvent odd{7, {on(12, 10h), "meter_reset", "A", "{\"colour\":1}"}, {}};
    const auto asked = ask(estate_with({stay("A")}), {odd}, fallen);
    CHECK(holds(asked.problems, "in a form this program cannot read"));
    CHECK(ask(estate_with({stay("A")}), {{7, odd.said, false}}, fallen).usage == 5'000 * 40);
  }
}

TEST_SUITE("metering/life_cut") {
  TEST_CASE("every end that an event cut names its event; what was only written down names none") {
    auto ratio = exchange();
    ratio.kind = MeterEventKind::ratio_change;
    ratio.new_meter = {};
    ratio.new_register = 98'120;
    ratio.old_ratio = Ratio{40, 1};
    ratio.new_ratio = Ratio{60, 1};
    auto reset = exchange();
    reset.kind = MeterEventKind::reset;
    reset.new_meter = {};
    for (const auto& event : {exchange(), ratio, reset, found(MeterEventKind::rollover, 99'950'000, 30)}) {
      CAPTURE(word(event.kind));
      const std::vector events{said(event)};
      const auto now = lived(estate_with({stay("A")}), events, {});
      const bool rolls = event.kind == MeterEventKind::rollover;
      const bool another = event.kind == MeterEventKind::exchange;
      ClosingReadings readings;
      readings.add(reading("A", 1, rolls ? 99'900'000 : 90'000));
      readings.add(reading(another ? "B" : "A", 31, 99'000));
      Problems problems;
      const auto usage = usage_between(now.estate, readings, place, june_1, july_1, problems);
      for (const auto& problem : problems) FAIL_CHECK(problem.en);
      REQUIRE(usage);
      REQUIRE(usage->segments.size() == 2);
      const auto& before = usage->segments[0];
      const auto& after = usage->segments[1];
      CHECK(cut_at(before, before.begin, events, offset) == nullptr);  // a closing reading
      CHECK(cut_at(before, before.end, events, offset) == events.data());
      CHECK(cut_at(after, after.begin, events, offset) == events.data());
      // Rejected, or about another register or day: not what cut it.
      const std::vector rejected{said(event, false)};
      CHECK(cut_at(before, before.end, rejected, offset) == nullptr);
      auto other = before.end;
      other.reading.value += 1;
      CHECK(cut_at(before, other, events, offset) == nullptr);
      other = before.end;
      other.reading.at += std::chrono::days{1};
      CHECK(cut_at(before, other, events, offset) == nullptr);
    }
  }
}
