// Packets and values that must be refused, each with the reason an operator reads.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/doors/packets.hpp"

using namespace steward;
using namespace steward::ut0311;
using test::at;
using test::day;
using test::gate_serial;
using test::packet;

namespace {

const DoorCard good_card{.number = 10058400,
                         .from = day(2025, 1, 1),
                         .to = day(2025, 12, 31),
                         .permission = {1, 0, 29, 1},
                         .pin = 7531};

DoorCard card_with(void (*change)(DoorCard&)) {
  DoorCard card = good_card;
  change(card);
  return card;
}

struct BadPacket {
  const char* why;
  std::string hex;
};

}  // namespace

TEST_SUITE("doors/ut0311 refusals") {
  TEST_CASE("the serial's first digit says how many doors") {
    CHECK(doors_of(199999999) == 1);
    CHECK(doors_of(225419896) == 2);
    CHECK(doors_of(gate_serial) == 4);
    for (const std::uint32_t serial : {0U, 1U, 99999999U, 305419896U, 505419896U, 4294967295U}) {
      CAPTURE(serial);
      CHECK_FALSE(doors_of(serial));
    }
  }

  TEST_CASE("what a board cannot hold is not sent") {
    struct Case {
      const char* why;
      std::uint32_t serial;
      Request request;
    };
    const std::vector<Case> cases{
        {"card number 0 is reserved", gate_serial,
         PutCardRequest{card_with([](DoorCard& c) { c.number = 0; })}},
        {"card number 16777215 is reserved", gate_serial,
         PutCardRequest{card_with([](DoorCard& c) { c.number = 0x00FFFFFF; })}},
        {"card number 4294967295 is reserved", gate_serial, DeleteCardRequest{0xFFFFFFFF}},
        {"card number 0 is reserved", gate_serial, CardRequest{0}},
        {"the PIN is above 999999", gate_serial,
         PutCardRequest{card_with([](DoorCard& c) { c.pin = 1'000'000; })}},
        {"the last day is before the first", gate_serial,
         PutCardRequest{card_with([](DoorCard& c) { c.to = day(2024, 12, 31); })}},
        {"both dates must be days", gate_serial,
         PutCardRequest{card_with([](DoorCard& c) { c.from = CardDate{}; })}},
        {"both dates must be days", gate_serial,
         PutCardRequest{card_with([](DoorCard& c) { c.from = day(2001, 12, 31); })}},
        {"both dates must be days", gate_serial,
         PutCardRequest{card_with([](DoorCard& c) { c.to = day(2025, 2, 29); })}},
        {"there is no time profile 255", gate_serial,
         PutCardRequest{card_with([](DoorCard& c) { c.permission[0] = 255; })}},
        {"door 3 of 2", 225419896, PutCardRequest{good_card}},
        {"door 0 of 4", gate_serial, OpenDoorRequest{0}},
        {"door 5 of 4", gate_serial, OpenDoorRequest{5}},
        {"door 2 of 1", 199999999, OpenDoorRequest{2}},
        {"year from 2002 to 2099", gate_serial, SetTimeRequest{at(day(2100, 1, 1), 0, 0, 0)}},
        {"an address and a port", gate_serial, SetListenerRequest{{.address = {10, 0, 0, 1}, .port = 0}}},
        {"no controller has the serial 12", 12, StatusRequest{}},
        {"no controller has the serial 0", 0, StatusRequest{}},
    };
    for (const auto& bad : cases) {
      CAPTURE(bad.why);
      const auto encoded = encode_request(bad.serial, 1, bad.request);
      REQUIRE_FALSE(encoded);
      CHECK(encoded.error().fault == Fault::refused);
      CHECK(encoded.error().message.find(bad.why) != std::string::npos);
    }
    CHECK(encode_request(gate_serial, 1, PutCardRequest{good_card}));
  }

  TEST_CASE("a board refuses what it cannot read") {
    const std::vector<BadPacket> cases{
        {"first byte 0x19", "1920000078372a18"},
        {"first byte 0x00", "00"},
        {"unknown function 0x21", "1721000078372a18"},
        {"unknown function 0x96", "1796000078372a18c0a8017dffffff00c0a8010155aaaa55"},
        {"no controller has the serial 0", "1720"},
        {"no controller has the serial 123", "172000007b000000"},
        {"card number 0 is reserved", "1750000078372a18000000002025010120251231010011013f420f"},
        {"card number 16777215", "1752000078372a18ffffff00"},
        {"card number 4294967295", "175a000078372a18ffffffff"},
        {"from has a digit above 9", "1750000078372a18a07a99002025a10120251231010011013f420f"},
        {"to is not a day", "1750000078372a18a07a99002025010120251331010011013f420f"},
        {"both dates must be days", "1750000078372a18a07a9900"},
        {"the last day is before", "1750000078372a18a07a99002025123120250101010011013f420f"},
        {"PIN is above 999999", "1750000078372a18a07a990020250101202512310100110140420f"},
        {"time profile 255", "1750000078372a18a07a9900202501012025123101ff11013f420f"},
        {"door 5 of 4", "1740000078372a1805"},
        {"time is missing", "1730000078372a18"},
        {"time is not a time", "1730000078372a1820250229123456"},
        {"time is not a time", "1730000078372a1820250228246000"},
        {"time has a digit above 9", "1730000078372a182025022812345a"},
        {"on is 2, not 0 or 1", "178e000078372a1802"},
    };
    for (const auto& bad : cases) {
      CAPTURE(bad.hex);
      const auto decoded = decode_request(packet(bad.hex));
      REQUIRE_FALSE(decoded);
      CHECK(decoded.error().fault == Fault::malformed);
      CHECK_MESSAGE(decoded.error().message.find(bad.why) != std::string::npos, decoded.error().message);
    }
  }

  TEST_CASE("length: only 64 bytes are a packet") {
    const std::vector<std::uint8_t> zeros(128, 0);
    for (const std::size_t length : {0U, 1U, 63U, 65U, 128U}) {
      CAPTURE(length);
      const ByteView bytes(zeros.data(), length);
      CHECK(decode_request(bytes).error().fault == Fault::malformed);
      CHECK(decode_push(bytes).error().fault == Fault::malformed);
      CHECK(decode_reply(bytes, {.serial = gate_serial, .request = StatusRequest{}}).error().fault ==
            Fault::refused);
    }
  }

  TEST_CASE("a reply to another question is passed over, not believed") {
    const Question open{
        .serial = gate_serial, .xid = 7, .rule = XidRule::echoed, .request = OpenDoorRequest{1}};
    auto right = encode_reply(gate_serial, 7, Function::open_door, DoneReply{true});
    REQUIRE(decode_reply(right, open));
    const std::vector<std::pair<std::size_t, std::uint8_t>> changes{
        {0, 0x19}, {0, 0x18}, {1, 0x94}, {1, 0x50}, {4, 0x79}, {7, 0x00}, {40, 0x06}, {43, 0x40}};
    for (const auto& [offset, byte] : changes) {
      CAPTURE(offset);
      auto other = right;
      other[offset] = byte;
      CHECK(decode_reply(other, open).error().fault == Fault::refused);
    }
    Question loose = open;
    loose.rule = XidRule::any;
    right[40] = 0;
    CHECK(decode_reply(right, loose));

    const Question event{.serial = gate_serial, .xid = 0, .request = EventRequest{6}};
    CHECK(decode_reply(packet("17b0000078372a1805000000020104"), event).error().fault == Fault::refused);
    CHECK(decode_reply(packet("17b0000078372a1805000000ff"), event).error().fault == Fault::refused);
    const Question card{.serial = gate_serial, .xid = 0, .request = CardRequest{42}};
    CHECK(decode_reply(packet("175a000078372a18a07a99002025010120251231010011016b1d"), card).error().fault ==
          Fault::refused);
  }

  TEST_CASE("the right reply with a field that cannot be true is malformed") {
    struct Case {
      const char* hex;
      Request request;
    };
    const std::vector<Case> cases{
        {"1740000078372a1802", OpenDoorRequest{1}},
        {"1732000078372a1820251301123456", TimeRequest{}},
        {"1732000078372a18202511011234f6", TimeRequest{}},
        {"175a000078372a18a07a99002025010120251331010011016b1d", CardRequest{10058400}},
        {"175a000078372a18a07a990020250101202512310100110140420f", CardRequest{10058400}},
        {"1794000078372a18c0a80164ffffff00c0a80101001223344556089220181305", FindRequest{}},
        // a door sensor that is neither open nor closed
        {"1720000078372a184e00000002010301a1987c00202208230947062c02", StatusRequest{}},
    };
    for (const auto& bad : cases) {
      CAPTURE(bad.hex);
      const auto decoded = decode_reply(packet(bad.hex), {.serial = gate_serial, .request = bad.request});
      REQUIRE_FALSE(decoded);
      CHECK(decoded.error().fault == Fault::malformed);
    }
  }

  TEST_CASE("an event with impossible fields is kept whole as evidence") {
    const std::vector<BadPacket> cases{
        {"granted is 2, not 0 or 1", "17b0000078372a180b35000002020402a07a99002025111712345615"},
        {"event time is not a time", "17b0000078372a180b35000002010402a07a99002025131712345615"},
        {"event time has a digit", "17b0000078372a180b35000002010402a07a9900202511171234f615"},
        {"event time has a digit", "17b0000078372a180b35000000010402a07a9900202511171234f615"},
        {"door is 9, above 4", "17b0000078372a180b35000002010902a07a99002025111712345615"},
    };
    for (const auto& bad : cases) {
      CAPTURE(bad.hex);
      const auto decoded =
          decode_reply(packet(bad.hex), {.serial = gate_serial, .request = EventRequest{13579}});
      REQUIRE(decoded);
      const auto* kept = std::get_if<UnreadableEvent>(&std::get<EventReply>(*decoded).event);
      REQUIRE(kept);
      CHECK(kept->index == 13579);
      CHECK(kept->raw.size() == packet_bytes);
      CHECK_MESSAGE(kept->why.find(bad.why) != std::string::npos, kept->why);
    }
    // Types and reasons nobody has named are facts too.
    const auto strange = decode_reply(packet("17b0000078372a180b35000077010402a07a990020251117123456c8"),
                                      {.serial = gate_serial, .request = EventRequest{13579}});
    REQUIRE(strange);
    const auto& event = std::get<ControllerEvent>(std::get<EventReply>(*strange).event);
    CHECK(event.type == 0x77);
    CHECK(event.reason == 0xc8);
  }

  TEST_CASE("a board whose clock was never set says so") {
    for (const char* hex :
         {"1732000078372a18", "1732000078372a1800010101000000", "1732000078372a1820000000000000"}) {
      CAPTURE(hex);
      const auto decoded = decode_reply(packet(hex), {.serial = gate_serial, .request = TimeRequest{}});
      REQUIRE(decoded);
      CHECK_FALSE(std::get<TimeReply>(*decoded).time);
    }
  }
}
