#include <doctest/doctest.h>

#include "contract/text/unit_text.hpp"
#include "drivers/bus/line_guard.hpp"

using namespace steward;
using namespace std::chrono_literals;

namespace {

constexpr Ticks start{1h};
constexpr UnitAddress meter{1, Protocol::dlt645};
constexpr UnitAddress water{0x10 * 100'000'000'000'000 + 12, Protocol::cjt188};
constexpr RegisterSpan energy{RegisterKind::dlt645_item, 0x00010000, 4};
constexpr RegisterSpan volts{RegisterKind::dlt645_item, 0x02010100, 2};
constexpr RegisterSpan date{RegisterKind::dlt645_item, 0x04000101, 4};
constexpr RegisterSpan time_of_day{RegisterKind::dlt645_item, 0x04000102, 3};
constexpr RegisterSpan volume(std::uint32_t ser) {
  return {RegisterKind::cjt188_item, (ser << 16) | 0x901F, 19};
}

/// One meter of each kind on one line, in a test's own time.
struct Line {
  LineGuard guard{[] {
                    GuardedUnit power;
                    power.unit = meter;
                    for (const auto& span : {energy, volts, date, time_of_day})
                      REQUIRE(power.dictionary.claim(span));
                    power.probes = {date, time_of_day};
                    GuardedUnit flow;
                    flow.unit = water;
                    for (std::uint32_t ser = 0; ser < 4; ++ser) REQUIRE(flow.dictionary.claim(volume(ser)));
                    flow.probes = {volume(2), volume(3)};
                    return std::vector{std::move(power), std::move(flow)};
                  }(),
                  {},
                  start};
  Ticks now = start;

  static HeardFrame answer(UnitAddress unit, const RegisterSpan& span, std::uint8_t sequence = 0) {
    HeardFrame frame;
    frame.unit = unit;
    frame.function = static_cast<std::uint8_t>(span.kind);
    frame.tag = tag_of(span, sequence);
    frame.words = Words(span.words(), 0x1234);
    frame.odd = span.count % 2 != 0;
    return frame;
  }
  Heard heard(std::vector<HeardFrame> frames) {
    Heard all;
    all.went_out = true;
    all.sent = now;
    all.began = now + 50ms;
    all.ended = now + 90ms;
    all.after.frames = std::move(frames);
    now += 100ms;
    return all;
  }
  Result<Words> exchange(const Sending& sending) {
    return guard.close(sending, heard({answer(sending.asked.unit, sending.asked.span)}));
  }
  void identify(UnitAddress unit) {
    now = std::max(now, guard.status(unit).ready_at);
    const auto sending = guard.open_identity(unit, now);
    REQUIRE(sending);
    REQUIRE(exchange(*sending));
    guard.kept(unit);
  }
};

}  // namespace

