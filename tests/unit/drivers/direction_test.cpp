// Who turns an RS-485 line, and when: a driver and a clock in the test's own hand.
#include "drivers/line/direction.hpp"

#include <doctest/doctest.h>
#include <linux/serial.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "drivers/line/exchange.hpp"

using namespace steward;
using namespace std::chrono_literals;

namespace {

constexpr LineFormat slow{9600, Parity::none, 1};  // a character takes 1.041667 ms

/// One serial driver: what it can, what it was told, and when the last bit leaves it.
struct Driver {
  Ticks now = Ticks(1h);
  bool knows_rs485 = true;
  bool stays_off = false;
  bool keeps_delays = true;
  bool tells_empty = true;  // TIOCSERGETLSR; else the count of waiting bytes alone
  bool has_rts = true;
  serial_rs485 rs485{};
  std::chrono::nanoseconds held_up{0};  // behind the reckoned time
  Ticks out;                            // the last bit
  std::vector<std::string> story;

  void note(const std::string& what) {
    const auto since = std::chrono::duration_cast<std::chrono::microseconds>(now - Ticks(1h));
    story.push_back(std::to_string(since.count()) + " " + what);
  }
};

class FakeControl final : public SerialControl {
 public:
  explicit FakeControl(Driver& driver) : driver_(driver) {}
  Ticks ticks() const override { return driver_.now; }
  void wait_until(Ticks until) override { driver_.now = std::max(driver_.now, until); }
  int control(unsigned long request, void* argument) override {
    switch (request) {
      case TIOCGRS485:
        if (!driver_.knows_rs485) return ENOTTY;
        std::memcpy(argument, &driver_.rs485, sizeof driver_.rs485);
        return 0;
      case TIOCSRS485: return take(*static_cast<serial_rs485*>(argument));
      case TIOCMBIS: return rts(true);
      case TIOCMBIC: return rts(false);
      case TIOCSERGETLSR:
        if (!driver_.tells_empty) return ENOTTY;
        *static_cast<unsigned int*>(argument) = driver_.now >= driver_.out ? TIOCSER_TEMT : 0U;
        return 0;
      case TIOCOUTQ: *static_cast<int*>(argument) = driver_.now >= driver_.out ? 0 : 1; return 0;
      default: return EINVAL;
    }
  }

 private:
  int take(const serial_rs485& wanted) {
    if (!driver_.knows_rs485) return ENOTTY;
    driver_.rs485 = wanted;
    if (driver_.stays_off) driver_.rs485.flags &= ~static_cast<unsigned>(SER_RS485_ENABLED);
    if (!driver_.keeps_delays) driver_.rs485.delay_rts_before_send = driver_.rs485.delay_rts_after_send = 0;
    return 0;
  }
  int rts(bool raised) {
    if (!driver_.has_rts) return ENOTTY;
    driver_.note(raised ? "RTS up" : "RTS down");
    return 0;
  }

  Driver& driver_;
};

/// The line behind it. A meter answers a millisecond after the last bit.
class FakePort final : public LinePort {
 public:
  explicit FakePort(Driver& driver) : driver_(driver) {}
  Ticks ticks() const override { return driver_.now; }
  Result<void> send(ByteView bytes) override {
    driver_.note("send " + std::to_string(bytes.size()));
    driver_.out = driver_.now + characters(slow, static_cast<std::int64_t>(bytes.size())) + driver_.held_up;
    if (fails) return Error{Fault::retry, "unplugged"};
    return {};
  }
  Result<bool> receive(Bytes& into, Ticks deadline) override {
    driver_.now = std::max(driver_.now, deadline);
    if (reply.empty()) return false;
    into.insert(into.end(), reply.begin(), reply.end());
    reply.clear();
    return true;
  }
  bool fails = false;
  Bytes reply;

 private:
  Driver& driver_;
};

Result<std::unique_ptr<LinePort>> turned(Driver& driver, const LineDirection& direction) {
  return with_direction(std::make_unique<FakePort>(driver), std::make_unique<FakeControl>(driver),
                        "/dev/ttyS7", slow, direction);
}

/// The message of a refusal: names the device, what to do, and says it in Chinese too.
std::string refusal(Driver& driver, const LineDirection& direction) {
  const auto port = turned(driver, direction);
  REQUIRE_FALSE(port);
  CHECK(port.error().fault == Fault::broken);
  CHECK(port.error().message.find("/dev/ttyS7: ") == 0);
  CHECK(port.error().message.find("\"direction\"") != std::string::npos);
  CHECK(port.error().message.find("请") != std::string::npos);
  return port.error().message;
}

const Bytes eight_bytes(8, 0x55);  // 8.333334 ms at 9600 8N1

}  // namespace

