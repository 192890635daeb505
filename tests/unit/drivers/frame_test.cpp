#include "drivers/modbus/frame.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <string_view>

using namespace steward;

namespace {

Bytes bytes(std::string_view hex) {
  Bytes result;
  int high = -1;
  for (const char c : hex) {
    if (c == ' ') continue;
    const int digit = c <= '9' ? c - '0' : c - 'A' + 10;
    if (high < 0) {
      high = digit;
    } else {
      result.push_back(static_cast<std::uint8_t>(high * 16 + digit));
      high = -1;
    }
  }
  return result;
}

Bytes with_crc(Bytes frame) {
  const auto crc = crc16(frame);
  frame.push_back(static_cast<std::uint8_t>(crc & 0xFF));
  frame.push_back(static_cast<std::uint8_t>(crc >> 8));
  return frame;
}

const OpenRequest volts{Framing::rtu, 0, UnitAddress{1}, {RegisterKind::input, 0, 2}};
const OpenRequest tcp_volts{Framing::mbap, 7, UnitAddress{1}, {RegisterKind::input, 0, 2}};

Fault fault_of(const OpenRequest& open, const Bytes& burst) {
  const auto reply = accept_reply(open, burst);
  REQUIRE_FALSE(reply);
  CHECK_FALSE(reply.error().message.empty());
  return reply.error().fault;
}

}  // namespace

