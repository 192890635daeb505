#include <array>

#include "kit/loop/asio.hpp"
#include "tests/unit/drivers/bus_fixture.hpp"

using namespace steward;

namespace {

struct TcpBench {
  Loop loop;
  TellingRegisters registers;
  std::unique_ptr<TcpSlave> slave;
  std::unique_ptr<RegisterBus> bus;

  explicit TcpBench(Milliseconds reply_timeout = Milliseconds(5000)) {
    auto listening = TcpSlave::listen(loop, registers);
    REQUIRE(listening);
    slave = std::move(*listening);
    bus = make_tcp_bus(loop, {.host = "127.0.0.1",
                              .port = slave->port(),
                              .reply_timeout = reply_timeout,
                              .backoff_first = Milliseconds(1),
                              .backoff_max = Milliseconds(5)});
  }
  Result<Words> read(std::uint8_t unit, RegisterSpan span) { return read_now(loop, *bus, unit, span); }
};

struct KeepingBook : GuardBook {
  Awaitable<Result<void>> keep(UnitRecord record) override {
    co_await pause(Milliseconds(1));  // as a disk does: the caller is suspended
    records.push_back(std::move(record));
    co_return Result<void>{};
  }
  std::vector<UnitRecord> records;
};

Awaitable<void> identify_into(RegisterBus& bus, std::optional<Result<Identity>>& into) {
  into.emplace(co_await bus.identify(UnitAddress{1}));
}

}  // namespace