TEST_SUITE("drivers/line/direction") {
  TEST_CASE("auto asks the driver for nothing") {
    Driver driver;
    driver.knows_rs485 = driver.has_rts = false;
    const auto port = turned(driver, {});
    REQUIRE(port);
    REQUIRE((*port)->send(eight_bytes));
    CHECK(driver.story == std::vector<std::string>{"0 send 8"});
    CHECK_FALSE((*port)->sends_whole());
  }

  TEST_CASE("kernel: switched on with RTS while sending and the delays asked for; put back at the end") {
    Driver driver;
    {
      const auto port = turned(driver, {DirectionMode::kernel, 1ms, 2ms});
      REQUIRE(port);
      CHECK(driver.rs485.flags == (SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND));
      CHECK(driver.rs485.delay_rts_before_send == 1);
      CHECK(driver.rs485.delay_rts_after_send == 2);
      REQUIRE((*port)->send(eight_bytes));
      CHECK(driver.story == std::vector<std::string>{"0 send 8"});  // RTS is the driver's own
    }
    CHECK(driver.rs485.flags == 0);
    CHECK(driver.rs485.delay_rts_after_send == 0);
  }

  TEST_CASE("kernel: a board whose device tree says active low keeps its polarity") {
    Driver driver;
    driver.rs485.flags = SER_RS485_RTS_AFTER_SEND | SER_RS485_RX_DURING_TX;
    const auto port = turned(driver, {DirectionMode::kernel, 0ms, 0ms});
    REQUIRE(port);
    CHECK(driver.rs485.flags == (SER_RS485_ENABLED | SER_RS485_RTS_AFTER_SEND | SER_RS485_RX_DURING_TX));
  }

  TEST_CASE("kernel: a driver that cannot, will not or not so says what to set instead") {
    Driver cannot;
    cannot.knows_rs485 = false;
    CHECK(refusal(cannot, {DirectionMode::kernel, 0ms, 0ms}).find("Inappropriate ioctl") !=
          std::string::npos);
    Driver will_not;
    will_not.stays_off = true;
    CHECK(refusal(will_not, {DirectionMode::kernel, 0ms, 0ms}).find("left it off") != std::string::npos);
    Driver not_so;
    not_so.keeps_delays = false;
    CHECK(refusal(not_so, {DirectionMode::kernel, 1ms, 0ms}).find("(0 and 0 ms)") != std::string::npos);
    CHECK(not_so.rs485.flags == 0);  // put back
    Driver without_delays;
    without_delays.keeps_delays = false;
    CHECK(turned(without_delays, {DirectionMode::kernel, 0ms, 0ms}));
  }

  TEST_CASE("rts: up before the first bit, down after the last one, with the rests asked for") {
    Driver driver;
    const auto port = turned(driver, {DirectionMode::rts, 1ms, 2ms});
    REQUIRE(port);
    REQUIRE((*port)->send(eight_bytes));
    CHECK(driver.story ==
          std::vector<std::string>{"0 RTS down", "0 RTS up", "1000 send 8", "11333 RTS down"});
    CHECK((*port)->sends_whole());
  }

  TEST_CASE("rts_inverted is its mirror image") {
    Driver driver;
    const auto port = turned(driver, {DirectionMode::rts_inverted, 0ms, 0ms});
    REQUIRE(port);
    REQUIRE((*port)->send(eight_bytes));
    CHECK(driver.story == std::vector<std::string>{"0 RTS up", "0 RTS down", "0 send 8", "8333 RTS up"});
  }

  TEST_CASE("rts: a frame that leaves late is not cut off, whichever way the driver tells") {
    for (const bool tells : {true, false}) {
      Driver driver;
      driver.tells_empty = tells;
      driver.held_up = 4ms;
      const auto port = turned(driver, {DirectionMode::rts, 0ms, 0ms});
      REQUIRE(port);
      REQUIRE((*port)->send(eight_bytes));
      // Without asking the driver RTS fell at 8333, 4 ms before the last bit.
      CHECK(driver.story.back() == "12533 RTS down");
    }
  }

  TEST_CASE("rts: a transmitter that never empties costs half a second, and the line listens again") {
    Driver driver;
    driver.held_up = 1h;
    const auto port = turned(driver, {DirectionMode::rts, 0ms, 0ms});
    REQUIRE(port);
    REQUIRE((*port)->send(eight_bytes));
    CHECK(driver.story.back().ends_with("RTS down"));
    CHECK(driver.now - Ticks(1h) < 600ms);
  }

  TEST_CASE("rts: after a send that failed the line listens again") {
    Driver driver;
    auto failing = std::make_unique<FakePort>(driver);
    failing->fails = true;
    const auto port = with_direction(std::move(failing), std::make_unique<FakeControl>(driver), "/dev/ttyS7",
                                     slow, {DirectionMode::rts, 0ms, 0ms});
    REQUIRE(port);
    CHECK_FALSE((*port)->send(eight_bytes));
    CHECK(driver.story.back() == "0 RTS down");
  }

  TEST_CASE("rts: a device without RTS says what to set instead") {
    Driver driver;
    driver.has_rts = false;
    CHECK(refusal(driver, {DirectionMode::rts, 0ms, 0ms}).find("RTS cannot be set") != std::string::npos);
  }

  TEST_CASE("the time of a request's last byte is not reckoned twice when sending waits for it") {
    Driver driver;
    auto port = turned(driver, {DirectionMode::rts, 0ms, 0ms});
    REQUIRE(port);
    LineExchange exchange(**port, slow, 0ns);
    const auto reply = exchange.exchange(
        eight_bytes, [](ByteView) { return std::size_t{1}; }, 100ms);
    REQUIRE(reply);
    REQUIRE(reply->went_out);
    CHECK(reply->sent - driver.out < 1us);
    CHECK(reply->sent >= driver.out);
  }
}
