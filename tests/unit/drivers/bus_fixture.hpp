#pragma once
#include <doctest/doctest.h>

#include <optional>
#include <vector>

#include "drivers/modbus/buses.hpp"
#include "drivers/sim/modbus_device.hpp"
#include "kit/loop/loop.hpp"

namespace steward {

/// Units 1..9, registers 0..999, each saying whose and which it is.
struct TellingRegisters : RegisterSource {
  static std::uint16_t told(UnitAddress unit, RegisterKind kind, std::uint32_t address) {
    return static_cast<std::uint16_t>(unit.value * 5000U + (kind == RegisterKind::input ? 2000U : 0U) +
                                      address);
  }
  static Words words_of(UnitAddress unit, RegisterSpan span) {
    Words words;
    for (std::uint32_t at = span.first; at < span.end(); ++at) words.push_back(told(unit, span.kind, at));
    return words;
  }
  Result<Words> registers(UnitAddress unit, RegisterSpan span) override {
    ++asked;
    if (unit.value > 9) return Error{Fault::retry, "nobody"};
    if (span.end() > 1000) return Error{Fault::unsupported, "no such register"};
    return words_of(unit, span);
  }
  int asked = 0;
};

inline Awaitable<void> read_into(RegisterBus& bus, UnitAddress unit, RegisterSpan span,
                                 std::optional<Result<Words>>& into) {
  into.emplace(co_await bus.read(unit, span));
}

/// One read, driven to its end; the 20 s are only reached by a test that fails.
inline Result<Words> read_now(Loop& loop, RegisterBus& bus, std::uint8_t unit, RegisterSpan span) {
  std::optional<Result<Words>> words;
  loop.spawn(read_into(bus, UnitAddress{unit}, span, words));
  REQUIRE(loop.run_until([&] { return words.has_value(); }, Milliseconds(20'000)));
  return std::move(*words);
}

inline void check_told(const Result<Words>& got, std::uint8_t unit, RegisterSpan span) {
  REQUIRE(got);
  CHECK(*got == TellingRegisters::words_of(UnitAddress{unit}, span));
}

inline constexpr RegisterSpan four{RegisterKind::holding, 10, 4};
inline constexpr RegisterSpan three{RegisterKind::holding, 20, 3};
inline constexpr RegisterSpan largest{RegisterKind::input, 0, 125};
inline constexpr RegisterSpan beyond{RegisterKind::holding, 990, 20};  // no device serves all of it

/// Keeps in memory; `refuse` stands for a disk that is full.
struct MemoryBook : GuardBook {
  Awaitable<Result<void>> keep(UnitRecord record) override {
    if (refuse) co_return Error{Fault::broken, "the disk is full"};
    records.push_back(std::move(record));
    co_return Result<void>{};
  }
  std::vector<UnitRecord> records;
  bool refuse = false;
};

inline GuardedUnit unit_of(std::uint8_t address) {
  GuardedUnit unit;
  unit.unit = UnitAddress{address};
  unit.probes = {RegisterSpan{RegisterKind::holding, 100, 2}, RegisterSpan{RegisterKind::holding, 100, 5}};
  unit.serial = unit.probes[0];
  unit.delay_floor = std::chrono::milliseconds(20);
  for (const auto& span : {four, three, largest, beyond, unit.probes[0], unit.probes[1]})
    REQUIRE(unit.dictionary.claim(span));
  return unit;
}

/// Units 1 and 2 of a guarded bus, driven to the end of each call.
struct Asker {
  Loop loop;
  TellingRegisters registers;
  MemoryBook book;
  std::unique_ptr<RegisterBus> bus;

  Result<Words> read(std::uint8_t unit, RegisterSpan span) { return read_now(loop, *bus, unit, span); }
  Result<Identity> identify(std::uint8_t unit) {
    std::optional<Result<Identity>> got;
    loop.spawn(identify_into(UnitAddress{unit}, got));
    REQUIRE(loop.run_until([&] { return got.has_value(); }, Milliseconds(20'000)));
    return std::move(*got);
  }
  Standing standing(std::uint8_t unit) const { return bus->status(UnitAddress{unit}).standing; }
  /// Probes until the unit is clean.
  void wait_clean(std::uint8_t unit) {
    for (int tries = 0; tries < 1000 && standing(unit) != Standing::clean; ++tries) (void)identify(unit);
    REQUIRE(standing(unit) == Standing::clean);
  }

 private:
  Awaitable<void> identify_into(UnitAddress unit, std::optional<Result<Identity>>& into) {
    const auto now = std::chrono::steady_clock::now();
    const auto ready = bus->status(unit).ready_at;
    if (ready > now) co_await pause(std::chrono::ceil<Milliseconds>(ready - now));
    into.emplace(co_await bus->identify(unit));
  }
};

inline std::vector<GuardedUnit> two_units() {
  std::vector<GuardedUnit> units;
  units.push_back(unit_of(1));
  units.push_back(unit_of(2));
  return units;
}

struct GuardedBench : Asker {
  std::unique_ptr<PtySlave> slave;

  explicit GuardedBench(Milliseconds reply_timeout = Milliseconds(5000)) {
    auto opened = PtySlave::open(loop, registers);
    REQUIRE(opened);
    slave = std::move(*opened);
    bus = make_rtu_bus(loop,
                       {.device = slave->path(),
                        .format = {115200, Parity::none, 1},
                        .reply_timeout = reply_timeout,
                        .units = two_units()},
                       book);
  }
};

struct GatewayBench : Asker {
  std::unique_ptr<TcpSlave> slave;

  explicit GatewayBench(Milliseconds reply_timeout = Milliseconds(5000)) {
    auto listening = TcpSlave::listen(loop, registers);
    REQUIRE(listening);
    slave = std::move(*listening);
    bus = make_gateway_bus(
        loop,
        {.place = {.host = "127.0.0.1", .port = slave->port(), .backoff_first = Milliseconds(1)},
         .reply_timeout = reply_timeout,
         .units = two_units()},
        book);
  }
};

}  // namespace steward
