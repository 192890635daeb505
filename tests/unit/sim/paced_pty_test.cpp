#include "drivers/sim/paced_pty.hpp"

#include <doctest/doctest.h>

#include "drivers/line/exchange.hpp"
#include "drivers/modbus/buses.hpp"
#include "drivers/modbus/frame.hpp"
#include "drivers/modbus/rtu_port.hpp"
#include "kit/loop/loop.hpp"

using namespace steward;
using namespace std::chrono_literals;

namespace {

constexpr LineFormat even_9600{9600, Parity::even, 1};
constexpr LineFormat none_9600{9600, Parity::none, 1};
constexpr LineFormat even_2400{2400, Parity::even, 1};

sim::PacedDevice meter(std::uint8_t unit, const LineFormat& format, std::uint16_t word) {
  return {
      format,
      sim::modbus_voice(unit, [word](RegisterSpan span) { return Result<Words>(Words(span.count, word)); }),
      5ms, 0};
}

/// A read of two registers at `unit`, and what comes back.
LineReply ask(const sim::PacedPty& line, const LineFormat& format, std::uint8_t unit) {
  Bytes request{unit, 3, 0, 0, 0, 2};
  const auto crc = crc16(request);
  request.push_back(static_cast<std::uint8_t>(crc & 0xFF));
  request.push_back(static_cast<std::uint8_t>(crc >> 8));
  auto port = RtuPort::open(line.path(), format);
  REQUIRE(port);
  LineExchange exchange(**port, format, frame_silence(format));
  auto reply = exchange.exchange(
      request, [](ByteView) { return std::size_t{9}; }, 100ms);
  REQUIRE(reply);
  return *reply;
}

class NoBook final : public GuardBook {
 public:
  Awaitable<Result<void>> keep(UnitRecord) override { co_return Result<void>{}; }
};

/// One meter in service on a line, and a technician's reads beside it.
struct Searched {
  explicit Searched(std::vector<sim::PacedDevice> devices) {
    auto opened = sim::PacedPty::open(std::move(devices));
    REQUIRE(opened);
    line = std::move(*opened);
    GuardedUnit unit{.unit = UnitAddress{1}, .delay_floor = 1ms};
    unit.probes = {RegisterSpan{RegisterKind::holding, 100, 2}, RegisterSpan{RegisterKind::holding, 100, 3}};
    for (const auto& span : {unit.probes[0], unit.probes[1], data}) REQUIRE(unit.dictionary.claim(span));
    LineBusSetup setup;
    setup.device = line->path();
    setup.format = even_9600;
    setup.units.push_back(std::move(unit));
    bus = make_rtu_bus(loop, std::move(setup), book);
  }
  Bytes search(std::uint8_t unit, const LineFormat& format) {
    Bytes request{unit, 3, 0, 0, 0, 2};
    const auto crc = crc16(request);
    request.push_back(static_cast<std::uint8_t>(crc & 0xFF));
    request.push_back(static_cast<std::uint8_t>(crc >> 8));
    std::optional<Result<Surveyed>> got;
    loop.spawn([](RegisterBus& on, Survey survey, std::optional<Result<Surveyed>>& into) -> Awaitable<void> {
      into.emplace(co_await on.survey(std::move(survey)));
    }(*bus, {request, format, [](ByteView) { return std::size_t{9}; }, 100ms}, got));
    REQUIRE(loop.run_until([&] { return got.has_value(); }, 10s));
    REQUIRE(*got);
    return (*got)->burst;
  }
  void identify() {
    bool clean = false;
    loop.spawn([](RegisterBus& on, bool& done) -> Awaitable<void> {
      while (on.status(UnitAddress{1}).standing != Standing::clean) {
        (void)co_await on.identify(UnitAddress{1});
        co_await pause(1ms);
      }
      done = true;
    }(*bus, clean));
    REQUIRE(loop.run_until([&] { return clean; }, 20s));
  }
  std::optional<Words> read() {
    std::optional<Result<Words>> got;
    loop.spawn([](RegisterBus& on, RegisterSpan span, std::optional<Result<Words>>& into) -> Awaitable<void> {
      into.emplace(co_await on.read(UnitAddress{1}, span));
    }(*bus, data, got));
    REQUIRE(loop.run_until([&] { return got.has_value(); }, 10s));
    return *got ? std::optional(**got) : std::nullopt;
  }

  static constexpr RegisterSpan data{RegisterKind::holding, 7, 5};
  Loop loop;
  NoBook book;
  std::unique_ptr<sim::PacedPty> line;
  std::unique_ptr<RegisterBus> bus;
};

}  // namespace

