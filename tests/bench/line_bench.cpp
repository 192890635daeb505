// How many reads a minute Chinese meters give at 2400 baud behind the guard, beside what their wire allows.
// Limit = bytes of request and reply, FE included, at 11 bits, the meter's turn-around, T3.5 of rest.
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "drivers/bus/line_wire.hpp"
#include "drivers/cjt188/codec.hpp"
#include "drivers/dlt645/codec.hpp"
#include "drivers/modbus/rtu_codec.hpp"
#include "drivers/modbus/rtu_port.hpp"
#include "drivers/sim/paced_pty.hpp"
#include "kit/loop/loop.hpp"
#include "tests/bench/goal.hpp"
#include "tests/bench/measured_child.hpp"
#include "tests/bench/paced_line.hpp"

using namespace steward;
using bench::Polled;
using namespace std::chrono_literals;

namespace {

constexpr LineFormat format{2400, Parity::even, 1};
constexpr std::chrono::nanoseconds turn_around = 20ms;  // the least that DL/T 645-2007, 7 allows a meter
constexpr std::size_t reply_preamble = 4;
constexpr double measured_s = 75;
constexpr int priority = 10;
constexpr std::uint64_t electric = 202'611'220'000;
constexpr std::uint64_t cold_water = 16 * 100'000'000'000'000U + 20'261'122'000'000;

/// One meter and what is read of it in every round.
struct Meter {
  UnitAddress unit;
  std::vector<RegisterSpan> reads;
  std::array<RegisterSpan, 2> probes;
};

RegisterSpan item(RegisterKind kind, std::uint32_t first, std::uint16_t count) {
  return {kind, first, count};
}

/// Energy, volts, amperes, watts, power factor and frequency: all a meter of three phases is read for.
Meter power_meter(std::uint64_t no, bool one) {
  constexpr auto kind = RegisterKind::dlt645_item;
  Meter meter{{electric + no, Protocol::dlt645},
              {item(kind, 0x00010000, 4)},
              {item(kind, 0x04000101, 4), item(kind, 0x04000102, 3)}};
  if (one) return meter;
  for (const auto& more : {item(kind, 0x0201FF00, 6), item(kind, 0x0202FF00, 9), item(kind, 0x0203FF00, 12),
                           item(kind, 0x02060000, 2), item(kind, 0x02800002, 2)})
    meter.reads.push_back(more);
  return meter;
}

/// Everything of now, and last month's volume.
Meter water_meter(std::uint64_t no, bool one) {
  constexpr auto kind = RegisterKind::cjt188_item;
  Meter meter{{cold_water + no, Protocol::cjt188},
              {item(kind, 0x901F, 19)},
              {item(kind, 0x2901F, 19), item(kind, 0x3901F, 19)}};
  if (!one) meter.reads.push_back(item(kind, 0xD120, 5));
  return meter;
}

/// Two blocks, as a planner lays them for the guard: a byte count each.
Meter modbus_meter(std::uint64_t no) {
  constexpr auto kind = RegisterKind::holding;
  return {{no, Protocol::modbus},
          {item(kind, 0, 10), item(kind, 100, 11)},
          {item(kind, 2000, 2), item(kind, 2000, 3)}};
}

/// What a byte of any answer says: whose it is and of what.
std::uint8_t said(UnitAddress unit, std::uint32_t first, std::size_t at) {
  return static_cast<std::uint8_t>(unit.value * 7 + first / 256 * 3 + first + at);
}

sim::PacedDevice device_of(const Meter& meter) {
  const auto unit = meter.unit;
  if (unit.protocol == Protocol::modbus) {
    return {format,
            sim::modbus_voice(unit.byte(),
                              [unit](RegisterSpan span) {
                                Words words;
                                for (std::size_t at = 0; at < span.count; ++at)
                                  words.push_back(said(unit, span.first, at));
                                return Result<Words>(words);
                              }),
            turn_around, 0};
  }
  std::vector<RegisterSpan> known = meter.reads;
  known.push_back(meter.probes[0]);
  known.push_back(meter.probes[1]);
  const auto speech = unit.protocol == Protocol::dlt645 ? sim::ItemSpeech::dlt645 : sim::ItemSpeech::cjt188;
  return {format,
          sim::item_voice(speech, {.number = unit.value, .preamble = reply_preamble},
                          [unit, known](std::uint32_t identifier) -> Result<Bytes> {
                            for (const auto& span : known) {
                              if (span.item() != identifier) continue;
                              Bytes bytes;
                              for (std::size_t at = 0; at < span.count; ++at)
                                bytes.push_back(said(unit, identifier, at));
                              return bytes;
                            }
                            return Error{Fault::unsupported, "no such item"};
                          }),
          turn_around, 0};
}

bool right(const Meter& meter, const RegisterSpan& span, const Words& words) {
  if (words.size() != span.words()) return false;
  const std::uint32_t first = span.is_item() ? span.item() : span.first;
  for (std::size_t at = 0; at < words.size(); ++at) {
    const unsigned word = words[at];
    if (!span.is_item() && word != said(meter.unit, first, at)) return false;
    if (span.is_item() && word / 256 != said(meter.unit, first, 2 * at)) return false;
    if (span.is_item() && 2 * at + 1 < span.count && word % 256 != said(meter.unit, first, 2 * at + 1))
      return false;
  }
  return true;
}

/// One read on an ideal wire. DL/T 645-2007, 5.2: 12 bytes and the data, an identifier of 4; CJ/T 188: 13 and
/// identifier and SER; 4 FE before a request. Modbus: 8 bytes, and 5 with two per register.
std::chrono::nanoseconds ideal(const RegisterSpan& span) {
  std::int64_t bytes = 13 + 2 * std::int64_t{span.count};
  if (span.kind == RegisterKind::dlt645_item) bytes = 4 + 16 + reply_preamble + 16 + span.count;
  if (span.kind == RegisterKind::cjt188_item) bytes = 4 + 16 + reply_preamble + 16 + span.count;
  return characters(format, bytes) + turn_around + frame_silence(format);
}

struct Cell {
  std::string name;
  std::vector<Meter> meters;

