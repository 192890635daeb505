#include "drivers/bus/line_guard.hpp"
#include "drivers/modbus/burst.hpp"

#include <doctest/doctest.h>

using namespace steward;
using namespace std::chrono_literals;

namespace {

constexpr Ticks start{1h};
constexpr RegisterSpan volts{RegisterKind::input, 0, 6};
constexpr RegisterSpan energy{RegisterKind::input, 0x48, 4};
constexpr RegisterSpan serial{RegisterKind::holding, 0xFC00, 2};
constexpr RegisterSpan longer{RegisterKind::holding, 0xFC00, 3};

GuardedUnit meter(std::uint8_t address) {
  GuardedUnit unit;
  unit.unit = UnitAddress{address};
  for (const auto& span : {volts, RegisterSpan{RegisterKind::input, 0, 7}, energy, serial, longer})
    REQUIRE(unit.dictionary.claim(span));
  unit.probes = {serial, longer};
  unit.serial = serial;
  return unit;
}

/// A line of units 1 and 2 in a test's own time; each call is one exchange.
struct Line {
  LineGuard guard{[] {
                    std::vector<GuardedUnit> units;
                    units.push_back(meter(1));
                    units.push_back(meter(2));
                    return units;
                  }(),
                  {},
                  start};
  Ticks now = start;
  std::uint16_t plate = 77;  // the serial number the device answers with

  static HeardFrame answer(std::uint8_t unit, const RegisterSpan& span, std::uint16_t fill) {
    HeardFrame frame;
    frame.unit = UnitAddress{unit};
    frame.function = static_cast<std::uint8_t>(span.kind);
    frame.words = Words(span.count, fill);
    frame.tag = tag_of(span);
    return frame;
  }
  Heard heard(std::vector<HeardFrame> frames, std::size_t rest = 0) {
    Heard all;
    all.went_out = true;
    all.sent = now;
    all.began = now + 10ms;
    all.ended = now + 20ms;
    all.after.frames = std::move(frames);
    all.after.rest = rest;
    now += 20ms;
    return all;
  }
  Result<Words> exchange(const Sending& sending) {
    const auto fill = sending.identity ? plate : std::uint16_t{5};
    return guard.close(sending, heard({answer(sending.asked.unit.byte(), sending.asked.span, fill)}));
  }
  void identify(std::uint8_t unit) {
    now = std::max(now, guard.status(UnitAddress{unit}).ready_at);
    auto sending = guard.open_identity(UnitAddress{unit}, now);
    REQUIRE(sending);
    REQUIRE(exchange(*sending));
    guard.kept(UnitAddress{unit});
  }
  Sending open(RegisterSpan span) {
    auto sending = guard.open(UnitAddress{1}, span, now);
    REQUIRE(sending);
    return *sending;
  }
  Standing standing(std::uint8_t unit = 1) { return guard.status(UnitAddress{unit}).standing; }
};

}  // namespace

