#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "drivers/bus/line_guard.hpp"
#include "drivers/bus/register_bus.hpp"
#include "tests/support/manual_clock.hpp"

namespace steward {

/// A line of meters at 9600 baud behind the real guard, in virtual time: what is on the wire
/// moves the test's clock and nothing else does. Registers 0 and 1: the dial; from 0x0100: the serial.
class ModelBus : public RegisterBus {
 public:
  ModelBus(ManualClock& clock, std::vector<GuardedUnit> units, LineRules rules = {})
      : clock_(clock), guard_(std::move(units), rules, clock.ticks()) {}

  Awaitable<Result<Words>> read(UnitAddress unit, RegisterSpan span) override {
    if (on_ask) on_ask(unit);
    auto sending = guard_.open(unit, span, clock_.ticks());
    if (!sending) co_return sending.error();
    reads.push_back(unit.byte());
    const auto heard = exchange(*sending);
    co_return guard_.close(*sending, heard);
  }
  Awaitable<Result<Identity>> identify(UnitAddress unit) override {
    if (on_ask) on_ask(unit);
    auto sending = guard_.open_identity(unit, clock_.ticks());
    if (!sending) co_return sending.error();
    probes.push_back(unit.byte());
    const auto heard = exchange(*sending);
    auto words = guard_.close(*sending, heard);
    if (!words) co_return words.error();
    guard_.kept(unit);
    co_return guard_.identity(unit);
  }
  UnitStatus status(UnitAddress unit) const override { return guard_.status(unit); }
  std::vector<BusNotice> take_notices() override { return guard_.take_notices(); }
  UnitCounters counters(UnitAddress unit) const override { return guard_.counters(unit); }
  void unlatch(UnitAddress unit) override { guard_.unlatch(unit); }

  std::vector<int> reads;   // units, in order
  std::vector<int> probes;  // units, in order
  std::set<int> dead;
  std::map<int, int> garbled;  // unit -> so many of its next replies
  std::set<int> refusing;      // data with exception 0x02
  std::map<int, std::int64_t> dial;
  std::map<int, std::uint16_t> serial;
  std::function<void(UnitAddress)> on_ask;
  std::vector<HeardFrame> strays;  // heard before the next request
  Milliseconds busy{0};            // the wire was in use
  Milliseconds dead_busy{0};       // of that, for units that are dead

 private:
  static Milliseconds wire(std::size_t bytes) {
    return Milliseconds(static_cast<std::int64_t>(bytes * 11 * 1000 + 9599) / 9600);
  }
  Words registers(const Sending& sending) const {
    const int unit = sending.asked.unit.byte();
    const auto value = dial.contains(unit) ? dial.at(unit) : 0;
    Words words(sending.asked.span.count, 0);
    for (std::size_t at = 0; at < words.size(); ++at) {
      const auto address = sending.asked.span.first + at;
      if (address == 0) words[at] = static_cast<std::uint16_t>(value >> 16);
      if (address == 1) words[at] = static_cast<std::uint16_t>(value & 0xFFFF);
      if (address == 0x0100)
        words[at] = serial.contains(unit) ? serial.at(unit) : static_cast<std::uint16_t>(unit);
    }
    return words;
  }

  Heard exchange(const Sending& sending) {
    const int unit = sending.asked.unit.byte();
    const auto start = clock_.ticks();
    Heard heard;
    for (auto& stray : strays) heard.before.push_back({stray, start});
    strays.clear();
    clock_.advance(wire(8) + Milliseconds(4));
    heard.went_out = true;
    heard.sent = clock_.ticks();
    if (dead.contains(unit)) {
      clock_.advance(std::chrono::ceil<Milliseconds>(sending.reply_timeout));
      heard.began = heard.ended = clock_.ticks();
    } else {
      clock_.advance(Milliseconds(10));
      heard.began = clock_.ticks();
      const std::size_t bytes = 5 + 2 * std::size_t{sending.asked.span.count};
      clock_.advance(wire(bytes));
      heard.ended = clock_.ticks();
      HeardFrame frame;
      frame.unit = sending.asked.unit;
      frame.function = static_cast<std::uint8_t>(sending.asked.span.kind);
      frame.words = registers(sending);
      frame.tag = tag_of(sending.asked.span);
      if (refusing.contains(unit) && !sending.identity) {
        frame.kind = HeardFrame::Kind::exception;
        frame.exception = 0x02;
        frame.refusal = Fault::unsupported;
        frame.words.clear();
      }
      auto spoilt = garbled.find(unit);
      if (spoilt != garbled.end() && spoilt->second > 0) {
        --spoilt->second;
        heard.after.rest = bytes;
      } else {
        heard.after.frames = {std::move(frame)};
      }
    }
    const auto took = std::chrono::ceil<Milliseconds>(clock_.ticks() - start);
    busy += took;
    if (dead.contains(unit)) dead_busy += took;
    return heard;
  }

  ManualClock& clock_;
  LineGuard guard_;
};

}  // namespace steward