  double ideal_s() const {  // mean of a round's reads
    std::chrono::nanoseconds sum{0};
    std::int64_t count = 0;
    for (const auto& meter : meters) {
      for (const auto& span : meter.reads) sum += ideal(span), ++count;
    }
    return static_cast<double>(sum.count()) / 1e9 / static_cast<double>(count);
  }
  /// Of a long time: so many reads of a unit, then its identity. Only where none was read anyway.
  double identity_share() const {
    double share = 0;
    for (const auto& meter : meters) {
      if (meter.unit.protocol == Protocol::dlt645 && meter.reads.size() == 1) continue;
      const auto identity = static_cast<double>(ideal(meter.probes[0]).count()) / 1e9;
      share += identity / (identity + LineRules{}.identity_every * ideal_s());
    }
    return share / static_cast<double>(meters.size());
  }
};

class NoBook : public GuardBook {
 public:
  Awaitable<Result<void>> keep(UnitRecord) override { co_return Result<void>{}; }
};

struct Progress {
  std::uint64_t good = 0, wrong = 0, failed = 0;
  std::string why;
  bool stop = false, stopped = false;
};

/// Rounds, each unit once in turn, as the edge's lane asks.
Awaitable<void> poll(RegisterBus& bus, const Cell& cell, Progress& progress) {
  while (!progress.stop) {
    bool asked = false;
    for (std::size_t no = 0; no < cell.meters.size() && !progress.stop; ++no) {
      const auto& meter = cell.meters[no];
      const auto status = bus.status(meter.unit);
      if (status.standing == Standing::quarantined) {
        if (std::chrono::steady_clock::now() < status.ready_at) continue;
        const auto known = co_await bus.identify(meter.unit);
        asked = asked || known;
        continue;
      }
      for (const auto& span : meter.reads) {
        const auto words = co_await bus.read(meter.unit, span);
        asked = true;
        if (!words) {
          ++progress.failed;
          if (progress.why.empty()) progress.why = words.error().message;
          break;
        }
        ++(right(meter, span, *words) ? progress.good : progress.wrong);
      }
    }
    if (!asked) co_await pause(Milliseconds(5));
  }
  progress.stopped = true;
}

std::vector<GuardedUnit> guarded(const Cell& cell) {
  std::vector<GuardedUnit> units;
  for (const auto& meter : cell.meters) {
    GuardedUnit unit{.unit = meter.unit, .probes = meter.probes};
    bool fits = unit.dictionary.claim(meter.probes[0]) && unit.dictionary.claim(meter.probes[1]);
    for (const auto& span : meter.reads) {
      fits = fits && unit.dictionary.claim(span);
      if (span.kind == RegisterKind::cjt188_item)
        fits = fits && unit.dictionary.claim({span.kind, 0x10000 + span.first, span.count});
    }
    if (!fits) throw std::runtime_error("the dictionary does not hold the plan");
    units.push_back(std::move(unit));
  }
  return units;
}

Polled run(const Cell& cell) {
  bench::be_punctual(priority);
  std::vector<sim::PacedDevice> devices;
  for (const auto& meter : cell.meters) devices.push_back(device_of(meter));
  const auto line = sim::PacedPty::open(std::move(devices));
  if (!line) throw std::runtime_error(line.error().message);
  const MixedCodec mixed({{Protocol::modbus, &rtu_codec()},
                          {Protocol::dlt645, &dlt645_codec()},
                          {Protocol::cjt188, &cjt188_codec()}});
  Loop loop;
  NoBook book;
  Progress progress;
  auto bus = make_line_bus(loop,
                           {.device = (*line)->path(),
                            .open = open_rtu((*line)->path()),
                            .format = format,
                            .codec = &mixed,
                            .units = guarded(cell)},
                           book);
  loop.spawn(poll(*bus, cell, progress));
  // A round of all says that everybody was identified.
  std::size_t round = 0;
  for (const auto& meter : cell.meters) round += meter.reads.size();
  if (!loop.run_until([&] { return progress.good >= round; }, Milliseconds(120'000)))
    throw std::runtime_error(cell.name + " does not get going: " + progress.why);
  const auto before = progress.good;
  const auto from = std::chrono::steady_clock::now();
  loop.run_until([] { return false; }, Milliseconds(static_cast<std::int64_t>(measured_s * 1000)));
  Polled polled{.requests = static_cast<double>(progress.good - before),
                .failed = static_cast<double>(progress.wrong + progress.failed),
                .seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count()};
  if (!progress.why.empty()) std::fprintf(stderr, "line: %s: %s\n", cell.name.c_str(), progress.why.c_str());
  progress.stop = true;
  loop.run_until([&] { return progress.stopped; }, Milliseconds(5'000));
  return polled;
}

std::vector<Cell> cells() {
  std::vector<Cell> all{{"DL/T 645, 16 meters x 6 items", {}},
                        {"CJ/T 188, 16 meters x 2 items", {}},
                        {"DL/T 645, 16 meters x 1 item", {}},
                        {"CJ/T 188, 16 meters x 1 item", {}},
                        {"mixed: 6 Modbus, 6 DL/T 645, 4 CJ/T 188", {}}};
  for (std::uint64_t no = 0; no < 16; ++no) {
    all[0].meters.push_back(power_meter(no, false));
    all[1].meters.push_back(water_meter(no, false));
    all[2].meters.push_back(power_meter(no, true));
    all[3].meters.push_back(water_meter(no, true));
    all[4].meters.push_back(no < 6    ? modbus_meter(no + 1)
                            : no < 12 ? power_meter(no, false)
                                      : water_meter(no, false));
  }
  return all;
}

}  // namespace

int main() {
  try {
    ::alarm(240);
    bench::Report report("line");
    report.note(
        "2400 8E1, 11 bits a character; 4 FE before requests and replies; meters take 20 ms; T3.5 = 16 ms of "
        "rest between reads");
    const auto all = cells();
    std::vector<std::function<Polled()>> works;
    for (const auto& cell : all) works.push_back([&cell] { return run(cell); });
    const auto runs = bench::in_children(works);
    double lost = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const double limit = 60 / all[i].ideal_s();
      const double seen = runs[i].requests * 60 / runs[i].seconds;
      const double long_run = seen * (1 - all[i].identity_share());
      const double rest_s = static_cast<double>(frame_silence(format).count()) / 1e9;
      char line[240];
      const double bare = 60 / (all[i].ideal_s() - rest_s);
      std::snprintf(
          line, sizeof line,
          "%-40s %6.1f reads/min, limit %6.1f; in the long run %6.1f, %5.1f %% (identities %.1f %%), "
          "%5.1f %% of %.1f without the rest; %.0f wrong or lost",
          all[i].name.c_str(), seen, limit, long_run, 100 * long_run / limit, 100 * all[i].identity_share(),
          100 * long_run / bare, bare, runs[i].failed);
      report.note(line);
      lost += runs[i].failed;
      if (i == 0) report.at_least("dlt645_2400_16_meters", 100 * long_run / limit, "%", 95);
      if (i == 1) report.at_least("cjt188_2400_16_meters", 100 * long_run / limit, "%", 95);
    }
    report.at_most("wrong_or_lost", lost, "reads", 0);
    return report.finish();
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "line: %s\n", failure.what());
    return 1;
  }
}
