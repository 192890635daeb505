// The simulated board: what other simulators let pass, it does not.
#include "drivers/sim/door_board.hpp"

#include <doctest/doctest.h>

#include "tests/support/manual_clock.hpp"
#include "tests/unit/doors/packets.hpp"

using namespace steward;
using namespace steward::ut0311;
using sim::DoorBoard;
using test::day;
using test::gate_serial;
using test::packet;

namespace {

const Instant noon = instant_from_ms(1'780'286'400'000);  // 2026-06-01T04:00Z, 12:00 at UTC+8

Reply ask(DoorBoard& board, const Request& request, Instant now = noon) {
  const auto sent = encode_request(gate_serial, 7, request);
  REQUIRE(sent);
  const auto answered = board.answer(*sent, now);
  REQUIRE(answered);
  const auto reply = decode_reply(*answered, {.serial = gate_serial, .xid = 7, .request = request});
  REQUIRE(reply);
  return *reply;
}

std::uint8_t newest_reason(const DoorBoard& board) {
  const auto found = board.event(newest_event);
  return std::get<ControllerEvent>(found).reason;
}

}  // namespace

TEST_SUITE("sim/door_board") {
  TEST_CASE("a card opens its doors from its first to its last day, in local time") {
    DoorBoard board({.serial = gate_serial});
    const DoorCard card{
        .number = 4711, .from = day(2026, 6, 1), .to = day(2026, 6, 2), .permission = {1, 0, 0, 0}};
    CHECK(std::get<DoneReply>(ask(board, PutCardRequest{card})).ok);
    const auto try_at = [&](const char* what, Instant at, std::uint8_t door, std::uint32_t number) {
      CAPTURE(what);
      board.swipe({.at = at, .door = door, .card = number});
      return newest_reason(board);
    };
    const Instant first_midnight = noon - std::chrono::hours{12};
    CHECK(try_at("the second before", first_midnight - Milliseconds{1'000}, 1, 4711) == 15);
    CHECK(try_at("midnight", first_midnight, 1, 4711) == 1);
    CHECK(try_at("the last second", first_midnight + std::chrono::hours{48} - Milliseconds{1'000}, 1, 4711) ==
          1);
    CHECK(try_at("the day after", first_midnight + std::chrono::hours{48}, 1, 4711) == 15);
    CHECK(try_at("another door", noon, 2, 4711) == 6);
    CHECK(try_at("a stranger", noon, 1, 4712) == 18);
  }

  TEST_CASE("what a board cannot keep is answered with no, and leaves nothing behind") {
    DoorBoard board({.serial = gate_serial});
    for (const char* hex : {"1750000078372a1800000000202501012025123101010101",   // card 0
                            "1750000078372a18ffffffff202501012025123101010101",   // the mark of a deleted one
                            "1750000078372a18a07a9900202512312025010101010101",   // reversed dates
                            "1750000078372a18a07a99000000000000000000010101010",  // no dates
                            "1740000078372a1805"}) {                              // door 5
      CAPTURE(hex);
      std::string even = hex;
      if (even.size() % 2 == 1) even += '0';
      const auto answer = board.answer(packet(even), noon);
      REQUIRE(answer);
      CHECK((*answer)[8] == 0);
    }
    CHECK(board.cards().empty());
    CHECK(board.opened() == 0);
    CHECK_FALSE(board.answer(packet("1730000078372a1820250229123456"), noon));  // a time that is none
    CHECK_FALSE(board.answer(packet("1740000079372a1801"), noon));              // another board's
    CHECK_FALSE(board.answer({}, noon));
  }

  TEST_CASE("a full memory drops its oldest chunk and says so of each index in it") {
    DoorBoard board({.serial = gate_serial, .memory = 20, .chunk = 8});
    for (std::uint32_t i = 1; i <= 21; ++i) board.swipe({.at = noon, .card = i});
    CHECK(board.oldest() == 9);
    CHECK(board.newest() == 21);
    CHECK(std::get<EventReply>(ask(board, EventRequest{8})) == EventReply{8, OverwrittenEvent{}});
    const auto lookup = [&](std::uint32_t index) {
      return std::get<ControllerEvent>(std::get<EventReply>(ask(board, EventRequest{index})).event);
    };
    CHECK(lookup(9).card == 9);
    CHECK(lookup(oldest_event).index == 9);
    CHECK(lookup(newest_event).index == 21);
    CHECK(std::get<EventReply>(ask(board, EventRequest{22})) == EventReply{0, NoEvent{}});
    board.restart_memory();
    CHECK(std::get<StatusReply>(ask(board, StatusRequest{})).status.newest_index == 0);
    board.swipe({.at = noon, .card = 5});
    CHECK(board.newest() == 1);
  }

  TEST_CASE("the schedule is played as time passes, once, and is the same for one seed") {
    const Instant month = noon - std::chrono::hours{12};
    const auto swipes =
        sim::commuter_swipes(7, {4711, 4712, 4713}, 4, month, month + std::chrono::hours{24 * 30});
    CHECK(swipes ==
          sim::commuter_swipes(7, {4711, 4712, 4713}, 4, month, month + std::chrono::hours{24 * 30}));
    CHECK(swipes !=
          sim::commuter_swipes(8, {4711, 4712, 4713}, 4, month, month + std::chrono::hours{24 * 30}));
    REQUIRE(swipes.size() > 100);
    DoorBoard board({.serial = gate_serial}, swipes);
    CHECK(board.advance(swipes[9].at) >= 10);
    const std::uint32_t played = board.newest();
    CHECK(board.advance(swipes[9].at) == 0);
    CHECK(board.newest() == played);
    CHECK(board.advance(month + std::chrono::hours{24 * 30}) == swipes.size() - played);
  }

  TEST_CASE("doors are heard to open only when special events are recorded") {
    DoorBoard board({.serial = gate_serial});
    ask(board, OpenDoorRequest{1});
    CHECK(newest_reason(board) == 44);
    ask(board, SpecialEventsRequest{true});
    ask(board, OpenDoorRequest{1});
    CHECK(newest_reason(board) == 23);
    CHECK(board.newest() == 3);
  }
}