TEST_SUITE("drivers/modbus/frame") {
  TEST_CASE("CRC-16 of published frames") {
    CHECK(crc16(bytes("31 32 33 34 35 36 37 38 39")) == 0x4B37);  // the check value of CRC-16/MODBUS
    CHECK(crc16(bytes("01 03 00 00 00 02")) == 0x0BC4);           // electromagnetic water meter's request
    CHECK(crc16(bytes("01 03 04 00 00 C1 48")) == 0x95AB);        // and its reply
    CHECK(crc16(bytes("01 03 00 00 00 0A")) == 0xCDC5);           // TUF-2000F manual, 5.1
    CHECK(crc16({}) == 0xFFFF);
  }

  TEST_CASE("requests are the bytes the makers print") {
    CHECK(encode_request(volts) == bytes("01 04 00 00 00 02 71 CB"));
    CHECK(encode_request({Framing::rtu, 0, UnitAddress{1}, {RegisterKind::holding, 0, 10}}) ==
          bytes("01 03 00 00 00 0A C5 CD"));
    CHECK(encode_request(tcp_volts) == bytes("00 07 00 00 00 06 01 04 00 00 00 02"));
    CHECK(encode_request({Framing::rtu, 0, UnitAddress{247}, {RegisterKind::holding, 0xFFFF, 1}}).size() ==
          8);
  }

  TEST_CASE("the SDM630's own example is accepted") {
    const auto words = accept_reply(volts, bytes("01 04 04 43 66 33 34 1B 38"));
    REQUIRE(words);
    CHECK(*words == Words{0x4366, 0x3334});
  }

  TEST_CASE("every reply that is not exactly ours is refused") {
    CHECK(fault_of(volts, {}) == Fault::retry);                                       // silence
    CHECK(fault_of(volts, bytes("02 04 04 43 66 33 34 28 38")) == Fault::malformed);  // CRC of another frame
    CHECK(fault_of(volts, with_crc(bytes("02 04 04 43 66 33 34"))) == Fault::malformed);  // another unit
    CHECK(fault_of(volts, with_crc(bytes("01 03 04 43 66 33 34"))) == Fault::malformed);  // another function
    CHECK(fault_of(volts, with_crc(bytes("01 04 02 43 66"))) == Fault::malformed);        // fewer registers
    CHECK(fault_of(volts, with_crc(bytes("01 04 06 43 66 33 34 00 00"))) == Fault::malformed);  // more
    CHECK(fault_of(volts, with_crc(bytes("01 04 02 43 66 33 34"))) == Fault::malformed);  // wrong byte count
    CHECK(fault_of(volts, bytes("01 04 04 43 66 33 34 1B 39")) == Fault::malformed);      // CRC
    CHECK(fault_of(volts, bytes("01 04 04 43 66 33 34 1B")) == Fault::malformed);         // truncated
    CHECK(fault_of(volts, bytes("01 04 04 43 66 33 34 1B 38 00")) == Fault::malformed);   // surplus behind
    CHECK(fault_of(volts, bytes("00 01 04 04 43 66 33 34 1B 38")) == Fault::malformed);   // surplus before
    CHECK(fault_of(volts, bytes("01")) == Fault::malformed);
    // Two whole replies: one of them is late, and nothing says which.
    CHECK(fault_of(volts, bytes("01 04 04 43 66 33 34 1B 38 01 04 04 43 66 33 34 1B 38")) ==
          Fault::malformed);
    // Our own request come back from a line with echo.
    CHECK(fault_of(volts, bytes("01 04 00 00 00 02 71 CB")) == Fault::malformed);
  }

  TEST_CASE("exceptions say what to do next") {
    CHECK(fault_of(volts, bytes("01 84 02 C2 C1")) == Fault::unsupported);
    CHECK(fault_of(volts, with_crc(bytes("01 84 01"))) == Fault::unsupported);
    CHECK(fault_of(volts, with_crc(bytes("01 84 03"))) == Fault::unsupported);
    for (const char* code : {"04", "05", "06", "08", "0A", "0B", "C8"})
      CHECK(fault_of(volts, with_crc(bytes(std::string("01 84 ") + code))) == Fault::retry);
    CHECK(fault_of(volts, with_crc(bytes("02 84 02"))) == Fault::malformed);     // of another unit
    CHECK(fault_of(volts, with_crc(bytes("01 83 02"))) == Fault::malformed);     // of another function
    CHECK(fault_of(volts, with_crc(bytes("01 84 02 00"))) == Fault::malformed);  // with surplus
    CHECK(fault_of(volts, bytes("01 84 02 C2 C2")) == Fault::malformed);         // CRC
  }

  TEST_CASE("over TCP the transaction, protocol and length must fit too") {
    const auto words = accept_reply(tcp_volts, bytes("00 07 00 00 00 07 01 04 04 43 66 33 34"));
    REQUIRE(words);
    CHECK(*words == Words{0x4366, 0x3334});
    CHECK(fault_of(tcp_volts, bytes("00 06 00 00 00 07 01 04 04 43 66 33 34")) == Fault::malformed);
    CHECK(fault_of(tcp_volts, bytes("00 07 00 01 00 07 01 04 04 43 66 33 34")) == Fault::malformed);
    CHECK(fault_of(tcp_volts, bytes("00 07 00 00 00 06 01 04 04 43 66 33 34")) == Fault::malformed);
    CHECK(fault_of(tcp_volts, bytes("00 07 00 00 00 07 02 04 04 43 66 33 34")) == Fault::malformed);
    CHECK(fault_of(tcp_volts, bytes("00 07 00 00 00 07 01 03 04 43 66 33 34")) == Fault::malformed);
    CHECK(fault_of(tcp_volts, bytes("00 07 00 00 00 07 01 04 05 43 66 33 34")) == Fault::malformed);
    CHECK(fault_of(tcp_volts, bytes("00 07 00 00 00 08 01 04 04 43 66 33 34 00")) == Fault::malformed);
    CHECK(fault_of(tcp_volts, bytes("00 07 00 00 00 05 01 04 04 43 66")) == Fault::malformed);
    CHECK(fault_of(tcp_volts, bytes("00 07 00 00")) == Fault::malformed);
    CHECK(fault_of(tcp_volts, {}) == Fault::retry);
    CHECK(fault_of(tcp_volts, bytes("00 07 00 00 00 03 01 84 0B")) == Fault::retry);
    CHECK(fault_of(tcp_volts, bytes("00 07 00 00 00 03 01 84 02")) == Fault::unsupported);
  }

  TEST_CASE("the length of a reply follows from what was asked") {
    CHECK(reply_bytes(volts) == 9);
    CHECK(reply_bytes({Framing::rtu, 0, UnitAddress{1}, {RegisterKind::input, 0, 125}}) == 255);
    CHECK(reply_bytes(tcp_volts) == 13);
  }

  TEST_CASE("one flipped bit anywhere in a reply is never a value") {
    const Bytes right = bytes("01 04 04 43 66 33 34 1B 38");
    for (std::size_t bit = 0; bit < 8 * right.size(); ++bit) {
      Bytes wrong = right;
      wrong[bit / 8] = static_cast<std::uint8_t>(wrong[bit / 8] ^ (1U << (bit % 8)));
      CHECK_FALSE(accept_reply(volts, wrong));
    }
  }

  TEST_CASE("noise of any length is never a value") {
    std::mt19937 pick(1);
    for (int round = 0; round < 100000; ++round) {
      Bytes noise(pick() % 16);
      for (auto& byte : noise) byte = static_cast<std::uint8_t>(pick());
      const auto reply = accept_reply(round % 2 == 0 ? volts : tcp_volts, noise);
      CHECK_FALSE(reply);
    }
  }
}
