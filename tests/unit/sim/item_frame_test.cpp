#include "drivers/sim/item_frame.hpp"

#include <doctest/doctest.h>

using namespace steward;
using namespace steward::sim;

namespace {

constexpr auto electric = ItemSpeech::dlt645;
constexpr auto water = ItemSpeech::cjt188;
constexpr std::uint64_t cold_water = 16 * 100'000'000'000'000U;

/// "68 01 AA": hex as printed in the standards.
Bytes hex(std::string_view text) {
  Bytes bytes;
  for (std::size_t at = 0; at + 1 < text.size(); at += 3)
    bytes.push_back(static_cast<std::uint8_t>(std::stoul(std::string(text.substr(at, 2)), nullptr, 16)));
  return bytes;
}

ItemSource always(const Bytes& data) {
  return [data](std::uint32_t) { return Result<Bytes>(data); };
}

Bytes ask_645(std::string_view address, std::uint8_t control, Bytes data) {
  Bytes body = hex("68 " + std::string(address) + " 68");
  body.push_back(control);
  body.push_back(static_cast<std::uint8_t>(data.size()));
  for (const auto byte : data) body.push_back(static_cast<std::uint8_t>(byte + 0x33));
  return item_frame(body, 4);
}

}  // namespace

TEST_SUITE("sim/Chinese meters' frames") {
  TEST_CASE("the standards' examples are answered byte for byte") {
    const ItemManners one{.number = 1, .preamble = 0};
    std::uint32_t asked = 0;
    const ItemSource dial = [&](std::uint32_t identifier) {
      asked = identifier;
      return Result<Bytes>(hex("78 56 34 12"));
    };
    CHECK(dlt645_answer(one, hex("68 01 00 00 00 00 00 68 11 04 33 33 34 33 B3 16"), dial) ==
          hex("68 01 00 00 00 00 00 68 91 08 33 33 34 33 AB 89 67 45 17 16"));
    CHECK(asked == 0x00010000);
    CHECK(dlt645_answer(one, hex("68 AA AA AA AA AA AA 68 13 00 DF 16"), dial) ==
          hex("68 01 00 00 00 00 00 68 93 06 34 33 33 33 33 33 9D 16"));

    const ItemManners twelve{.number = cold_water + 12, .preamble = 0};
    const ItemSource volume = [&](std::uint32_t identifier) {
      asked = identifier;
      return Result<Bytes>(hex("10 00 10 00 2C 10 00 10 00 2C 00 00 00 00 00 00 00 00 FF"));
    };
    CHECK(cjt188_answer(twelve, hex("68 10 12 00 00 00 00 00 00 01 03 90 1F 00 3D 16"), volume) ==
          hex("68 10 12 00 00 00 00 00 00 81 16 90 1F 00 10 00 10 00 2C 10 00 10 00 2C 00 00 00 00 00 00 00 "
              "00 FF 67 16"));
    CHECK(asked == 0x901F);
    CHECK(cjt188_answer(twelve, hex("68 AA AA AA AA AA AA AA AA 03 03 81 0A 00 49 16"), volume) ==
          hex("68 10 12 00 00 00 00 00 00 83 03 81 0A 00 9B 16"));
  }

  TEST_CASE("a wildcard is answered by whom it fits, with the meter's own address") {
    const ItemManners meter{.number = 123456789012, .preamble = 0};
    const auto reply = dlt645_answer(meter, ask_645("12 90 AA AA AA AA", 0x11, {0, 0, 1, 0}), always({1}));
    REQUIRE_FALSE(reply.empty());
    CHECK(number_in(electric, item_body(electric, reply)) == 123456789012);
    CHECK(dlt645_answer(meter, ask_645("13 AA AA AA AA AA", 0x11, {0, 0, 1, 0}), always({1})).empty());
    CHECK(dlt645_answer(meter, ask_645("99 99 99 99 99 99", 0x11, {0, 0, 1, 0}), always({1})).empty());
  }

  TEST_CASE("a long item comes in parts: each is asked for, the last says so") {
    const ItemManners meter{.number = 1, .preamble = 4, .most_data = 4};
    const auto item = always({1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
    const auto part = [&](std::uint8_t control, Bytes asked) {
      const auto reply = dlt645_answer(meter, ask_645("01 00 00 00 00 00", control, std::move(asked)), item);
      REQUIRE(reply.size() > 4);
      CHECK(reply[3] == 0xFE);
      const auto body = item_body(electric, reply);
      Bytes said{body[control_at(electric)]};
      for (const auto byte : body.subspan(data_at(electric)))
        said.push_back(static_cast<std::uint8_t>(byte - 0x33));
      return said;
    };
    CHECK(part(0x11, {0, 0xFF, 1, 0}) == Bytes{0xB1, 0, 0xFF, 1, 0, 1, 2, 3, 4});
    CHECK(part(0x12, {0, 0xFF, 1, 0, 1}) == Bytes{0xB2, 0, 0xFF, 1, 0, 5, 6, 7, 8, 1});
    CHECK(part(0x12, {0, 0xFF, 1, 0, 2}) == Bytes{0x92, 0, 0xFF, 1, 0, 9, 10, 2});
    CHECK(part(0x12, {0, 0xFF, 1, 0, 3}) == Bytes{0xD2, 0x02});
  }

  TEST_CASE("refusals and silence are as the source says") {
    const ItemManners meter{.number = 1, .preamble = 0};
    const auto asked = ask_645("01 00 00 00 00 00", 0x11, {0, 0, 1, 0});
    const auto with = [&](Fault fault) {
      return dlt645_answer(meter, asked, [fault](std::uint32_t) {
        return Result<Bytes>(Error{fault, "no"});
      });
    };
    CHECK(with(Fault::retry).empty());
    CHECK(with(Fault::unsupported) == hex("68 01 00 00 00 00 00 68 D1 01 35 D8 16"));
    CHECK(with(Fault::full) == hex("68 01 00 00 00 00 00 68 D1 01 34 D7 16"));
  }

  TEST_CASE("both byte orders of a CJ/T 188 identifier are known, SER comes back") {
    std::uint32_t asked = 0;
    const ItemSource item = [&](std::uint32_t identifier) {
      asked = identifier;
      return Result<Bytes>(Bytes{7});
    };
    ItemManners meter{.number = cold_water + 12, .preamble = 2, .low_first = true};
    const Bytes body = hex("68 10 12 00 00 00 00 00 00 01 03 1F 90 2A");
    const auto reply = cjt188_answer(meter, item_frame(body, 4), item);
    CHECK(asked == 0x901F);
    const auto said = item_body(water, reply);
    CHECK(Bytes(said.begin() + 11, said.end()) == Bytes{0x1F, 0x90, 0x2A, 7});
    meter.low_first = false;
    (void)cjt188_answer(meter, item_frame(body, 4), item);
    CHECK(asked == 0x1F90);
  }

  TEST_CASE("what is no whole frame with a right sum is not answered") {
    const ItemManners meter{.number = 1};
    const auto asked = ask_645("01 00 00 00 00 00", 0x11, {0, 0, 1, 0});
    for (std::size_t at = 4; at < asked.size(); ++at) {
      Bytes bad = asked;
      bad[at] ^= 0x01;
      CHECK(dlt645_answer(meter, bad, always({1})).empty());
    }
    Bytes longer = asked;
    longer.push_back(0x16);
    CHECK(dlt645_answer(meter, longer, always({1})).empty());
    CHECK(dlt645_answer(meter, ByteView(asked).first(asked.size() - 1), always({1})).empty());
    CHECK(item_length(electric, ByteView(asked).first(5)) == 16);
    CHECK(item_length(electric, asked) == asked.size());
    CHECK(item_length(electric, hex("01 03")) == 0);
  }

  TEST_CASE("a number is written over a body as it is read") {
    Bytes body = hex("68 10 12 00 00 00 00 00 00 01 03 90 1F 00");
    put_number(water, cold_water + 98'765'432'101'234U, body);
    CHECK(number_in(water, body) == cold_water + 98'765'432'101'234U);
    CHECK(addressed(water, body, cold_water + 98'765'432'101'234U));
    CHECK_FALSE(addressed(water, body, cold_water + 12));
  }
}
