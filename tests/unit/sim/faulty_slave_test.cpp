// Every fault over a real pseudo-terminal or socket, as a master hears it.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>

#include "drivers/modbus/buses.hpp"
#include "kit/loop/asio.hpp"
#include "kit/loop/clocks.hpp"
#include "kit/loop/loop.hpp"
#include "tests/unit/sim/fault_kit.hpp"

using namespace steward;
using namespace steward::sim;
using namespace std::chrono_literals;

namespace {

/// A pseudo-terminal with faults and the master's end of it.
class FaultyPty {
 public:
  explicit FaultyPty(std::vector<FaultRule> rules) : plan_(std::make_shared<FaultPlan>(1, std::move(rules))) {
    auto opened = PtySlave::open(loop_, source_);
    REQUIRE(opened);
    slave_ = std::move(*opened);
    slave_->play(plan_);
    master_ = ::open(slave_->path().c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK);
    REQUIRE(master_ >= 0);
  }
  ~FaultyPty() { ::close(master_); }

  /// Sends a request and waits until the slave has taken it, as silence would have it.
  void ask(const OpenRequest& open) {
    const Bytes request = encode_request(open);
    const auto before = plan_->asked();
    CHECK(::write(master_, request.data(), request.size()) == static_cast<ssize_t>(request.size()));
    CHECK(loop_.run_until([&] { return plan_->asked() > before; }, 2s));
  }
  /// Hears until `count` bytes have come. False after two seconds: only when it fails.
  bool hear(std::size_t count) {
    return loop_.run_until([&] { return read_more(), heard.size() >= count; }, 2s);
  }
  /// Asks a healthy unit and hears its reply: by then, what came before it has come.
  std::size_t hear_until_reply_of(std::uint8_t unit) {
    const auto before = heard.size();
    ask(open_request(unit));
    CHECK(hear(before + right(open_request(unit)).size()));
    return before;
  }

  Bytes heard;

 private:
  void read_more() {
    std::array<std::uint8_t, 256> buffer;
    for (ssize_t came = 1; came > 0;) {
      came = ::read(master_, buffer.data(), buffer.size());
      if (came > 0) heard.insert(heard.end(), buffer.begin(), buffer.begin() + came);
    }
  }

  std::shared_ptr<FaultPlan> plan_;
  Loop loop_;
  TellingSource source_;
  std::unique_ptr<PtySlave> slave_;
  int master_ = -1;
};

constexpr UnitAddress bad{1};
const Bytes good = right(open_request(1));

/// One request to unit 1 under `rule`; what is heard of it before unit 2's reply.
Bytes heard_under(FaultRule rule, std::size_t expected) {
  rule.unit = bad;
  FaultyPty pty({rule});
  pty.ask(open_request(1));
  if (expected > 0) CHECK(pty.hear(expected));
  const auto before = pty.hear_until_reply_of(2);
  CHECK(Bytes(pty.heard.begin() + static_cast<std::ptrdiff_t>(before), pty.heard.end()) ==
        right(open_request(2)));
  return {pty.heard.begin(), pty.heard.begin() + static_cast<std::ptrdiff_t>(before)};
}

Awaitable<void> read_into(RegisterBus& bus, std::uint8_t unit, std::optional<Result<Words>>& into) {
  into.emplace(co_await bus.read(UnitAddress{unit}, open_request(unit).span));
}

Result<Words> read_tcp(Loop& loop, RegisterBus& bus, std::uint8_t unit) {
  std::optional<Result<Words>> words;
  loop.spawn(read_into(bus, unit, words));
  REQUIRE(loop.run_until([&] { return words.has_value(); }, 20s));
  return std::move(*words);
}

}  // namespace

