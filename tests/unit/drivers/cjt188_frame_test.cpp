#include "drivers/cjt188/frame.hpp"

#include <doctest/doctest.h>

using namespace steward;
using namespace steward::cjt188;

namespace {

const Address cold_12 = *address_of(0x10, "00000000000012");

/// Published vectors; every checksum was verified by hand.
const Bytes address_reply{0x68, 0x10, 0x12, 0, 0, 0, 0, 0, 0, 0x83, 0x03, 0x81, 0x0A, 0x00, 0x9B, 0x16};
const Bytes volume_reply{0x68, 0x10, 0x12, 0,    0,    0,    0,    0,    0,    0x81, 0x16, 0x90,
                         0x1F, 0x00, 0x10, 0x00, 0x10, 0x00, 0x2C, 0x10, 0x00, 0x10, 0x00, 0x2C,
                         0,    0,    0,    0,    0,    0,    0,    0x00, 0xFF, 0x67, 0x16};

Frame only(const Bytes& bytes) {
  const auto burst = read_burst(bytes);
  REQUIRE(burst.frames.size() == 1);
  REQUIRE(burst.rest == 0);
  return burst.frames[0];
}

}  // namespace

TEST_SUITE("drivers/cjt188/frame") {
  TEST_CASE("requests are the published ones, byte for byte, in both orders of the identifier") {
    CHECK(encode(request({cold_12, 0x901F, 0, IdentifierOrder::high_first}), 0) ==
          Bytes{0x68, 0x10, 0x12, 0, 0, 0, 0, 0, 0, 0x01, 0x03, 0x90, 0x1F, 0x00, 0x3D, 0x16});
    const auto low_first = request({cold_12, 0x901F, 7, IdentifierOrder::low_first});
    CHECK(low_first.data == Bytes{0x1F, 0x90, 7});
    CHECK(encode({any_meter, static_cast<std::uint8_t>(Control::read_address), {0x81, 0x0A, 0x00}}, 0) ==
          Bytes{0x68, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0x03, 0x03, 0x81, 0x0A, 0x00, 0x49,
                0x16});
  }

  TEST_CASE("the published reply: 1000.10 cubic metres, BCD, lowest byte first") {
    const auto reply = accept({cold_12, 0x901F, 0, IdentifierOrder::high_first}, only(volume_reply));
    REQUIRE(reply);
    CHECK(reply->from == cold_12);
    CHECK(reply->data.size() == 19);
    CHECK(Bytes(reply->data.begin(), reply->data.begin() + 5) == Bytes{0x10, 0x00, 0x10, 0x00, 0x2C});
  }

  TEST_CASE("what is not exactly the reply is refused: meter, type, control, identifier, SER") {
    const auto right = only(volume_reply);
    const auto fault = [&](const Asked& asked) { return accept(asked, right).error().fault; };
    CHECK(fault({*address_of(0x10, "00000000000013"), 0x901F, 0}) == Fault::malformed);
    CHECK(fault({*address_of(0x11, "00000000000012"), 0x901F, 0}) == Fault::malformed);
    CHECK(fault({cold_12, 0xD120, 0}) == Fault::malformed);
    CHECK(fault({cold_12, 0x901F, 1}) == Fault::malformed);
    CHECK(fault({cold_12, 0x901F, 0, IdentifierOrder::low_first}) == Fault::malformed);
    CHECK(accept({cold_12, 0x901F, 0}, request({cold_12, 0x901F, 0})).error().fault == Fault::malformed);
    CHECK(accept({cold_12, 0x901F, 0}, {cold_12, 0xC1, {0, 0}}).error().fault == Fault::retry);
    CHECK(accept({cold_12, 0x901F, 0}, {cold_12, 0x81, {0x90}}).error().fault == Fault::malformed);
  }

  TEST_CASE("the meter that answers a search says who it is") {
    const auto found = accept_address(only(address_reply));
    REQUIRE(found);
    CHECK(*found == cold_12);
    CHECK(text(*found) == "00000000000012");
    CHECK_FALSE(accept_address(only(volume_reply)));
  }

  TEST_CASE("one bit flipped anywhere, and there is no frame") {
    for (std::size_t bit = 0; bit < 8 * volume_reply.size(); ++bit) {
      auto bytes = volume_reply;
      bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
      CHECK(read_burst(bytes).frames.empty());
    }
  }

  TEST_CASE("frames are taken from the first byte on, preambles with them, never at an offset") {
    Bytes two{0xFE, 0xFE, 0xFE};
    two.insert(two.end(), address_reply.begin(), address_reply.end());
    two.insert(two.end(), volume_reply.begin(), volume_reply.end());
    CHECK(read_burst(two).frames.size() == 2);
    CHECK(burst_length(ByteView(two).first(14)) == 3 + 16);
    CHECK(burst_length(ByteView(two).first(19)) == 19);
    Bytes noise{0x00};
    noise.insert(noise.end(), address_reply.begin(), address_reply.end());
    CHECK(read_burst(noise).frames.empty());
    CHECK(burst_length(noise) == noise.size());
  }

  TEST_CASE("addresses have fourteen digits and may have wildcards") {
    CHECK_FALSE(address_of(0x10, "0000000000001"));
    CHECK_FALSE(address_of(0x10, "0000000000001x"));
    CHECK(address_of(0x10, "12345678901234")->wire ==
          std::array<std::uint8_t, 7>{0x34, 0x12, 0x90, 0x78, 0x56, 0x34, 0x12});
    CHECK(matches(any_meter, cold_12));
    CHECK_FALSE(matches(cold_12, *address_of(0x10, "00000000000112")));
  }
}