TEST_SUITE("drivers/bus/item_guard") {
  TEST_CASE("an item that would follow itself waits for an identity in between") {
    Line line;
    line.identify(meter);
    REQUIRE(line.exchange(*line.guard.open(meter, energy, line.now)));
    CHECK(line.guard.follows_itself(meter, energy, line.now));
    CHECK_FALSE(line.guard.open(meter, energy, line.now));
    CHECK_FALSE(line.guard.follows_itself(meter, volts, line.now));
    line.identify(meter);
    CHECK(line.guard.open(meter, energy, line.now));
  }

  TEST_CASE("a CJ/T 188 item follows itself under another SER") {
    Line line;
    line.identify(water);
    const auto first = line.guard.open(water, volume(0), line.now);
    REQUIRE(first);
    CHECK(first->asked.span == volume(0));
    const auto words = line.exchange(*first);
    REQUIRE(words);
    CHECK(words->size() == 10);
    const auto second = line.guard.open(water, volume(0), line.now);
    REQUIRE(second);
    CHECK(second->asked.span.item() == volume(0).item());
    CHECK(second->asked.span != volume(0));
    // The reply to the first request, come twice, is not the second's: it carries the first SER.
    CHECK_FALSE(line.guard.close(*second, line.heard({Line::answer(water, volume(0))})));
  }

  TEST_CASE("the parts of an item are believed only whole and in order") {
    const auto part = [](std::uint8_t sequence, std::size_t words, bool more) {
      auto frame = Line::answer(meter, energy, sequence);
      frame.words = Words(words, static_cast<std::uint16_t>(sequence + 1));
      frame.more = more;
      return frame;
    };
    SUBCASE("two frames") {
      Line line;
      line.identify(meter);
      const auto first = line.guard.open(meter, energy, line.now);
      REQUIRE(first);
      const auto nothing_yet = line.guard.close(*first, line.heard({part(0, 1, true)}));
      REQUIRE(nothing_yet);
      CHECK(nothing_yet->empty());
      const auto second = line.guard.open_more(*first, line.now);
      REQUIRE(second);
      CHECK(second->asked.sequence == 1);
      const auto words = line.guard.close(*second, line.heard({part(1, 1, false)}));
      REQUIRE(words);
      CHECK(*words == Words{1, 2});
    }
    SUBCASE("the second part instead of the first") {
      Line line;
      line.identify(meter);
      CHECK_FALSE(
          line.guard.close(*line.guard.open(meter, energy, line.now), line.heard({part(1, 1, false)})));
    }
    SUBCASE("the second part is another's first") {
      Line line;
      line.identify(meter);
      const auto first = line.guard.open(meter, energy, line.now);
      REQUIRE(line.guard.close(*first, line.heard({part(0, 1, true)})));
      const auto second = line.guard.open_more(*first, line.now);
      REQUIRE(second);
      CHECK_FALSE(line.guard.close(*second, line.heard({part(0, 1, false)})));
      CHECK(line.guard.status(meter).standing == Standing::quarantined);
    }
    SUBCASE("more than the profile says, or less") {
      for (const bool more : {true, false}) {
        Line line;
        line.identify(meter);
        const auto words = line.guard.close(*line.guard.open(meter, energy, line.now),
                                            line.heard({part(0, more ? 2 : 1, more)}));
        CHECK_FALSE(words);
      }
    }
  }

  TEST_CASE("an item of another length than the profile says is no value") {
    Line line;
    line.identify(meter);
    auto frame = Line::answer(meter, energy);
    frame.odd = true;  // three bytes instead of four
    CHECK_FALSE(line.guard.close(*line.guard.open(meter, energy, line.now), line.heard({frame})));
  }

  TEST_CASE("a late reply of one protocol quarantines its own unit and not the other's") {
    Line line;
    line.identify(meter);
    line.identify(water);
    const auto sending = line.guard.open(water, volume(0), line.now);
    REQUIRE(sending);
    auto all = line.heard({Line::answer(water, volume(0))});
    all.before.push_back({Line::answer(meter, volts), all.sent - 5ms});
    CHECK(line.guard.close(*sending, all));
    CHECK(line.guard.status(meter).standing == Standing::quarantined);
    CHECK(line.guard.status(water).standing == Standing::clean);
  }

  TEST_CASE("a second master that asks everybody spoils the meter that is open") {
    Line line;
    line.identify(meter);
    HeardFrame request;
    request.kind = HeardFrame::Kind::request;
    request.unit = {any_digits, Protocol::dlt645};
    request.function = 0x11;
    const auto sending = line.guard.open(meter, energy, line.now);
    CHECK_FALSE(line.guard.close(*sending, line.heard({request, Line::answer(meter, energy)})));
    CHECK(line.guard.status(meter).foreign);
  }
}

TEST_SUITE("contract/text/unit_text") {
  TEST_CASE("addresses are written and read as a label has them") {
    for (const auto& [protocol, text] :
         {std::pair{Protocol::modbus, "1"}, std::pair{Protocol::modbus, "247"},
          std::pair{Protocol::dlt645, "000000000001"}, std::pair{Protocol::dlt645, "999999999998"},
          std::pair{Protocol::cjt188, "10:00000000000012"},
          std::pair{Protocol::cjt188, "30:99999999999999"}}) {
      const auto unit = read_unit_text(protocol, text);
      REQUIRE(unit);
      CHECK(unit_text(*unit) == text);
      CHECK(unit->protocol == protocol);
    }
  }

  TEST_CASE("what is no address of the protocol is none") {
    for (const auto& [protocol, text] :
         {std::pair{Protocol::modbus, "0"}, std::pair{Protocol::modbus, "248"},
          std::pair{Protocol::modbus, "007"}, std::pair{Protocol::modbus, ""},
          std::pair{Protocol::dlt645, "1"}, std::pair{Protocol::dlt645, "00000000000a"},
          std::pair{Protocol::dlt645, "-00000000001"}, std::pair{Protocol::dlt645, "999999999999"},
          std::pair{Protocol::cjt188, "00000000000012"}, std::pair{Protocol::cjt188, "1:000000000000012"},
          std::pair{Protocol::cjt188, "10-00000000000012"}}) {
      INFO(text);
      CHECK_FALSE(read_unit_text(protocol, text));
    }
  }
}
