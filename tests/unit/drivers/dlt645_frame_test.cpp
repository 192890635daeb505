#include "drivers/dlt645/frame.hpp"

#include <doctest/doctest.h>

using namespace steward;
using namespace steward::dlt645;

namespace {

const Address one = *address_of("000000000001");
constexpr std::uint32_t forward_total = 0x00010000;

/// 123456.78 kWh from meter 1: worked out from the standard by hand.
const Bytes reply_123456_78{0x68, 0x01, 0,    0,    0,    0,    0,    0x68, 0x91, 0x08,
                            0x33, 0x33, 0x34, 0x33, 0xAB, 0x89, 0x67, 0x45, 0x17, 0x16};

Frame only(const Bytes& bytes) {
  const auto burst = read_burst(bytes);
  REQUIRE(burst.frames.size() == 1);
  REQUIRE(burst.rest == 0);
  return burst.frames[0];
}

}  // namespace

TEST_SUITE("drivers/dlt645/frame") {
  TEST_CASE("requests are what the standard's examples say, byte for byte") {
    CHECK(encode(request({any_meter, 0x02010100, 0}), 0) == Bytes{0x68, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA,
                                                                  0x68, 0x11, 0x04, 0x33, 0x34, 0x34, 0x35,
                                                                  0xB1, 0x16});
    CHECK(encode(request({one, forward_total, 0}), 0) ==
          Bytes{0x68, 0x01, 0, 0, 0, 0, 0, 0x68, 0x11, 0x04, 0x33, 0x33, 0x34, 0x33, 0xB3, 0x16});
    CHECK(encode({any_meter, static_cast<std::uint8_t>(Control::read_address), {}}, 0) ==
          Bytes{0x68, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0x68, 0x13, 0x00, 0xDF, 0x16});
    CHECK(encode(request({one, forward_total, 0})).size() == 20);
  }

  TEST_CASE("a reply gives its digits, and its meter") {
    const auto reply = accept({one, forward_total, 0}, only(reply_123456_78));
    REQUIRE(reply);
    CHECK(reply->from == one);
    CHECK(decimal(reply->data) == 12345678);
    CHECK_FALSE(reply->more);
    const auto wild = accept({any_meter, forward_total, 0}, only(reply_123456_78));
    REQUIRE(wild);
    CHECK(wild->from == one);
  }

  TEST_CASE("what is not exactly the reply is refused: meter, control, identifier, part, refusals") {
    const auto right = only(reply_123456_78);
    const Asked asked{one, forward_total, 0};
    CHECK(accept({*address_of("000000000002"), forward_total, 0}, right).error().fault == Fault::malformed);
    CHECK(accept({one, 0x00020000, 0}, right).error().fault == Fault::malformed);
    CHECK(accept({one, forward_total, 1}, right).error().fault == Fault::malformed);
    auto own_request = request(asked);
    CHECK(accept(asked, own_request).error().fault == Fault::malformed);
    CHECK(accept(asked, {one, 0xD1, {0x02}}).error().fault == Fault::unsupported);
    CHECK(accept(asked, {one, 0xD1, {0x04}}).error().fault == Fault::retry);
    CHECK(accept(asked, {one, 0xD1, {}}).error().fault == Fault::malformed);
    CHECK(accept(asked, {one, 0x91, {0, 0}}).error().fault == Fault::malformed);
  }

  TEST_CASE("a reply in several frames is asked for part by part") {
    const Asked first{one, 0x0001FF00, 0};
    const auto begun = accept(first, {one, 0xB1, {0x00, 0xFF, 0x01, 0x00, 0x11, 0x22}});
    REQUIRE(begun);
    CHECK(begun->more);
    CHECK(request({one, 0x0001FF00, 1}).data == Bytes{0x00, 0xFF, 0x01, 0x00, 0x01});
    const auto rest = accept({one, 0x0001FF00, 1}, {one, 0x92, {0x00, 0xFF, 0x01, 0x00, 0x33, 0x01}});
    REQUIRE(rest);
    CHECK(rest->data == Bytes{0x33});
    CHECK_FALSE(rest->more);
    CHECK_FALSE(accept({one, 0x0001FF00, 2}, {one, 0x92, {0x00, 0xFF, 0x01, 0x00, 0x33, 0x01}}));
  }

  TEST_CASE("one bit flipped anywhere, and there is no frame") {
    for (std::size_t bit = 0; bit < 8 * reply_123456_78.size(); ++bit) {
      auto bytes = reply_123456_78;
      bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
      CHECK(read_burst(bytes).frames.empty());
    }
  }

  TEST_CASE("frames are taken from the first byte on, preambles with them, never at an offset") {
    Bytes two{0xFE, 0xFE};
    two.insert(two.end(), reply_123456_78.begin(), reply_123456_78.end());
    two.insert(two.end(), reply_123456_78.begin(), reply_123456_78.end());
    CHECK(read_burst(two).frames.size() == 2);
    CHECK(burst_length(ByteView(two).first(3)) == 2 + 12);
    CHECK(burst_length(ByteView(two).first(12)) == 2 + 20);
    CHECK(burst_length(ByteView(two).first(22)) == 22);
    Bytes noise{0x00};
    noise.insert(noise.end(), reply_123456_78.begin(), reply_123456_78.end());
    CHECK(read_burst(noise).frames.empty());
    CHECK(read_burst(noise).rest == noise.size());
    CHECK(burst_length(noise) == noise.size());
  }

  TEST_CASE("addresses: digits both ways, wildcards, and who must answer") {
    CHECK(text(*address_of("123456789012")) == "123456789012");
    CHECK(address_of("123456789012")->wire ==
          std::array<std::uint8_t, 6>{0x12, 0x90, 0x78, 0x56, 0x34, 0x12});
    CHECK_FALSE(address_of("12345678901"));
    CHECK_FALSE(address_of("12345678901A"));
    const Address ends_in_12{{0x12, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA}};
    CHECK(matches(ends_in_12, *address_of("123456789012")));
    CHECK_FALSE(matches(ends_in_12, one));
    CHECK(text(ends_in_12) == "**********12");
    const auto told = accept_address({one, 0x93, {0x01, 0, 0, 0, 0, 0}});
    REQUIRE(told);
    CHECK(*told == one);
    CHECK_FALSE(accept_address({one, 0x93, {0x02, 0, 0, 0, 0, 0}}));
  }

  TEST_CASE("a byte that is no digit is no number") {
    CHECK(decimal(Bytes{0x78, 0x56}) == 5678);
    CHECK_FALSE(decimal(Bytes{0x7A}));
    CHECK_FALSE(decimal(Bytes(10, 0x11)));
    CHECK(decimal(Bytes{}) == 0);
  }
}
