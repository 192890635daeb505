#include "drivers/decode/identity.hpp"

#include <doctest/doctest.h>

#include "drivers/decode/decode.hpp"
#include "drivers/sim/encode.hpp"
#include "tests/unit/drivers/channels.hpp"

using namespace steward;

namespace {

SerialField serial_of(SerialForm as, std::uint16_t words) {
  return {{RegisterKind::holding, 0, words}, as, Order::high_first, Order::high_first};
}

ClockField clock_of(std::vector<ClockByte> bytes, bool bcd = false) {
  return {
      {RegisterKind::holding, 0, static_cast<std::uint16_t>((bytes.size() + 1) / 2)}, 0, bytes, bcd, {}, {}};
}

constexpr auto Y = ClockByte::year;
constexpr auto M = ClockByte::month;
constexpr auto D = ClockByte::day;

}  // namespace

TEST_SUITE("drivers/identity") {
  TEST_CASE("a serial number is spelt as its form says") {
    CHECK(serial_text(serial_of(SerialForm::number, 2), Words{0x0001, 0x86A0}) == "100000");
    CHECK(serial_text(serial_of(SerialForm::bcd, 2), Words{0x0123, 0x4567}) == "01234567");
    CHECK(serial_text(serial_of(SerialForm::ascii, 3), Words{0x4233, 0x3931, 0x2020}) == "B391");
    CHECK(serial_text(serial_of(SerialForm::ascii_low, 3), Words{0x0042, 0x0033, 0x0000}) == "B3");
    auto swapped = serial_of(SerialForm::number, 2);
    swapped.words = Order::low_first;
    CHECK(serial_text(swapped, Words{0x86A0, 0x0001}) == "100000");
    swapped.bytes = Order::low_first;
    CHECK(serial_text(swapped, Words{0xA086, 0x0100}) == "100000");
    CHECK(serial_text(serial_of(SerialForm::number, 4), Words(4, 0xFFFE)) == "18446462594437808126");
  }

  TEST_CASE("registers that were never programmed name nobody") {
    for (const auto as : {SerialForm::number, SerialForm::bcd, SerialForm::ascii, SerialForm::ascii_low}) {
      CHECK_FALSE(serial_text(serial_of(as, 2), Words{0, 0}));
      CHECK_FALSE(serial_text(serial_of(as, 2), Words{0xFFFF, 0xFFFF}));
    }
    CHECK_FALSE(serial_text(serial_of(SerialForm::ascii, 2), Words{0x2020, 0x2020}));
    CHECK_FALSE(serial_text(serial_of(SerialForm::ascii, 2), Words{0x4142, 0x1B43}));  // ESC
    CHECK_FALSE(serial_text(serial_of(SerialForm::bcd, 2), Words{0x0123, 0x45A7}));
  }

  TEST_CASE("a clock's bytes stand in the order the profile says, in binary or decimal digits") {
    const auto clock = clock_of({Y, M, D, ClockByte::hour, ClockByte::minute, ClockByte::second});
    const auto time = device_time(clock, Words{0x1805, 0x020D, 0x0509});
    REQUIRE(time);
    CHECK(time->text() == "2024-05-02 13:05:09");
    const auto bcd = clock_of({ClockByte::second, ClockByte::minute, ClockByte::hour, D, M, Y}, true);
    CHECK(device_time(bcd, Words{0x0905, 0x1302, 0x0524}) == time);
    CHECK(device_time(clock_of({Y, M, D, ClockByte::skip}), Words{0x1802, 0x1D77})->text() ==
          "2024-02-29 00:00:00");
  }

  TEST_CASE("what is no day of the calendar is no time") {
    const auto date = clock_of({Y, M, D, ClockByte::hour});
    CHECK_FALSE(device_time(date, Words{0xFFFF, 0xFFFF}));      // an empty frozen block
    CHECK_FALSE(device_time(date, Words{0x1700 | 2, 0x1D00}));  // 29 February 2023
    CHECK_FALSE(device_time(date, Words{0x1805, 0x0218}));      // 24 o'clock
    CHECK_FALSE(device_time(date, Words{0x1800, 0x0200}));
    CHECK_FALSE(device_time(clock_of({Y, M, D}, true), Words{0x1A05, 0x0200}));  // no digit
  }

  TEST_CASE("a variant is one of the values its registers may hold") {
    const Variant b23{"abb-b2x", {RegisterKind::holding, 0x8960, 2}, {0x42323320}, "", ""};
    CHECK(is_variant(b23, Words{0x4232, 0x3320}));
    CHECK_FALSE(is_variant(b23, Words{0x4232, 0x3420}));
  }

  TEST_CASE("a binary64 is decoded from its bits, the same as its binary32") {
    auto channel = channel_of(NumberType::f64, 4);
    channel.per_count = {1000, 1};
    channel.step = 100;
    // 230.2 = 0x406C C666 6666 6666
    CHECK(decode(channel, Words{0x406C, 0xC666, 0x6666, 0x6666}) == Decoded{230200});
    CHECK(decode(channel, Words{0xC06C, 0xC666, 0x6666, 0x6666}) == Decoded{-230200});
    CHECK(decode(channel, Words{0x7FF8, 0, 0, 0}).reason == Reason::sentinel);      // NaN
    CHECK(decode(channel, Words{0x7FF0, 0, 0, 0}).reason == Reason::out_of_range);  // infinite
    CHECK(decode(channel, Words{0x7FEF, 0xFFFF, 0xFFFF, 0xFFFF}).reason == Reason::out_of_range);
    CHECK(decode(channel, Words{0, 0, 0, 1}) == Decoded{0});  // the least there is
    // 0.05 counts are half a step: to even. The next float above is more than half.
    channel.step = 1;
    channel.per_count = {1, 1};
    CHECK(decode(channel, Words{0x3FE0, 0, 0, 0}) == Decoded{0});  // 0.5
    CHECK(decode(channel, Words{0x3FE0, 0, 0, 1}) == Decoded{1});
    CHECK(decode(channel, Words{0x3FF8, 0, 0, 0}) == Decoded{2});                 // 1.5
    CHECK(decode(channel, Words{0x3FF7, 0xFFFF, 0xFFFF, 0xFFFF}) == Decoded{1});  // just below
    CHECK(decode(channel, Words{0x43DF, 0xFFFF, 0xFFFF, 0xFFFF}) == Decoded{9223372036854774784});
    CHECK(decode(channel, Words{0x43E0, 0, 0, 0}).quality == Quality::invalid);  // 2^63
    for (const std::int64_t value : {0LL, 1LL, -7LL, 123456789012LL, 9007199254740991LL})
      CHECK(decode(channel, encode(channel, value)) == Decoded{value});
    // Bits far below a count still decide a tie: 2^-40 x (2^52 + 1), times 10^9 over 10^9.
    channel.per_count = {1'000'000'000, 1'000'000'000};
    CHECK(decode(channel, Words{0x3FE0, 0, 0, 1}) == Decoded{1});
  }

  TEST_CASE("a bit of a register is a channel of its own") {
    auto channel = channel_of(NumberType::bit, 1);
    channel.bit = 3;
    CHECK(decode(channel, Words{0x0008}) == Decoded{1});
    CHECK(decode(channel, Words{0xFFF7}) == Decoded{0});
    CHECK(decode(channel, encode(channel, 1)) == Decoded{1});
    CHECK(decode(channel, encode(channel, 0)) == Decoded{0});
  }
}