TEST_SUITE("drivers/bus/line_guard") {
  TEST_CASE("no data before the identity, and then exactly what was wished for") {
    Line line;
    CHECK_FALSE(line.guard.open(UnitAddress{1}, volts, line.now + 1h));
    line.identify(1);
    const auto words = line.exchange(line.open(volts));
    REQUIRE(words);
    CHECK(words->size() == 6);
    CHECK(line.standing(2) == Standing::quarantined);
  }

  TEST_CASE("a span the dictionary gives to another register is never sent") {
    Line line;
    line.identify(1);
    const auto refused = line.guard.open(UnitAddress{1}, {RegisterKind::input, 0x48, 6}, line.now);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().fault == Fault::refused);
    CHECK_FALSE(line.guard.open(UnitAddress{9}, volts, line.now));
  }

  TEST_CASE("the same read twice alternates its length; one that cannot is refused") {
    Line line;
    line.identify(1);
    CHECK(line.open(volts).asked.span == volts);
    REQUIRE(line.exchange(line.open(volts)));
    const auto second = line.open(volts);
    CHECK(second.asked.span == RegisterSpan{RegisterKind::input, 0, 7});
    const auto words = line.exchange(second);
    REQUIRE(words);
    CHECK(words->size() == 6);
    REQUIRE(line.exchange(line.open(energy)));
    CHECK_FALSE(line.guard.open(UnitAddress{1}, energy, line.now));
  }

  TEST_CASE("whatever is not exactly the one reply is never a value, and quarantines its unit") {
    const auto right = Line::answer(1, volts, 5);
    auto other_count = Line::answer(1, energy, 5);
    const auto exception = exception_frame(UnitAddress{1}, 4, 2);
    struct Wrong {
      std::vector<HeardFrame> frames;
      std::size_t rest;
      Fault fault;
    };
    const Wrong wrongs[] = {
        {{}, 0, Fault::retry},                               // silence
        {{}, 7, Fault::malformed},                           // garbled
        {{right}, 1, Fault::malformed},                      // surplus
        {{right, right}, 0, Fault::malformed},               // twice
        {{other_count}, 0, Fault::malformed},                // the reply to another request
        {{other_count, right}, 0, Fault::malformed},         // that, and then ours
        {{Line::answer(2, volts, 5)}, 0, Fault::malformed},  // another unit
        {{exception}, 0, Fault::unsupported},
    };
    for (const auto& wrong : wrongs) {
      Line line;
      line.identify(1);
      REQUIRE(line.exchange(line.open(energy)));
      const auto episode = line.guard.status(UnitAddress{1}).episode;
      const auto refused = line.guard.close(line.open(volts), line.heard(wrong.frames, wrong.rest));
      REQUIRE_FALSE(refused);
      CHECK(refused.error().fault == wrong.fault);
      CHECK(line.standing() == Standing::quarantined);
      CHECK(line.guard.status(UnitAddress{1}).episode == episode + 1);
    }
  }

  TEST_CASE("a refusal of the longer, alternated read is not one of the read wished for") {
    Line line;
    line.identify(1);
    REQUIRE(line.exchange(line.open(volts)));
    const auto longer_read = line.open(volts);
    REQUIRE(longer_read.asked.span.count == 7);
    const auto refusal = exception_frame(UnitAddress{1}, 4, 2);
    CHECK(line.guard.close(longer_read, line.heard({refusal})).error().fault == Fault::retry);
  }

  TEST_CASE("a reply that comes while its unit is quarantined counts as late, for the technician") {
    Line line;
    line.identify(1);
    CHECK_FALSE(line.guard.close(line.open(volts), line.heard({})));
    line.now = line.guard.status(UnitAddress{1}).ready_at;
    const auto probe = line.guard.open_identity(UnitAddress{1}, line.now);
    REQUIRE(probe);
    auto heard = line.heard({Line::answer(1, probe->asked.span, 77)});
    heard.before.push_back({Line::answer(1, volts, 5), line.now - 1s});
    REQUIRE(line.guard.close(*probe, heard));
    CHECK(line.guard.counters(UnitAddress{1}).late == 1);
    CHECK(line.guard.counters(UnitAddress{1}).silent == 1);
  }

  TEST_CASE("another unit's frame before ours costs that unit its clean time, not ours") {
    Line line;
    line.identify(1);
    line.identify(2);
    const auto words = line.guard.close(line.open(volts),
                                        line.heard({Line::answer(2, energy, 5), Line::answer(1, volts, 5)}));
    CHECK(words);
    CHECK(line.standing(1) == Standing::clean);
    CHECK(line.standing(2) == Standing::quarantined);
  }

  TEST_CASE("a frame of the unit that came before the request left spoils the request") {
    Line line;
    line.identify(1);
    auto all = line.heard({Line::answer(1, volts, 5)});
    all.before.push_back({Line::answer(1, energy, 5), all.sent - 1ms});
    CHECK_FALSE(line.guard.close(line.open(volts), all));
    CHECK(line.standing() == Standing::quarantined);
  }

  TEST_CASE("another serial number latches and names the last good check") {
    Line line;
    line.identify(1);
    const Ticks checked = line.now - 10ms;
    REQUIRE(line.exchange(line.open(volts)));
    line.plate = 78;
    line.identify(1);
    CHECK(line.guard.status(UnitAddress{1}).latched);
    CHECK_FALSE(line.guard.identity(UnitAddress{1}).expected);
    const auto notices = line.guard.take_notices();
    REQUIRE(notices.size() == 1);
    CHECK(notices[0].kind == BusNotice::Kind::exchanged);
    CHECK(notices[0].since == checked);
    CHECK(line.guard.record(UnitAddress{1}).latched);
    REQUIRE(line.exchange(line.open(volts)));
    line.plate = 77;
    line.identify(1);
    CHECK(line.guard.take_notices().at(0).kind == BusNotice::Kind::clash);
    CHECK(line.guard.status(UnitAddress{1}).latched);
    line.guard.unlatch(UnitAddress{1});
    CHECK_FALSE(line.guard.status(UnitAddress{1}).latched);
    CHECK(line.standing() == Standing::quarantined);
  }

  TEST_CASE("a device that has become slower is waited for longer, not called silent for ever") {
    Line line;
    line.identify(1);
    for (int at = 0; at < 16; ++at) REQUIRE(line.exchange(line.open(at % 2 == 0 ? volts : energy)));
    REQUIRE(line.open(volts).reply_timeout < 100ms);
    // From now on it takes 300 ms, and the line's time-out is a second.
    CHECK_FALSE(line.guard.close(line.open(volts), line.heard({})));
    for (int probes = 0; probes < 3 && line.standing() != Standing::answered; ++probes) {
      line.now = std::max(line.now, line.guard.status(UnitAddress{1}).ready_at);
      const auto probe = line.guard.open_identity(UnitAddress{1}, line.now);
      REQUIRE(probe);
      auto heard = line.heard({});
      if (probe->reply_timeout >= 300ms) heard.after.frames = {Line::answer(1, probe->asked.span, 77)};
      heard.began = heard.sent + 300ms;
      heard.ended = line.now = heard.sent + probe->reply_timeout;
      (void)line.guard.close(*probe, heard);
    }
    REQUIRE(line.standing() == Standing::answered);
    line.guard.kept(UnitAddress{1});
    CHECK(line.open(volts).reply_timeout >= 300ms);
  }

  TEST_CASE("a reply that came late lengthens the time-out") {
    Line line;
    line.identify(1);
    for (int at = 0; at < 16; ++at) REQUIRE(line.exchange(line.open(at % 2 == 0 ? volts : energy)));
    CHECK_FALSE(line.guard.close(line.open(volts), line.heard({})));
    line.now = line.guard.status(UnitAddress{1}).ready_at;
    const auto probe = line.guard.open_identity(UnitAddress{1}, line.now);
    REQUIRE(probe);
    auto heard = line.heard({Line::answer(1, probe->asked.span, 77)});
    heard.before.push_back({Line::answer(1, volts, 5), line.now - 2s});
    REQUIRE(line.guard.close(*probe, heard));
    line.guard.kept(UnitAddress{1});
    CHECK(line.open(volts).reply_timeout == 1s);
  }

  TEST_CASE("a unit cleared while its data is under way is not taken for probed") {
    Line line;
    line.identify(1);
    const auto sending = line.open(volts);
    line.guard.unlatch(UnitAddress{1});
    CHECK_FALSE(line.exchange(sending));
    REQUIRE(line.standing() == Standing::quarantined);
    line.identify(1);
    CHECK(line.exchange(line.open(volts)));
  }

  TEST_CASE("two devices that take turns in answering are one clash, not an event each time") {
    Line line;
    line.identify(1);
    std::size_t notices = 0;
    for (int turn = 0; turn < 20; ++turn) {
      REQUIRE(line.exchange(line.open(volts)));
      line.plate ^= 3;
      line.identify(1);
      notices += line.guard.take_notices().size();
    }
    CHECK(notices == 2);  // another one, then both
  }

  TEST_CASE("three copies of replies latch the address") {
    Line line;
    for (int copy = 0; copy < 3; ++copy) {
      CHECK_FALSE(line.guard.status(UnitAddress{1}).latched);
      line.identify(1);
      const auto right = Line::answer(1, volts, 5);
      CHECK_FALSE(line.guard.close(line.open(volts), line.heard({right, right})));
    }
    CHECK(line.guard.status(UnitAddress{1}).latched);
  }

  TEST_CASE("copies that come an exchange later are copies too") {
    Line line;
    for (int copy = 0; copy < 3; ++copy) {
      CHECK_FALSE(line.guard.status(UnitAddress{1}).latched);
      line.identify(1);
      REQUIRE(line.exchange(line.open(volts)));
      REQUIRE(line.exchange(line.open(energy)));
      auto all = line.heard({});
      all.before.push_back({Line::answer(1, volts, 5), all.sent - 1ms});
      CHECK_FALSE(line.guard.close(line.open(volts), all));
    }
    CHECK(line.guard.status(UnitAddress{1}).latched);
  }

  TEST_CASE("the identity is read again after so many reads") {
    Line line;
    line.identify(1);
    int reads = 0;
    while (!line.guard.identity_due(UnitAddress{1})) {
      REQUIRE(line.exchange(line.open(volts)));
      ++reads;
    }
    CHECK(reads == 48);
    CHECK_FALSE(line.guard.open(UnitAddress{1}, volts, line.now));
    line.identify(1);
    CHECK(line.guard.open(UnitAddress{1}, volts, line.now));
  }

  TEST_CASE("a second master spoils the line for ten minutes") {
    Line line;
    line.identify(1);
    HeardFrame request{HeardFrame::Kind::request, UnitAddress{2}, 3, {}, {}};
    auto all = line.heard({Line::answer(1, volts, 5)});
    all.before.push_back({request, all.sent - 1ms});
    CHECK(line.guard.close(line.open(volts), all));
    CHECK(line.guard.status(UnitAddress{1}).foreign);
    CHECK(line.guard.take_notices().at(0).kind == BusNotice::Kind::foreign_master);
    line.now += 11min;
    REQUIRE(line.exchange(line.open(energy)));
    CHECK_FALSE(line.guard.status(UnitAddress{1}).foreign);
  }

  TEST_CASE("a reply that a second master asked this unit for is no value, whatever its length") {
    const HeardFrame request{HeardFrame::Kind::request, UnitAddress{1}, 4, {}, {}};
    for (const bool before : {true, false}) {
      CAPTURE(before);
      Line line;
      line.identify(1);
      auto all = line.heard({Line::answer(1, volts, 5)});
      if (before) {
        all.before.push_back({request, all.sent - 1ms});
      } else {
        all.after.frames.insert(all.after.frames.begin(), request);
      }
      CHECK_FALSE(line.guard.close(line.open(volts), all));
      CHECK(line.standing() == Standing::quarantined);
      CHECK(line.guard.status(UnitAddress{1}).foreign);
    }
  }

  TEST_CASE("a unit that a second master asked is left alone for as long as its reply may take") {
    Line line;
    line.identify(1);
    line.identify(2);
    auto all = line.heard({Line::answer(2, serial, 77)});
    all.before.push_back({{HeardFrame::Kind::request, UnitAddress{1}, 4, {}, {}}, all.sent - 1ms});
    const auto other = line.guard.open(UnitAddress{2}, volts, line.now);
    REQUIRE(other);
    (void)line.guard.close(*other, all);
    CHECK(line.standing() == Standing::quarantined);
    CHECK_FALSE(line.guard.open(UnitAddress{1}, volts, line.now));
    CHECK_FALSE(line.guard.open_identity(UnitAddress{1}, all.sent + 2900ms));
    CHECK(line.guard.open_identity(UnitAddress{1}, all.sent + 3000ms));
  }

  TEST_CASE("a reply of a length that nobody here asks for tells of a second master") {
    Line line;
    line.identify(1);
    CHECK_FALSE(
        line.guard.close(line.open(volts), line.heard({Line::answer(1, {RegisterKind::input, 0, 33}, 5)})));
    CHECK(line.guard.status(UnitAddress{1}).foreign);
  }

  TEST_CASE("no such register is believed when no earlier probe can have been refused") {
    Line line;
    const auto refusal = exception_frame(UnitAddress{1}, 4, 2);
    const auto refused = [&] {
      const auto words = line.guard.close(line.open(volts), line.heard({refusal}));
      REQUIRE_FALSE(words);
      return words.error().fault;
    };
    line.identify(1);
    CHECK(refused() == Fault::retry);  // a probe from before the start may be under way
    line.identify(1);
    CHECK(refused() == Fault::unsupported);
    line.now = line.guard.status(UnitAddress{1}).ready_at;
    REQUIRE_FALSE(line.guard.close(*line.guard.open_identity(UnitAddress{1}, line.now), line.heard({})));
    line.identify(1);
    CHECK(refused() == Fault::retry);  // the probe was sent twice
    line.now = line.guard.status(UnitAddress{1}).ready_at;
    REQUIRE_FALSE(line.guard.close(*line.guard.open_identity(UnitAddress{1}, line.now), line.heard({})));
    line.identify(1);
    REQUIRE(line.exchange(line.open(energy)));
    CHECK(refused() == Fault::unsupported);  // what came before the answer is delivered
  }

  TEST_CASE("a lost path quarantines every unit and is tried more and more rarely") {
    Line line;
    line.identify(1);
    line.identify(2);
    Heard gone;
    gone.ended = line.now;
    gone.lost = Error{Fault::retry, "unplugged"};
    CHECK(line.guard.close(line.open(volts), gone).error().message == "unplugged");
    CHECK(line.standing(1) == Standing::quarantined);
    CHECK(line.standing(2) == Standing::quarantined);
    CHECK(line.guard.status(UnitAddress{1}).ready_at >= line.now + 1s);
  }

  TEST_CASE("an item whose rest never came does not spoil the probe that follows it") {
    constexpr UnitAddress electric{1, Protocol::dlt645};
    constexpr RegisterSpan block{RegisterKind::dlt645_item, 0x0001FF00, 20};
    constexpr RegisterSpan date{RegisterKind::dlt645_item, 0x04000101, 4};
    constexpr RegisterSpan clock{RegisterKind::dlt645_item, 0x04000102, 3};
    GuardedUnit unit{.unit = electric, .probes = {date, clock}};
    for (const auto& span : {block, date, clock}) REQUIRE(unit.dictionary.claim(span));
    LineGuard guard({unit}, {}, start);
    Ticks now = start;
    const auto ask = [&](const Sending& sending, std::size_t words, bool more) {
      Heard heard{.went_out = true, .sent = now, .began = now + 10ms, .ended = now + 20ms};
      HeardFrame frame{.unit = electric, .function = 0x11, .tag = tag_of(sending.asked.span)};
      frame.words = Words(words, 0);
      frame.odd = sending.asked.span.count % 2 != 0;
      frame.more = more;
      if (words > 0) heard.after.frames = {frame};
      now += 20ms;
      return guard.close(sending, heard);
    };
    const auto identify = [&] {
      now = std::max(now, guard.status(electric).ready_at);
      const auto sending = guard.open_identity(electric, now);
      REQUIRE(sending);
      REQUIRE(ask(*sending, sending->asked.span.words(), false));
      guard.kept(electric);
    };
    identify();
    const auto sending = guard.open(electric, block, now);
    REQUIRE(sending);
    REQUIRE(ask(*sending, 6, true)->empty());
    const auto rest = guard.open_more(*sending, now);
    REQUIRE(rest);
    CHECK_FALSE(ask(*rest, 0, false));  // lost
    CHECK(guard.status(electric).standing == Standing::quarantined);
    identify();
    CHECK(guard.status(electric).standing == Standing::clean);
  }
}

