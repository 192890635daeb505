// Packets published with the uhppoted projects (codegen model and message
// tests), decoded and encoded. Facts restated in docs/formats/doors.md.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/doors/packets.hpp"

using namespace steward;
using namespace steward::ut0311;
using test::at;
using test::day;
using test::gate_serial;
using test::packet;

namespace {

/// The request reads as `meant`, and `meant` is written as these bytes.
void check_request(std::string_view hex, const Request& meant) {
  CAPTURE(hex);
  const auto decoded = decode_request(packet(hex));
  REQUIRE(decoded);
  CHECK(*decoded == AddressedRequest{gate_serial, 0, meant});
  const auto encoded = encode_request(gate_serial, 0, meant);
  REQUIRE(encoded);
  CHECK(*encoded == packet(hex));
}

Question question(Request request, std::uint32_t serial = gate_serial) {
  return {.serial = serial, .xid = 0, .rule = XidRule::echoed, .request = std::move(request)};
}

/// The reply to `request` reads as `meant`, and `meant` is written as these bytes.
void check_reply(std::string_view hex, const Request& request, const Reply& meant) {
  CAPTURE(hex);
  const auto decoded = decode_reply(packet(hex), question(request));
  REQUIRE(decoded);
  CHECK(*decoded == meant);
  CHECK(encode_reply(gate_serial, 0, function_of(request), meant) == packet(hex));
}

template <class Kept>
Kept kept(std::string_view hex, Kept value) {
  const auto bytes = packet(hex);
  value.raw.assign(bytes.begin(), bytes.end());
  return value;
}

}  // namespace

