#include <doctest/doctest.h>

#include <limits>

#include "contract/wire/cbor.hpp"
#include "kit/crypto/digest.hpp"

using namespace steward;

namespace {

constexpr std::uint64_t any = std::numeric_limits<std::uint64_t>::max();
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

template <class Write>
std::string written(Write write) {
  CborWriter out;
  write(out);
  return hex(std::move(out).take());
}

std::string why_not(const char* text, void (*read)(CborReader&)) {
  const auto bytes = from_hex(text);
  CborReader in(*bytes);
  read(in);
  return in.ok() ? "" : in.error().message;
}

}  // namespace

TEST_SUITE("contract/cbor") {
  TEST_CASE("whole numbers are written as in RFC 8949, appendix A") {
    struct Vector {
      std::int64_t value;
      const char* bytes;
    };
    const Vector vectors[] = {{0, "00"},
                              {1, "01"},
                              {10, "0a"},
                              {23, "17"},
                              {24, "1818"},
                              {25, "1819"},
                              {100, "1864"},
                              {1000, "1903e8"},
                              {1000000, "1a000f4240"},
                              {1000000000000, "1b000000e8d4a51000"},
                              {-1, "20"},
                              {-10, "29"},
                              {-100, "3863"},
                              {-1000, "3903e7"}};
    for (const auto& vector : vectors) {
      CHECK(written([&](CborWriter& out) { out.integer(vector.value); }) == vector.bytes);
      const auto bytes = from_hex(vector.bytes);
      CborReader in(*bytes);
      CHECK(in.integer(least, most) == vector.value);
      in.end();
      CHECK(in.ok());
    }
    CHECK(written([](CborWriter& out) { out.number(any); }) == "1bffffffffffffffff");
    CHECK(written([](CborWriter& out) { out.integer(least); }) == "3b7fffffffffffffff");
  }

  TEST_CASE("texts, octets, lists, maps and tags are written as in RFC 8949, appendix A") {
    CHECK(written([](CborWriter& out) { out.bytes(Bytes{1, 2, 3, 4}); }) == "4401020304");
    CHECK(written([](CborWriter& out) { out.text("IETF"); }) == "6449455446");
    CHECK(written([](CborWriter& out) { out.text("水"); }) == "63e6b0b4");
    CHECK(written([](CborWriter& out) { out.boolean(false), out.boolean(true); }) == "f4f5");
    CHECK(written([](CborWriter& out) { out.array(25); }) == "9819");
    CHECK(written([](CborWriter& out) {
            out.map(2), out.number(1), out.number(2), out.number(3), out.number(4);
          }) == "a201020304");
    CHECK(written([](CborWriter& out) { out.tag(18); }) == "d2");
  }

  TEST_CASE("a number that is not in its shortest form is refused") {
    const auto read = [](CborReader& in) { in.number(any); };
    CHECK(why_not("17", read).empty());
    for (const char* longer : {"1817", "190017", "1900ff", "1a0000ffff", "1b00000000ffffffff"}) {
      CHECK(why_not(longer, read) == "byte 0: a number that is not in its shortest form");
    }
    CHECK(why_not("18ff", read).empty());
    CHECK(why_not("1a00010000", read).empty());
  }

  TEST_CASE("indefinite lengths, reserved heads and floats are refused") {
    CHECK(why_not("5f42010243030405ff", [](CborReader& in) { in.bytes(100); }) ==
          "byte 0: an indefinite or reserved length");
    CHECK(why_not("1c", [](CborReader& in) { in.number(any); }) ==
          "byte 0: an indefinite or reserved length");
    CHECK(why_not("f93c00", [](CborReader& in) { in.integer(least, most); }) ==
          "byte 0: another type than the format says");
    CHECK(why_not("f6", [](CborReader& in) { in.boolean(); }) == "byte 0: neither true nor false");
  }

  TEST_CASE("a number outside its limits is refused, at the ends it is taken") {
    CHECK(why_not("1864", [](CborReader& in) { in.number(100); }).empty());
    CHECK(why_not("1864", [](CborReader& in) { in.number(99); }) == "byte 0: a number above its limit");
    CHECK(why_not("3863", [](CborReader& in) { in.integer(-100, 0); }).empty());
    CHECK(why_not("3863", [](CborReader& in) { in.integer(-99, 0); }) ==
          "byte 0: a number outside its limits");
    CHECK(why_not("3b7fffffffffffffff", [](CborReader& in) { in.integer(least, most); }).empty());
    CHECK(why_not("3b8000000000000000", [](CborReader& in) { in.integer(least, most); }) ==
          "byte 0: a number outside 63 bits");
    CHECK(why_not("1b8000000000000000", [](CborReader& in) { in.integer(least, most); }) ==
          "byte 0: a number outside 63 bits");
  }

  TEST_CASE("a length above its limit is refused even when nothing follows") {
    CHECK(why_not("5b7fffffffffffffff", [](CborReader& in) { in.bytes(64); }) ==
          "byte 0: a length above its limit");
    CHECK(why_not("7bffffffffffffffff", [](CborReader& in) { in.text(64); }) ==
          "byte 0: a length above its limit");
    CHECK(why_not("9bffffffffffffffff", [](CborReader& in) { in.array(1000); }) ==
          "byte 0: more items than the limit");
    CHECK(why_not("bbffffffffffffffff", [](CborReader& in) { in.map(14); }) ==
          "byte 0: more keys than the limit");
  }

  TEST_CASE("a length within its limit and beyond the bytes is refused") {
    CHECK(why_not("4401020304", [](CborReader& in) { in.bytes(64); }).empty());
    CHECK(why_not("44010203", [](CborReader& in) { in.bytes(64); }) == "byte 0: the message ends too early");
    CHECK(why_not("83000000", [](CborReader& in) { in.array(64); }).empty());
    CHECK(why_not("830000", [](CborReader& in) { in.array(64); }) == "byte 0: the message ends too early");
    CHECK(why_not("a2010203", [](CborReader& in) { in.map(64); }) == "byte 0: the message ends too early");
  }

  TEST_CASE("text that is not UTF-8 is refused") {
    CHECK(why_not("63e6b0b4", [](CborReader& in) { in.text(64); }).empty());
    CHECK(why_not("62e6b0", [](CborReader& in) { in.text(64); }) == "byte 0: a text that is not UTF-8");
  }

  TEST_CASE("the first thing wrong stops the reader, which then gives nothing more") {
    const auto bytes = from_hex(
        "1864"
        "6449455446"
        "01");
    CborReader in(*bytes);
    CHECK(in.number(99) == 0);
    CHECK(in.text(64).empty());
    CHECK(in.number(any) == 0);
    CHECK(in.error().message == "byte 0: a number above its limit");
    CHECK(in.error().fault == Fault::malformed);
  }

  TEST_CASE("bytes after the end are refused") {
    CHECK(why_not("01", [](CborReader& in) { in.number(any), in.end(); }).empty());
    CHECK(why_not("0100", [](CborReader& in) { in.number(any), in.end(); }) ==
          "byte 1: bytes after the end of the message");
  }
}