TEST_SUITE("drivers/bus/line_guard/surveyed") {
  /// A scan's read that went out at the line's speed, or another, and what was heard.
  Surveyed read_of(Ticks at, std::vector<HeardFrame> overheard, bool other_speed = false) {
    Surveyed surveyed;
    surveyed.went_out = true;
    surveyed.other_speed = other_speed;
    surveyed.ended = at;
    surveyed.overheard = std::move(overheard);
    return surveyed;
  }

  TEST_CASE("for a minute after a scan's read the replies of strangers are no second master's") {
    Line line;
    line.identify(1);
    line.guard.surveyed(read_of(line.now, {Line::answer(9, volts, 5)}), line.now);
    CHECK(line.guard.take_notices().empty());
    CHECK(line.standing() == Standing::clean);
    // One that comes late, in the middle of a round, is the scan's as well.
    line.now += 59s;
    auto sending = line.open(volts);
    (void)line.guard.close(sending, line.heard({Line::answer(9, volts, 5), Line::answer(1, volts, 5)}));
    CHECK(line.guard.take_notices().empty());
    // After the minute it is somebody else's.
    line.now += 2s;
    line.identify(1);
    sending = line.open(energy);
    (void)line.guard.close(sending, line.heard({Line::answer(9, volts, 5)}));
    const auto notices = line.guard.take_notices();
    REQUIRE(notices.size() == 1);
    CHECK(notices[0].kind == BusNotice::Kind::foreign_master);
  }

  TEST_CASE("a request that is not ours is a second master's, scan or not") {
    Line line;
    line.identify(1);
    auto request = Line::answer(1, volts, 0);
    request.kind = HeardFrame::Kind::request;
    line.guard.surveyed(read_of(line.now, {request}), line.now);
    const auto notices = line.guard.take_notices();
    REQUIRE(notices.size() == 1);
    CHECK(notices[0].kind == BusNotice::Kind::foreign_master);
    CHECK(line.standing() == Standing::quarantined);
  }

  TEST_CASE("after a read at another speed every unit is identified again before it is believed") {
    Line line;
    line.identify(1);
    line.identify(2);
    line.guard.surveyed(read_of(line.now, {}), line.now);  // at its own speed: nothing to doubt
    CHECK(line.standing(1) == Standing::clean);
    line.guard.surveyed(read_of(line.now, {}, true), line.now);
    CHECK(line.standing(1) == Standing::quarantined);
    CHECK(line.standing(2) == Standing::quarantined);
    CHECK_FALSE(line.guard.open(UnitAddress{1}, volts, line.now));
    CHECK(line.guard.status(UnitAddress{1}).ready_at >= line.now + 3s);  // what may come late has come
    line.identify(1);
    CHECK(line.exchange(line.open(volts)));
  }

  TEST_CASE("a path that fails under a scan is lost for the units too; one that cannot be searched is not") {
    Line line;
    line.identify(1);
    auto failed = read_of(line.now, {});
    failed.lost = Error{Fault::unsupported, "this path cannot be searched"};
    line.guard.surveyed(failed, line.now);
    CHECK(line.standing() == Standing::clean);
    failed.lost = Error{Fault::retry, "the serial device went away"};
    line.guard.surveyed(failed, line.now);
    CHECK(line.standing() == Standing::quarantined);
  }
}