TEST_SUITE("doors/ut0311 vectors") {
  TEST_CASE("find: addresses, MAC, version and date of a board") {
    CHECK(*encode_request(0, 0, FindRequest{}) == packet("1794"));
    CHECK(decode_request(packet("1794"))->serial == 0);
    const std::string_view hex = "1794000078372a18c0a80164ffffff00c0a80101001223344556089220181105";
    const FoundController found{.address = {192, 168, 1, 100},
                                .mask = {255, 255, 255, 0},
                                .gateway = {192, 168, 1, 1},
                                .mac = {0x00, 0x12, 0x23, 0x34, 0x45, 0x56},
                                .version = 0x0892,
                                .released = day(2018, 11, 5)};
    check_reply(hex, FindRequest{}, found);
    const auto broadcast = decode_reply(packet(hex), question(FindRequest{}, 0));
    REQUIRE(broadcast);
    CHECK(std::get<FoundController>(*broadcast) == found);
  }

  TEST_CASE("clock: set and get") {
    check_request("1730000078372a1820251104123456", SetTimeRequest{at(day(2025, 11, 4), 12, 34, 56)});
    check_reply("1730000078372a1820251104123456", SetTimeRequest{},
                TimeReply{at(day(2025, 11, 4), 12, 34, 56)});
    check_request("1732000078372a18", TimeRequest{});
    check_reply("1732000078372a1820251101123456", TimeRequest{}, TimeReply{at(day(2025, 11, 1), 12, 34, 56)});
  }

  TEST_CASE("cards: put, get, delete") {
    const DoorCard card{.number = 10058400,
                        .from = day(2025, 1, 1),
                        .to = day(2025, 12, 31),
                        .permission = {1, 0, 17, 1},
                        .pin = 999999};
    check_request("1750000078372a18a07a99002025010120251231010011013f420f", PutCardRequest{card});
    check_reply("1750000078372a1801", PutCardRequest{card}, DoneReply{true});
    check_request("175a000078372a18a07a99", CardRequest{10058400});
    DoorCard kept_card = card;
    kept_card.pin = 7531;
    check_reply("175a000078372a18a07a99002025010120251231010011016b1d", CardRequest{10058400},
                CardReply{kept_card});
    check_reply("175a000078372a18", CardRequest{10058400}, CardReply{});
    check_request("1752000078372a18a07a99", DeleteCardRequest{10058400});
    check_reply("1752000078372a1801", DeleteCardRequest{10058400}, DoneReply{true});
  }

  TEST_CASE("open door 4") {
    check_request("1740000078372a1804", OpenDoorRequest{4});
    check_reply("1740000078372a1801", OpenDoorRequest{4}, DoneReply{true});
  }

  TEST_CASE("events: found, overwritten, none") {
    check_request("17b0000078372a180b35", EventRequest{13579});
    const std::string_view hex = "17b0000078372a180b35000002010402a07a99002025111712345615";
    const ControllerEvent event{.index = 13579,
                                .type = 2,
                                .granted = true,
                                .door = 4,
                                .direction = 2,
                                .card = 10058400,
                                .time = at(day(2025, 11, 17), 12, 34, 56),
                                .reason = 21};
    check_reply(hex, EventRequest{13579}, EventReply{13579, kept(hex, event)});
    check_reply("17b0000078372a18cd810100ff", EventRequest{98765}, EventReply{98765, OverwrittenEvent{}});
    check_reply("17b0000078372a186860", EventRequest{24680}, EventReply{24680, NoEvent{}});
    check_reply("17b0000078372a18", EventRequest{24680}, EventReply{0, NoEvent{}});
  }

  TEST_CASE("status with a newest event") {
    const std::string_view hex =
        "1720000078372a184e00000002010301a1987c00202208230947062c00010000000000010309493900000000000000002707"
        "09"
        "220823";
    const ControllerEvent event{.index = 78,
                                .type = 2,
                                .granted = true,
                                .door = 3,
                                .direction = 1,
                                .card = 8165537,
                                .time = at(day(2022, 8, 23), 9, 47, 6),
                                .reason = 44};
    const StatusReply status{.status = {.newest_index = 78,
                                        .door_open = {false, true, false, false},
                                        .button_pressed = {false, false, false, true},
                                        .system_error = 3,
                                        .clock = at(day(2022, 8, 23), 9, 49, 39),
                                        .relays = 0x07,
                                        .inputs = 0x09},
                             .newest = kept(hex, event),
                             .special = 39};
    check_reply(hex, StatusRequest{}, status);

    // Firmware 6.62 pushes the same packet with the first byte of its elders.
    auto pushed = packet(hex);
    pushed[0] = 0x19;
    const auto push = decode_push(pushed);
    REQUIRE(push);
    CHECK(push->serial == gate_serial);
    CHECK(push->status.status == status.status);
    CHECK(encode_push(gate_serial, 0, status, true) == pushed);
    CHECK(decode_reply(pushed, question(StatusRequest{})));
  }

  TEST_CASE("status without an event, and with bytes nobody has named") {
    const auto bytes = packet(
        "1720000079372a18000000000000000000000000000000000000000001000101010100011b143753e3550000210000002707"
        "0925"
        "11230000932604880892");
    Question asked = question(StatusRequest{}, 405419897);
    CHECK(decode_reply(bytes, asked).error().fault == Fault::refused);  // offset 40 holds 21987, not 0
    asked.xid = 21987;
    const auto decoded = decode_reply(bytes, asked);
    REQUIRE(decoded);
    const auto& reply = std::get<StatusReply>(*decoded);
    CHECK(reply == StatusReply{.status = {.newest_index = 0,
                                          .door_open = {true, false, true, true},
                                          .button_pressed = {true, true, false, true},
                                          .system_error = 0x1b,
                                          .clock = at(day(2025, 11, 23), 14, 37, 53),
                                          .relays = 0x07,
                                          .inputs = 0x09},
                               .newest = NoEvent{},
                               .special = 39});
    auto named = bytes;
    named[44] = 0;
    std::fill(named.begin() + 54, named.end(), std::uint8_t{0});
    CHECK(encode_reply(405419897, 21987, Function::status, reply) == named);
  }

  TEST_CASE("a pushed event: denied for want of privilege") {
    const std::string_view hex =
        "172000002d5539193900000002010301aae85d00201904191700090601000101000001010914370211000000000000002b04"
        "011904"
        "20";
    const auto push = decode_push(packet(hex));
    REQUIRE(push);
    CHECK(push->serial == 423187757);
    const auto& event = std::get<ControllerEvent>(push->status.newest);
    CHECK(event.index == 57);
    CHECK(event.card == 6154410);
    CHECK(event.door == 3);
    CHECK(event.reason == 6);
    CHECK(event.time == at(day(2019, 4, 19), 17, 0, 9));
    CHECK(encode_push(423187757, 0x11, push->status, false) == packet(hex));
  }

  TEST_CASE("listener: set and get") {
    const EventListener listener{.address = {192, 168, 1, 100}, .port = 60001, .every_s = 17};
    check_request("1790000078372a18c0a8016461ea11", SetListenerRequest{listener});
    check_reply("1790000078372a1801", SetListenerRequest{listener}, DoneReply{true});
    check_request("1792000078372a18", ListenerRequest{});
    EventListener told = listener;
    told.every_s = 13;
    check_reply("1792000078372a18c0a8016461ea0d", ListenerRequest{}, ListenerReply{told});
  }

  TEST_CASE("special events on") {
    check_request("178e000078372a1801", SpecialEventsRequest{true});
    check_reply("178e000078372a1801", SpecialEventsRequest{true}, DoneReply{true});
  }
}