TEST_SUITE("sim/faulty_slave") {
  TEST_CASE("over a pseudo-terminal: silence, and the neighbour still answers") {
    CHECK(heard_under({.kind = FaultKind::lost}, 0).empty());
    CHECK(heard_under({.kind = FaultKind::dead}, 0).empty());
    CHECK(heard_under({.kind = FaultKind::reboot, .least = 60s, .most = 60s}, 0).empty());
  }

  TEST_CASE("over a pseudo-terminal: what leaves in another shape") {
    CHECK(heard_under({.kind = FaultKind::duplicate}, 2 * good.size()).size() == 2 * good.size());
    CHECK(heard_under({.kind = FaultKind::truncated}, 1).size() < good.size());
    CHECK_FALSE(accept_reply(open_request(1), heard_under({.kind = FaultKind::bad_crc}, good.size())));
    CHECK(heard_under({.kind = FaultKind::wrong_unit}, good.size())[0] == 2);
    CHECK(heard_under({.kind = FaultKind::echo}, 8 + good.size()).size() == 8 + good.size());
    CHECK(heard_under({.kind = FaultKind::babble}, good.size() + 1).size() > good.size());
    CHECK(heard_under({.kind = FaultKind::exception, .code = 2}, 5)[2] == 2);
    CHECK(heard_under({.kind = FaultKind::twin, .other = UnitAddress{3}}, 2 * good.size()).size() ==
          2 * good.size());
    CHECK(*accept_reply(open_request(1), heard_under({.kind = FaultKind::value_reset}, good.size())) ==
          Words{0, 0});
  }

  TEST_CASE("over a pseudo-terminal: a late reply comes after the neighbour's") {
    FaultyPty pty({{.kind = FaultKind::late, .unit = bad, .least = 150ms, .most = 150ms}});
    const auto begun = SystemClock().ticks();
    pty.ask(open_request(1));
    pty.hear_until_reply_of(2);
    CHECK(pty.heard == right(open_request(2)));
    CHECK(pty.hear(2 * good.size()));
    CHECK(Bytes(pty.heard.begin() + static_cast<std::ptrdiff_t>(good.size()), pty.heard.end()) == good);
    CHECK(SystemClock().ticks() - begun >= 150ms);
  }

  TEST_CASE("over a pseudo-terminal: a stalled converter merges two replies") {
    FaultyPty pty({{.kind = FaultKind::stall, .times = 1, .least = 100ms, .most = 100ms}});
    const auto begun = SystemClock().ticks();
    pty.ask(open_request(1));
    CHECK(pty.hear(good.size()));
    CHECK(SystemClock().ticks() - begun >= 100ms);
    CHECK(pty.heard == good);
  }

  TEST_CASE("over TCP: faults of one unit are not its neighbour's") {
    Loop loop;
    TellingSource source;
    auto slave = TcpSlave::listen(loop, source);
    REQUIRE(slave);
    (*slave)->play(std::make_shared<FaultPlan>(
        1, std::vector<FaultRule>{
               {.kind = FaultKind::dead, .unit = UnitAddress{1}},
               {.kind = FaultKind::exception, .unit = UnitAddress{2}, .code = 6},
               {.kind = FaultKind::wrong_unit, .unit = UnitAddress{3}},
               {.kind = FaultKind::bad_crc, .unit = UnitAddress{4}},
               {.kind = FaultKind::late, .unit = UnitAddress{5}, .least = 30ms, .most = 30ms}}));
    auto bus = make_tcp_bus(loop, {.host = "127.0.0.1", .port = (*slave)->port(), .reply_timeout = 300ms});
    CHECK(read_tcp(loop, *bus, 1).error().fault == Fault::retry);
    CHECK(read_tcp(loop, *bus, 2).error().message.find("0x06") != std::string::npos);
    CHECK(read_tcp(loop, *bus, 3).error().fault == Fault::malformed);
    CHECK_FALSE(read_tcp(loop, *bus, 4));
    CHECK(read_tcp(loop, *bus, 5));
    CHECK(read_tcp(loop, *bus, 6));
  }
}