TEST_SUITE("sim/paced line") {
  TEST_CASE(
      "a search at another speed finds who is there; the meter in service is asked who it is, then read on") {
    Searched line({meter(1, even_9600, 0x0101), meter(2, even_2400, 0x0202)});
    line.identify();
    CHECK(line.read() == Words(5, 0x0101));
    CHECK(line.search(2, even_9600).empty());  // a slice at its own speed: nothing to doubt
    CHECK(line.bus->status(UnitAddress{1}).standing == Standing::clean);
    CHECK(line.search(2, even_2400).size() == 9);
    CHECK(line.bus->status(UnitAddress{1}).standing == Standing::quarantined);
    CHECK_FALSE(line.read());  // not before its identity
    line.identify();           // at the line's own speed again
    CHECK(line.read() == Words(5, 0x0101));
    CHECK(line.bus->take_notices().empty());
  }

  TEST_CASE("a meter answers at its own speed and parity, and is deaf to any other") {
    const auto line = sim::PacedPty::open(
        {meter(1, even_9600, 0x0101), meter(2, none_9600, 0x0202), meter(3, even_2400, 0x0303)});
    REQUIRE(line);
    CHECK(ask(**line, even_9600, 1).burst.size() == 9);
    CHECK(ask(**line, none_9600, 1).burst.empty());
    CHECK(ask(**line, even_2400, 1).burst.empty());
    CHECK(ask(**line, none_9600, 2).burst.size() == 9);
    CHECK(ask(**line, LineFormat{9600, Parity::odd, 1}, 2).burst.empty());
    CHECK(ask(**line, even_2400, 3).burst.size() == 9);
    CHECK(ask(**line, even_9600, 3).burst.empty());
    CHECK((*line)->tally().bursts == 7);
    CHECK((*line)->tally().answered == 3);
  }

  TEST_CASE("a reply takes no less time than its characters") {
    const auto line = sim::PacedPty::open({meter(3, even_2400, 0x0303)});
    REQUIRE(line);
    const auto reply = ask(**line, even_2400, 3);
    REQUIRE(reply.burst.size() == 9);
    CHECK(reply.last - reply.sent >= 5ms + characters(even_2400, 9) - 1ms);
  }

  TEST_CASE("meters of three protocols share a line; a wildcard that fits two is no answer") {
    const auto serial = [](std::uint32_t) { return Result<Bytes>(Bytes{1, 2, 3, 4}); };
    const auto electric = [&](std::uint64_t number) {
      return sim::PacedDevice{
          even_9600, sim::item_voice(sim::ItemSpeech::dlt645, {.number = number, .preamble = 0}, serial), 5ms,
          0};
    };
    const auto line = sim::PacedPty::open({meter(1, even_9600, 0x0101), electric(11), electric(12)});
    REQUIRE(line);
    CHECK(ask(**line, even_9600, 1).burst.size() == 9);
    auto port = RtuPort::open((*line)->path(), even_9600);
    REQUIRE(port);
    LineExchange exchange(**port, even_9600, frame_silence(even_9600));
    const auto address_of = [&](std::uint8_t last_digits) {
      const Bytes body{0x68, last_digits, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0x68, 0x13, 0};
      auto reply = exchange.exchange(
          sim::item_frame(body, 4), [](ByteView) { return std::size_t{18}; }, 100ms);
      REQUIRE(reply);
      return sim::number_in(sim::ItemSpeech::dlt645, sim::item_body(sim::ItemSpeech::dlt645, reply->burst));
    };
    CHECK(address_of(0x12) == 12);
    CHECK_FALSE(address_of(0xAA));
    CHECK((*line)->tally().clashes == 1);
  }

  TEST_CASE("two meters at one address collide") {
    const auto line = sim::PacedPty::open({meter(1, even_9600, 0x0F0F), meter(1, even_9600, 0xF00F)});
    REQUIRE(line);
    const auto reply = ask(**line, even_9600, 1);
    REQUIRE(reply.burst.size() == 9);
    CHECK(reply.burst[3] == 0x00);
    CHECK(reply.burst[4] == 0x0F);
    CHECK((*line)->tally().clashes == 1);
  }

  TEST_CASE("a meter that mishears may say noise") {
    auto noisy = meter(1, even_2400, 1);
    noisy.noise = 5;
    const auto line = sim::PacedPty::open({noisy});
    REQUIRE(line);
    CHECK(ask(**line, none_9600, 1).burst.size() == 5);
  }
}
