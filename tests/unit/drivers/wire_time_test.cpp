#include "drivers/line/wire_time.hpp"

#include <doctest/doctest.h>

using namespace steward;
using namespace std::chrono_literals;

TEST_SUITE("drivers/line/wire_time") {
  TEST_CASE("T3.5 is three and a half characters up to 19200 baud and 1.75 ms above") {
    // 11 bits: 8E1, as the standard counts; figures of the standard's formula
    CHECK(frame_silence({2400, Parity::even, 1}) == 16041667ns);
    CHECK(frame_silence({9600, Parity::even, 1}) == 4010417ns);
    CHECK(frame_silence({19200, Parity::even, 1}) == 2005209ns);
    CHECK(frame_silence({38400, Parity::even, 1}) == 1750us);
    CHECK(frame_silence({115200, Parity::none, 1}) == 1750us);
    CHECK(frame_silence({9600, Parity::none, 1}) == 3645834ns);  // 10 bits
  }

  TEST_CASE("a character has a start bit, eight data bits, perhaps a parity bit, and its stop bits") {
    CHECK(character_bits({9600, Parity::none, 1}) == 10);
    CHECK(character_bits({9600, Parity::odd, 1}) == 11);
    CHECK(character_bits({9600, Parity::none, 2}) == 11);
    CHECK(character_bits({9600, Parity::even, 2}) == 12);
    CHECK(characters({9600, Parity::none, 1}, 8) == 8333334ns);
    CHECK(characters({1000, Parity::none, 1}, 1) == 10ms);
  }

  TEST_CASE("parities are known by their words only") {
    CHECK(parity_of("even") == Parity::even);
    CHECK(parity_of("odd") == Parity::odd);
    CHECK(parity_of("none") == Parity::none);
    CHECK_FALSE(parity_of("Even"));
  }
}
