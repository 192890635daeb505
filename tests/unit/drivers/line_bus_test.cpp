#include <array>
#include <filesystem>

#include "drivers/line/stable_path.hpp"
#include "drivers/modbus/frame.hpp"
#include "drivers/modbus/rtu_port.hpp"
#include "tests/unit/drivers/bus_fixture.hpp"

using namespace steward;

namespace {

Bytes with_crc(Bytes frame) {
  const auto crc = crc16(frame);
  frame.push_back(static_cast<std::uint8_t>(crc & 0xFF));
  frame.push_back(static_cast<std::uint8_t>(crc >> 8));
  return frame;
}

/// Changes the frame under a CRC that is right again: only its content is wrong.
ReplyChange resealed(std::function<void(Bytes&)> change) {
  return [change](Bytes reply) {
    reply.resize(reply.size() - 2);
    change(reply);
    return with_crc(std::move(reply));
  };
}

Awaitable<void> identify_into(RegisterBus& bus, UnitAddress unit, std::optional<Result<Identity>>& into) {
  into.emplace(co_await bus.identify(unit));
}

}  // namespace

TEST_SUITE("drivers/modbus/line") {
  TEST_CASE("a device pulled out during a probe costs the line's share the time it took, not the uptime") {
    GuardedBench bench;
    bench.wait_clean(2);
    const int before = bench.registers.asked;
    bench.slave->change_replies([](const Bytes&) { return Bytes{}; });
    std::optional<Result<Identity>> got;
    bench.loop.spawn(identify_into(*bench.bus, UnitAddress{1}, got));
    REQUIRE(bench.loop.run_until([&] { return bench.registers.asked > before; }, Milliseconds(10'000)));
    bench.slave.reset();
    REQUIRE(bench.loop.run_until([&] { return got.has_value(); }, Milliseconds(10'000)));
    CHECK_FALSE(*got);
    const auto wait = bench.bus->status(UnitAddress{1}).ready_at - std::chrono::steady_clock::now();
    CHECK(wait < std::chrono::minutes(1));
  }

  TEST_CASE("registers of every unit on the line come as they are; what is not there is said") {
    GuardedBench bench;
    bench.wait_clean(1);
    bench.wait_clean(2);
    check_told(bench.read(1, four), 1, four);
    check_told(bench.read(2, three), 2, three);
    check_told(bench.read(1, largest), 1, largest);
    const auto nothing = bench.read(2, beyond);
    REQUIRE_FALSE(nothing);
    CHECK(nothing.error().fault == Fault::unsupported);
    CHECK(nothing.error().message.find("unit 2") != std::string::npos);
    check_told(bench.read(1, four), 1, four);  // its neighbour goes on
  }

  TEST_CASE("a reply that is not exactly ours is refused, and the next read is right again") {
    const ReplyChange changes[] = {
        resealed([](Bytes& reply) { reply[0] = 2; }),  // unit
        resealed([](Bytes& reply) { reply[1] = 4; }),  // function
        resealed([](Bytes& reply) { reply[2] = 6; }),  // byte count
        resealed([](Bytes& reply) {
          reply.resize(reply.size() + 2);
          reply[2] = 10;
        }),  // more registers
        [](Bytes reply) {
          reply.back() ^= 1;
          return reply;
        },  // CRC
        [](Bytes reply) {
          reply.push_back(0);
          return reply;
        },  // surplus behind
        [](Bytes reply) {
          reply.insert(reply.begin(), 0);
          return reply;
        },  // surplus before
        [](Bytes reply) {
          Bytes twice = reply;
          twice.insert(twice.end(), reply.begin(), reply.end());
          return twice;
        },
        [](Bytes reply) {
          reply.pop_back();
          return reply;
        },  // truncated
        resealed([](Bytes& reply) {
          reply.resize(reply.size() - 2);
          reply[2] = 6;
        }),  // fewer registers
    };
    GuardedBench bench(Milliseconds(60));
    int number = 0;
    for (const auto& change : changes) {
      INFO("change ", ++number);
      bench.wait_clean(1);
      bench.slave->change_replies(change);
      const auto refused = bench.read(1, four);
      REQUIRE_FALSE(refused);
      CHECK(refused.error().fault == Fault::malformed);
      bench.slave->change_replies({});
      CHECK(bench.read(1, three).error().fault == Fault::refused);
      bench.wait_clean(1);
      check_told(bench.read(1, three), 1, three);
    }
  }

  TEST_CASE("a device that is not there is retried at the next read, not fatal") {
    Asker bench;
    bench.bus = make_rtu_bus(bench.loop, {.device = "/dev/steward-has-no-such-device", .units = two_units()},
                             bench.book);
    for (int tries = 0; tries < 2; ++tries) {
      const auto gone = bench.identify(1);
      REQUIRE_FALSE(gone);
      CHECK(gone.error().fault == Fault::retry);
      CHECK(gone.error().message.find("/dev/steward-has-no-such-device") != std::string::npos);
    }
  }

  TEST_CASE("two programs cannot share a line, and the second may have it when the first is done") {
    GuardedBench bench;
    bench.wait_clean(1);
    const auto second = RtuPort::open(bench.slave->path(), {115200, Parity::none, 1});
    REQUIRE_FALSE(second);
    CHECK(second.error().fault == Fault::retry);
    bench.bus.reset();
    CHECK(RtuPort::open(bench.slave->path(), {115200, Parity::none, 1}));
  }

  TEST_CASE("a device whose driver cannot turn a line is refused with what to set, not used unturned") {
    // A pseudo-terminal has neither: TIOCSRS485 and RTS are refused by the kernel itself.
    for (const auto mode : {DirectionMode::kernel, DirectionMode::rts, DirectionMode::rts_inverted}) {
      GuardedBench bench;
      bench.bus = make_rtu_bus(bench.loop,
                               {.device = bench.slave->path(),
                                .direction = {mode, Milliseconds(0), Milliseconds(0)},
                                .units = two_units()},
                               bench.book);
      const auto refused = bench.identify(1);
      REQUIRE_FALSE(refused);
      CHECK(refused.error().message.find("\"direction\" to \"auto\"") != std::string::npos);
      CHECK(bench.registers.asked == 0);
    }
  }

  TEST_CASE("a replugged adapter is found again by its stable path, whatever node it has now") {
    Asker bench;
    TellingRegisters elsewhere;
    auto before = PtySlave::open(bench.loop, bench.registers);
    auto after = PtySlave::open(bench.loop, elsewhere);
    REQUIRE(before);
    REQUIRE(after);
    REQUIRE((*before)->path() != (*after)->path());
    const auto link = std::filesystem::temp_directory_path() /
                      ("steward-by-path-" + std::filesystem::path((*after)->path()).filename().string());
    std::filesystem::remove(link);
    std::filesystem::create_symlink((*before)->path(), link);
    bench.bus = make_rtu_bus(bench.loop,
                             {.device = link.string(),
                              .format = {115200, Parity::none, 1},
                              .reply_timeout = Milliseconds(5000),
                              .units = two_units()},
                             bench.book);
    bench.wait_clean(1);
    check_told(bench.read(1, four), 1, four);

    before->reset();  // pulled out
    std::filesystem::remove(link);
    for (int tries = 0; tries < 2; ++tries) CHECK_FALSE(bench.identify(1));
    std::filesystem::create_symlink((*after)->path(), link);  // and put in again
    bench.wait_clean(1);
    check_told(bench.read(1, three), 1, three);
    CHECK(elsewhere.asked > 0);
    CHECK(node_of(link.string()) == (*after)->path());
    std::filesystem::remove(link);
  }

  TEST_CASE("a gateway can stop while reads wait for their turn on a line") {
    int before = 0;
    int asked = 0;
    {
      GuardedBench bench(Milliseconds(30));
      bench.wait_clean(1);
      before = bench.registers.asked;
      bench.slave->change_replies([](Bytes) { return Bytes{}; });
      std::array<std::optional<Result<Words>>, 4> answers;
      for (auto& answer : answers) bench.loop.spawn(read_into(*bench.bus, UnitAddress{1}, four, answer));
      REQUIRE(
          bench.loop.run_until([&] { return bench.registers.asked == before + 1; }, Milliseconds(20'000)));
      asked = bench.registers.asked;
    }  // bus, slave and loop go, with four coroutines in them
    CHECK(asked == before + 1);
  }

  TEST_CASE("a line can be given up in the middle of a read") {
    GuardedBench bench(Milliseconds(30));
    bench.wait_clean(1);
    const int before = bench.registers.asked;
    bench.slave->change_replies([](Bytes) { return Bytes{}; });
    std::optional<Result<Words>> answer;
    bench.loop.spawn(read_into(*bench.bus, UnitAddress{1}, four, answer));
    REQUIRE(bench.loop.run_until([&] { return bench.registers.asked == before + 1; }, Milliseconds(20'000)));
    bench.bus.reset();  // waits for the exchange in hand
    CHECK(bench.registers.asked == before + 1);
  }
}