TEST_SUITE("drivers/modbus/tcp") {
  TEST_CASE("registers of every unit and kind come as they are") {
    TcpBench bench;
    check_told(bench.read(1, four), 1, four);
    check_told(bench.read(9, {RegisterKind::input, 0, 125}), 9, {RegisterKind::input, 0, 125});
    check_told(bench.read(2, {RegisterKind::holding, 999, 1}), 2, {RegisterKind::holding, 999, 1});
  }

  TEST_CASE("a unit that is not there and a register that is not there are told apart") {
    TcpBench bench;
    const auto nobody = bench.read(77, four);
    REQUIRE_FALSE(nobody);
    CHECK(nobody.error().fault == Fault::retry);
    CHECK(nobody.error().message.find("unit 77") != std::string::npos);
    const auto nothing = bench.read(1, {RegisterKind::holding, 998, 4});
    REQUIRE_FALSE(nothing);
    CHECK(nothing.error().fault == Fault::unsupported);
    check_told(bench.read(1, four), 1, four);  // on the same connection
  }

  TEST_CASE("a reply that is not ours is refused, and the next read is right again") {
    const ReplyChange changes[] = {
        [](Bytes reply) {
          reply[1] ^= 1;
          return reply;
        },  // transaction
        [](Bytes reply) {
          reply[3] = 1;
          return reply;
        },  // protocol
        [](Bytes reply) {
          reply[6] ^= 3;
          return reply;
        },  // unit
        [](Bytes reply) {
          reply[7] = 4;
          return reply;
        },  // function
        [](Bytes reply) {
          reply[8] += 2;
          return reply;
        },  // byte count
        [](Bytes reply) {
          reply[5] -= 2;
          reply.resize(reply.size() - 2);
          return reply;
        },  // fewer registers
        [](Bytes reply) {
          reply[5] += 2;
          reply.resize(reply.size() + 2);
          return reply;
        },  // more of them
        [](Bytes reply) {
          reply[4] = 9;
          return reply;
        },  // a length no frame has
        [](Bytes reply) {
          reply[5] = 1;
          return reply;
        },  // too short for a function
    };
    TcpBench bench;
    int number = 0;
    for (const auto& change : changes) {
      INFO("change ", ++number);
      bench.slave->change_replies(change);
      const auto refused = bench.read(1, four);
      REQUIRE_FALSE(refused);
      CHECK(refused.error().fault == Fault::malformed);
      bench.slave->change_replies({});
      check_told(bench.read(1, four), 1, four);
    }
  }

  TEST_CASE("half a reply that comes while the program is held up does not hold the read for ever") {
    namespace asio = boost::asio;
    constexpr Milliseconds timeout(20);
    Loop loop;
    asio::ip::tcp::acceptor door(loop.context(), {asio::ip::address_v4::loopback(), 0});
    asio::ip::tcp::socket peer(loop.context());
    auto bus = make_tcp_bus(
        loop, {.host = "127.0.0.1", .port = door.local_endpoint().port(), .reply_timeout = timeout});
    std::array<std::uint8_t, 12> request{};
    door.async_accept(peer, [&](const boost::system::error_code& failed) {
      REQUIRE_FALSE(failed);
      asio::async_read(peer, asio::buffer(request), [&](const boost::system::error_code& gone, std::size_t) {
        REQUIRE_FALSE(gone);
        // A whole header and one byte; when the loop looks again the deadline is over too.
        const std::array<std::uint8_t, 7> half{request[0], request[1], 0, 0, 0, 11, 1};
        asio::write(peer, asio::buffer(half));
        const auto held_until = std::chrono::steady_clock::now() + 2 * timeout;
        while (std::chrono::steady_clock::now() < held_until) continue;
      });
    });
    const auto lost = read_now(loop, *bus, 1, four);
    REQUIRE_FALSE(lost);
    CHECK(lost.error().fault == Fault::retry);
    CHECK(lost.error().message.find("half a reply") != std::string::npos);
  }

  TEST_CASE("a reply that comes after its time-out is never taken for the next one's") {
    // Without the transaction's check the second read gets the first one's registers.
    TcpBench bench(Milliseconds(30));
    Bytes late;
    bench.slave->change_replies([&](Bytes reply) {
      late = std::move(reply);
      return Bytes{};
    });
    const auto silent = bench.read(1, four);
    REQUIRE_FALSE(silent);
    CHECK(silent.error().fault == Fault::retry);
    CHECK(silent.error().message.find("no reply in 30 ms") != std::string::npos);
    bench.slave->change_replies([&](Bytes reply) {
      Bytes both = late;
      both.insert(both.end(), reply.begin(), reply.end());
      return both;
    });
    const auto refused = bench.read(1, {RegisterKind::holding, 30, 4});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().fault == Fault::malformed);
    CHECK(refused.error().message.find("transaction") != std::string::npos);
    bench.slave->change_replies({});
    check_told(bench.read(1, three), 1, three);
  }

  TEST_CASE("half a reply and then nothing costs the connection, not the next read") {
    TcpBench bench(Milliseconds(30));
    bench.slave->change_replies([](Bytes reply) {
      reply.resize(10);
      return reply;
    });
    const auto torn = bench.read(1, four);
    REQUIRE_FALSE(torn);
    CHECK(torn.error().message.find("half a reply") != std::string::npos);
    bench.slave->change_replies({});
    check_told(bench.read(1, three), 1, three);
  }

  TEST_CASE("a peer that was switched off is away at once, and is found again when it comes back") {
    TcpBench bench;
    check_told(bench.read(1, four), 1, four);
    const auto port = bench.slave->port();
    bench.slave.reset();
    const auto away = bench.read(1, four);
    REQUIRE_FALSE(away);
    CHECK(away.error().fault == Fault::retry);
    CHECK(away.error().message.find("away") != std::string::npos);
    auto back = TcpSlave::listen(bench.loop, bench.registers, port);
    REQUIRE(back);
    auto words = bench.read(1, four);
    for (int tries = 0; !words && tries < 100'000; ++tries)
      words = bench.read(1, four);  // until back-off is over
    check_told(words, 1, four);
  }

  TEST_CASE("a connection the peer closed in the meantime is opened anew without a lost reading") {
    TcpBench bench;
    check_told(bench.read(1, four), 1, four);
    const auto port = bench.slave->port();
    bench.slave.reset();
    auto again = TcpSlave::listen(bench.loop, bench.registers, port);
    REQUIRE(again);
    check_told(bench.read(2, three), 2, three);
  }

  TEST_CASE("while a peer is away its reads fail at once and name the next try") {
    Loop loop;
    auto bus = make_tcp_bus(loop, {.host = "127.0.0.1", .port = 1, .backoff_first = Milliseconds(60'000)});
    const auto first = read_now(loop, *bus, 1, four);
    REQUIRE_FALSE(first);
    const auto second = read_now(loop, *bus, 1, four);
    REQUIRE_FALSE(second);
    CHECK(second.error().fault == Fault::retry);
    CHECK(second.error().message.find("next try in") != std::string::npos);
  }

  TEST_CASE("a name that does not resolve is a peer that is away") {
    Loop loop;
    auto bus = make_tcp_bus(loop, {.host = "meter.invalid", .port = 502});
    const auto lost = read_now(loop, *bus, 1, four);
    REQUIRE_FALSE(lost);
    CHECK(lost.error().fault == Fault::retry);
  }

  TEST_CASE("reads that come together are served one by one, in order; too many are refused") {
    TcpBench bench;
    std::vector<std::optional<Result<Words>>> answers(max_waiting_reads + 3);
    for (std::size_t at = 0; at < answers.size(); ++at)
      bench.loop.spawn(read_into(*bench.bus, UnitAddress{1},
                                 {RegisterKind::holding, static_cast<std::uint16_t>(at), 2}, answers[at]));
    REQUIRE(bench.loop.run_until(
        [&] {
          for (const auto& answer : answers)
            if (!answer) return false;
          return true;
        },
        Milliseconds(20'000)));
    for (std::size_t at = 0; at <= max_waiting_reads; ++at)
      check_told(*answers[at], 1, {RegisterKind::holding, static_cast<std::uint16_t>(at), 2});
    for (std::size_t at = max_waiting_reads + 1; at < answers.size(); ++at) {
      REQUIRE_FALSE(*answers[at]);
      CHECK(answers[at]->error().fault == Fault::full);
    }
    CHECK(bench.registers.asked == static_cast<int>(max_waiting_reads) + 1);
  }

  TEST_CASE("a gateway can stop while reads wait for their turn on a peer") {
    int asked = 0;
    {
      TcpBench bench;
      bench.slave->change_replies([](Bytes) { return Bytes{}; });
      std::array<std::optional<Result<Words>>, 4> answers;
      for (auto& answer : answers) bench.loop.spawn(read_into(*bench.bus, UnitAddress{1}, four, answer));
      REQUIRE(bench.loop.run_until([&] { return bench.registers.asked == 1; }, Milliseconds(20'000)));
      asked = bench.registers.asked;
    }  // bus, slave and loop go, with four coroutines in them
    CHECK(asked == 1);
  }

  TEST_CASE("a bus can be given up in the middle of a read") {
    TcpBench bench;
    bench.slave->change_replies([](Bytes) { return Bytes{}; });
    std::optional<Result<Words>> answer;
    bench.loop.spawn(read_into(*bench.bus, UnitAddress{1}, four, answer));
    REQUIRE(bench.loop.run_until([&] { return bench.registers.asked == 1; }, Milliseconds(20'000)));
    CHECK_FALSE(answer);
    bench.bus.reset();
  }

  TEST_CASE("transaction numbers go round after 65535") {
    TcpBench bench;
    std::vector<int> seen;
    bench.slave->change_replies([&](Bytes reply) {
      seen.push_back((reply[0] << 8) | reply[1]);
      return reply;
    });
    bench.bus = make_tcp_bus(bench.loop,
                             {.host = "127.0.0.1", .port = bench.slave->port(), .first_transaction = 65534});
    for (int at = 0; at < 4; ++at) check_told(bench.read(1, four), 1, four);
    CHECK(seen == std::vector{65534, 65535, 0, 1});
  }

  TEST_CASE("a read that waited is not sent on a connection that has not said who it reaches") {
    TcpBench bench;
    KeepingBook book;
    bench.bus = make_tcp_bus(
        bench.loop, {.host = "127.0.0.1", .port = bench.slave->port(), .units = {unit_of(1)}}, &book);
    const auto identify = [&] {
      std::optional<Result<Identity>> known;
      bench.loop.spawn(identify_into(*bench.bus, known));
      REQUIRE(bench.loop.run_until([&] { return known.has_value(); }, Milliseconds(20'000)));
      REQUIRE(*known);
    };
    identify();
    const auto episode = bench.bus->status(UnitAddress{1}).episode;
    bench.slave->change_replies([wrong = true](Bytes reply) mutable {
      if (std::exchange(wrong, false)) reply[1] ^= 1;
      return reply;
    });
    std::optional<Result<Words>> others, waited;
    bench.loop.spawn(read_into(*bench.bus, UnitAddress{2}, four, others));
    bench.loop.spawn(read_into(*bench.bus, UnitAddress{1}, four, waited));
    REQUIRE(bench.loop.run_until([&] { return others && waited; }, Milliseconds(20'000)));
    CHECK_FALSE(*others);
    REQUIRE_FALSE(*waited);
    CHECK(waited->error().fault == Fault::refused);
    identify();
    CHECK(bench.bus->status(UnitAddress{1}).episode != episode);
    check_told(bench.read(1, four), 1, four);
  }

  TEST_CASE("a gateway does not die of keeping a meter's serial number") {
    TcpBench bench;
    KeepingBook book;
    const RegisterSpan serial{RegisterKind::holding, 100, 6};
    GuardedUnit meter{
        .unit = UnitAddress{1}, .probes = {serial, {RegisterKind::holding, 100, 5}}, .serial = serial};
    for (const auto& span : {four, serial, meter.probes[1]}) REQUIRE(meter.dictionary.claim(span));
    bench.bus =
        make_tcp_bus(bench.loop, {.host = "127.0.0.1", .port = bench.slave->port(), .units = {meter}}, &book);
    std::optional<Result<Identity>> known;
    bench.loop.spawn(identify_into(*bench.bus, known));
    REQUIRE(bench.loop.run_until([&] { return known.has_value(); }, Milliseconds(20'000)));
    REQUIRE(*known);
    REQUIRE(book.records.size() == 1);
    CHECK(book.records[0].serial == TellingRegisters::words_of(UnitAddress{1}, serial));
  }
}
