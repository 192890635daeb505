#include "drivers/modbus/burst.hpp"

#include <doctest/doctest.h>

#include "drivers/modbus/frame.hpp"

using namespace steward;

namespace {

Bytes sealed(Bytes body) {
  const auto crc = crc16(body);
  body.push_back(static_cast<std::uint8_t>(crc & 0xFF));
  body.push_back(static_cast<std::uint8_t>(crc >> 8));
  return body;
}
Bytes reply(std::uint8_t unit, std::uint8_t function, Words words) {
  Bytes body{unit, function, static_cast<std::uint8_t>(2 * words.size())};
  for (const auto word : words) {
    body.push_back(static_cast<std::uint8_t>(word >> 8));
    body.push_back(static_cast<std::uint8_t>(word & 0xFF));
  }
  return sealed(std::move(body));
}
Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

const Asked asked{UnitAddress{1}, {RegisterKind::input, 0, 2}};
const Bytes request = encode_request({Framing::rtu, 0, asked.unit, asked.span});

/// How many bytes a receiver that hears byte by byte takes before it judges.
std::size_t taken(const Bytes& bytes) {
  std::size_t have = 0;
  while (have < bytes.size() && have < burst_length(asked, request, ByteView(bytes).first(have))) ++have;
  return have;
}

}  // namespace

TEST_SUITE("drivers/modbus/burst") {
  TEST_CASE("whole frames are taken one after the other, from the first byte on") {
    const auto bytes = reply(2, 4, {7}) + sealed({3, 0x84, 2}) + reply(1, 4, {0x4366, 0x3334});
    const auto burst = read_burst(request, bytes);
    REQUIRE(burst.frames.size() == 3);
    HeardFrame first;
    first.unit = UnitAddress{2};
    first.function = 4;
    first.tag = register_tag(4, 1);
    first.words = {7};
    CHECK(burst.frames[0] == first);
    CHECK(burst.frames[1] == exception_frame(UnitAddress{3}, 4, 2));
    CHECK(burst.frames[1].refusal == Fault::unsupported);
    CHECK(burst.frames[2].words == Words{0x4366, 0x3334});
    CHECK(burst.rest == 0);
    CHECK(taken(bytes) == bytes.size());
  }

  TEST_CASE("a frame behind noise is not looked for") {
    const auto burst = read_burst(request, Bytes{0xFF} + reply(1, 4, {1, 2}));
    CHECK(burst.frames.empty());
    CHECK(burst.rest == 10);
  }

  TEST_CASE("our own echo is taken off, byte for byte, and nothing else is one") {
    const auto right = reply(1, 4, {1, 2});
    const auto burst = read_burst(request, request + right);
    CHECK(burst.echoed);
    CHECK(burst.frames.size() == 1);
    CHECK(taken(request + right) == request.size() + right.size());
    // Another master asks the same unit for another register.
    const auto foreign = encode_request({Framing::rtu, 0, asked.unit, {RegisterKind::input, 9, 2}});
    const auto heard = read_burst(request, foreign + right);
    CHECK_FALSE(heard.echoed);
    REQUIRE(heard.frames.size() == 2);
    CHECK(heard.frames[0].kind == HeardFrame::Kind::request);
    CHECK(taken(foreign + right) == foreign.size() + right.size());
  }

  TEST_CASE("a cut reply is short, a garbled one is not") {
    auto bytes = reply(1, 4, {1, 2});
    bytes.resize(6);
    CHECK(read_burst(request, bytes).rest_is_short);
    auto garbled = reply(1, 4, {1, 2});
    garbled[5] ^= 1;
    const auto burst = read_burst(request, garbled);
    CHECK(burst.rest == garbled.size());
    CHECK_FALSE(burst.rest_is_short);
  }

  TEST_CASE("the reply's length comes from what was asked; a foreign frame's from itself") {
    // The count on the wire says 250: waiting for it would swallow what follows.
    CHECK(burst_length(asked, request, Bytes{1, 4}) == 5);
    CHECK(burst_length(asked, request, Bytes{1, 4, 4}) == 9);
    CHECK(burst_length(asked, request, Bytes{2, 3, 20}) == 25);
    CHECK(burst_length(asked, request, reply(2, 4, {7})) == 7 + 5);
    CHECK(burst_length(asked, request, reply(1, 4, {7})) == 7);  // ours, and wrong: judged at once
    CHECK(burst_length(asked, request, Bytes{}) == 5);
  }
}
