#include "drivers/sim/fault_plan.hpp"

#include <algorithm>

#include "tests/unit/sim/fault_kit.hpp"

using namespace steward;
using namespace steward::sim;
using namespace std::chrono_literals;

namespace {

/// What one request to unit 1 at time 0 leads to under one rule.
std::vector<HeardAt> under(const FaultRule& rule, Framing framing = Framing::rtu) {
  VirtualLine line({rule});
  line.ask(open_request(1, 10, 2, framing), 0);
  return line.rest();
}

const Bytes good = right(open_request(1));

}  // namespace

TEST_SUITE("sim/fault_plan") {
  TEST_CASE("without a rule the right reply comes at once") {
    VirtualLine line({});
    line.ask(open_request(1), 5);
    CHECK(line.rest() == std::vector<HeardAt>{{5, good}});
  }

  TEST_CASE("a late reply is whole and comes when the rule says") {
    CHECK(under({.kind = FaultKind::late, .least = 40ms, .most = 40ms}) == std::vector<HeardAt>{{40, good}});
    const auto drawn = under({.kind = FaultKind::late, .least = 10ms, .most = 20ms});
    REQUIRE(drawn.size() == 1);
    CHECK(drawn[0].at_ms >= 10);
    CHECK(drawn[0].at_ms <= 20);
  }

  TEST_CASE("late replies overtake each other, unless the line keeps their order") {
    const auto seconds_first = [](bool keep_order) {
      VirtualLine line(
          {{.kind = FaultKind::late, .times = 1, .least = 50ms, .most = 50ms, .keep_order = keep_order}});
      line.ask(open_request(1, 10), 0);
      line.ask(open_request(1, 20), 10);
      return line.rest();
    };
    const Bytes second = right(open_request(1, 20));
    CHECK(seconds_first(false) == std::vector<HeardAt>{{10, second}, {50, good}});
    Bytes both = good;
    both.insert(both.end(), second.begin(), second.end());
    CHECK(seconds_first(true) == std::vector<HeardAt>{{50, both}});
  }

  TEST_CASE("lost and dead are silence, on TCP too") {
    CHECK(under({.kind = FaultKind::lost}).empty());
    CHECK(under({.kind = FaultKind::dead}).empty());
    CHECK(under({.kind = FaultKind::dead}, Framing::mbap).empty());
  }

  TEST_CASE("a duplicate is the same reply once more") {
    CHECK(under({.kind = FaultKind::duplicate, .least = 30ms, .most = 30ms}) ==
          std::vector<HeardAt>{{0, good}, {30, good}});
  }

  TEST_CASE("a truncated reply is the beginning of the right one") {
    const auto heard = under({.kind = FaultKind::truncated});
    REQUIRE(heard.size() == 1);
    CHECK(heard[0].bytes.size() < good.size());
    CHECK(std::equal(heard[0].bytes.begin(), heard[0].bytes.end(), good.begin()));
  }

  TEST_CASE("a garbled reply has its length and is refused by its CRC") {
    const auto heard = under({.kind = FaultKind::bad_crc});
    REQUIRE(heard.size() == 1);
    CHECK(heard[0].bytes.size() == good.size());
    CHECK_FALSE(accept_reply(open_request(1), heard[0].bytes));
    CHECK(accept_reply(open_request(1), good));
  }

  TEST_CASE("a garbled TCP reply lies about its length") {
    const auto heard = under({.kind = FaultKind::bad_crc}, Framing::mbap);
    REQUIRE(heard.size() == 1);
    CHECK_FALSE(accept_reply(open_request(1, 10, 2, Framing::mbap), heard[0].bytes));
  }

  TEST_CASE("a wrong unit answers with a right CRC") {
    Bytes expected = good;
    expected[0] = 5;
    CHECK(under({.kind = FaultKind::wrong_unit, .other = UnitAddress{5}}) ==
          std::vector<HeardAt>{{0, wrapped(Speech::rtu, {}, ByteView(expected).first(expected.size() - 2))}});
    CHECK(under({.kind = FaultKind::wrong_unit})[0].bytes[0] == 2);
  }

  TEST_CASE("an echo is the request itself, before the reply") {
    Bytes both = encode_request(open_request(1));
    both.insert(both.end(), good.begin(), good.end());
    CHECK(under({.kind = FaultKind::echo}) == std::vector<HeardAt>{{0, both}});
  }

  TEST_CASE("babble is noise beside the reply") {
    const auto heard = under({.kind = FaultKind::babble, .least = 20ms, .most = 20ms});
    REQUIRE(heard.size() == 2);
    CHECK(heard[0] == HeardAt{0, good});
    CHECK(heard[1].at_ms == 20);
    CHECK(heard[1].bytes.size() <= 16);
  }

  TEST_CASE("an exception carries the code that was asked for") {
    const auto heard = under({.kind = FaultKind::exception, .code = 6});
    REQUIRE(heard.size() == 1);
    CHECK(heard[0].bytes.size() == 5);
    CHECK(heard[0].bytes[1] == 0x83);
    CHECK(heard[0].bytes[2] == 6);
  }

  TEST_CASE("two meters at one address both answer, with their own registers") {
    Bytes second = right(open_request(2));
    second[0] = 1;
    CHECK(under({.kind = FaultKind::twin, .least = 15ms, .most = 15ms, .other = UnitAddress{2}}) ==
          std::vector<HeardAt>{{0, good},
                               {15, wrapped(Speech::rtu, {}, ByteView(second).first(second.size() - 2))}});
  }

  TEST_CASE("a unit that reboots loses what it had not sent and is away for a while") {
    VirtualLine line({{.kind = FaultKind::late, .times = 1, .least = 500ms, .most = 500ms},
                      {.kind = FaultKind::reboot, .after = 1, .times = 1, .least = 100ms, .most = 100ms}});
    line.ask(open_request(1), 0);    // its reply would come at 500
    line.ask(open_request(1), 10);   // the power fails
    line.ask(open_request(1), 60);   // still away
    line.ask(open_request(1), 110);  // back
    CHECK(line.rest() == std::vector<HeardAt>{{110, good}});
  }

  TEST_CASE("a stale buffer answers the first request after a reboot with the reply before it") {
    VirtualLine line({{.kind = FaultKind::reboot, .after = 1, .times = 1, .stale = true}});
    line.ask(open_request(1, 10), 0);
    line.ask(open_request(1, 20), 10);
    line.ask(open_request(1, 30), 20);
    line.ask(open_request(1, 30), 30);
    CHECK(line.rest() == std::vector<HeardAt>{{0, good}, {20, good}, {30, right(open_request(1, 30))}});
  }

  TEST_CASE("a value reset stays, and spares the registers beside it") {
    VirtualLine line({{.kind = FaultKind::value_reset,
                       .after = 1,
                       .times = 1,
                       .registers = RegisterSpan{RegisterKind::holding, 11, 1}}});
    for (int at : {0, 10, 20}) line.ask(open_request(1), at);
    const auto heard = line.rest();
    REQUIRE(heard.size() == 3);
    CHECK(*accept_reply(open_request(1), heard[0].bytes) == Words{1010, 1011});
    CHECK(*accept_reply(open_request(1), heard[1].bytes) == Words{1010, 0});
    CHECK(*accept_reply(open_request(1), heard[2].bytes) == Words{1010, 0});
  }

  TEST_CASE("a stalled converter gives everybody's replies in one burst") {
    VirtualLine line({{.kind = FaultKind::stall, .times = 1, .least = 200ms, .most = 200ms}});
    line.ask(open_request(1), 0);
    line.ask(open_request(2), 50);  // another unit: its own first hit, until 250
    const auto heard = line.rest();
    REQUIRE(heard.size() == 1);
    CHECK(heard[0].at_ms == 250);
    CHECK(heard[0].bytes.size() == 2 * good.size());
  }

  TEST_CASE("a rule spares the first requests, hits so many times and leaves other units alone") {
    VirtualLine line({{.kind = FaultKind::lost, .unit = UnitAddress{1}, .after = 1, .times = 2}});
    for (int at = 0; at < 5; ++at) line.ask(open_request(1), at);
    line.ask(open_request(2), 10);
    const auto heard = line.rest();
    REQUIRE(heard.size() == 4);
    CHECK(heard[0].at_ms == 0);
    CHECK(heard[1].at_ms == 3);
    CHECK(heard[2].at_ms == 4);
    CHECK(heard[3].at_ms == 10);
  }

  TEST_CASE("one seed gives the same faults, another seed others, at the chance asked for") {
    const auto run = [](std::uint64_t seed) {
      VirtualLine line({{.kind = FaultKind::lost, .per_mille = 300},
                        {.kind = FaultKind::late, .per_mille = 500, .least = 1ms, .most = 900ms}},
                       seed);
      for (int at = 0; at < 1000; ++at) line.ask(open_request(1), at * 1000);
      return line.rest();
    };
    const auto first = run(7);
    CHECK(first == run(7));
    CHECK(first != run(8));
    CHECK(first.size() > 650);
    CHECK(first.size() < 750);
  }

  TEST_CASE("what is no request leads to nothing") {
    FaultPlan plan(1, {{.kind = FaultKind::echo}});
    const auto nobody = [](UnitAddress) { return std::optional<Bytes>(); };
    CHECK(plan.decide(Speech::rtu, Bytes{1, 3, 0}, nobody, Ticks{}) == Verdict{});
    CHECK(plan.decide(Speech::mbap, Bytes{0, 1, 0, 0, 0, 6}, nobody, Ticks{}) == Verdict{});
  }
}
