#include "drivers/decode/decode.hpp"

#include <doctest/doctest.h>

#include <charconv>
#include <random>
#include <sstream>

#include "drivers/decode/cut.hpp"
#include "drivers/decode/layout.hpp"
#include "drivers/decode/wide.hpp"
#include "drivers/sim/encode.hpp"
#include "tests/unit/drivers/channels.hpp"

using namespace steward;

namespace {

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream in(line);
  for (std::string field; std::getline(in, field, ',');) fields.push_back(field);
  return fields;
}

std::int64_t whole(const std::string& text, int base = 10) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}

Decoded decoded(const ProfileChannel& channel, Words words) { return decode(channel, words); }

/// A field of an item, low byte first, counting units.
ProfileChannel item_of(NumberType as, std::uint16_t bytes) {
  ProfileChannel channel = channel_of(as, bytes);
  channel.span = {RegisterKind::dlt645_item, 0x02020100, bytes};
  channel.words = channel.bytes = Order::low_first;
  return channel;
}

}  // namespace

TEST_SUITE("drivers/decode") {
  TEST_CASE("the 230.2 volts of the SDM630's protocol document decode to 230200 mV") {
    ProfileChannel channel = channel_of(NumberType::f32, 2);
    channel.per_count = {1000, 1};
    channel.step = 100;
    CHECK(decoded(channel, {0x4366, 0x3334}) == Decoded{230200});
  }

  TEST_CASE("minus 12.5 of an electromagnetic water meter needs the low word first") {
    ProfileChannel channel = channel_of(NumberType::f32, 2);
    channel.words = Order::low_first;
    channel.per_count = {1000, 1};
    CHECK(decoded(channel, {0x0000, 0xC148}) == Decoded{-12500});
    channel.words = Order::high_first;
    CHECK(decoded(channel, {0x0000, 0xC148}).value != -12500);
  }

  TEST_CASE("both halves of a negative total are negative") {
    ProfileChannel channel = channel_of(NumberType::long_fraction, 4);
    channel.words = Order::low_first;
    channel.per_count = {1000, 1};
    // A TUF-2000M in service showed these registers: -56 and -0.885139...
    CHECK(decoded(channel, {65480, 65535, 39041, 48994}) == Decoded{-56885});
  }

  TEST_CASE("every float of the oracle's table decodes to its exact rounding") {
    std::istringstream table(text_of(source_path("tests/unit/drivers/data/f32_table.csv")));
    int rows = 0;
    int unusable = 0;
    for (std::string line; std::getline(table, line);) {
      if (line.starts_with('#') || line.starts_with("bits")) continue;
      const auto field = fields_of(line);
      REQUIRE(field.size() >= 4);
      ProfileChannel channel = channel_of(NumberType::f32, 2);
      channel.per_count = {whole(field[1]), whole(field[2])};
      channel.step = whole(field[3]);
      const auto bits = static_cast<std::uint32_t>(whole(field[0], 16));
      const auto got =
          decoded(channel, {static_cast<std::uint16_t>(bits >> 16), static_cast<std::uint16_t>(bits)});
      INFO(line);
      if (field.size() == 4) {
        CHECK(got.quality == Quality::invalid);
        ++unusable;
      } else {
        CHECK(got == Decoded{whole(field[4])});
      }
      ++rows;
    }
    CHECK(rows > 2000);
    CHECK(unusable > 50);
  }

  TEST_CASE("every long and fraction of the oracle's table sums before it is rounded") {
    std::istringstream table(text_of(source_path("tests/unit/drivers/data/long_fraction_table.csv")));
    int rows = 0;
    for (std::string line; std::getline(table, line);) {
      if (line.starts_with('#') || line.starts_with("whole")) continue;
      const auto field = fields_of(line);
      REQUIRE(field.size() == 6);
      ProfileChannel channel = channel_of(NumberType::long_fraction, 4);
      channel.per_count = {whole(field[2]), whole(field[3])};
      channel.step = whole(field[4]);
      const auto high = static_cast<std::uint32_t>(whole(field[0]));
      const auto low = static_cast<std::uint32_t>(whole(field[1], 16));
      INFO(line);
      CHECK(decoded(channel, words_of(channel, (std::uint64_t{high} << 32) | low)) ==
            Decoded{whole(field[5])});
      ++rows;
    }
    CHECK(rows == 600);
  }

  TEST_CASE("a float that is no number, or no quantity, is never a value") {
    const ProfileChannel channel = channel_of(NumberType::f32, 2);
    CHECK(decoded(channel, {0x7FC0, 0x0000}) == Decoded{0, Quality::invalid, Reason::sentinel});
    CHECK(decoded(channel, {0xFFFF, 0xFFFF}) == Decoded{0, Quality::invalid, Reason::sentinel});
    CHECK(decoded(channel, {0x7F80, 0x0000}) == Decoded{0, Quality::invalid, Reason::out_of_range});
    CHECK(decoded(channel, {0xFF80, 0x0000}) == Decoded{0, Quality::invalid, Reason::out_of_range});
  }

  TEST_CASE("a fraction above one whole is a torn read, not a volume") {
    const ProfileChannel channel = channel_of(NumberType::long_fraction, 4);
    CHECK(decoded(channel, {0, 5, 0x3F80, 0x0000}) == Decoded{6});
    CHECK(decoded(channel, {0, 5, 0x3F80, 0x0001}).quality == Quality::invalid);
    CHECK(decoded(channel, {0, 5, 0x7FC0, 0x0000}) == Decoded{0, Quality::invalid, Reason::sentinel});
  }

  TEST_CASE("integers of every width keep their sign and their ends") {
    CHECK(decoded(channel_of(NumberType::u16, 1), {0xFFFF}) == Decoded{65535});
    CHECK(decoded(channel_of(NumberType::i16, 1), {0x8000}) == Decoded{-32768});
    CHECK(decoded(channel_of(NumberType::u32, 2), {0xFFFF, 0xFFFF}) == Decoded{4294967295});
    CHECK(decoded(channel_of(NumberType::i32, 2), {0xFFFF, 0xFA24}) == Decoded{-1500});
    CHECK(decoded(channel_of(NumberType::i64, 4), {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF}) == Decoded{-1});
    CHECK(decoded(channel_of(NumberType::i64, 4), {0x7FFF, 0xFFFF, 0xFFFF, 0xFFFF}) == Decoded{INT64_MAX});
    CHECK(decoded(channel_of(NumberType::u64, 4), {0x8000, 0, 0, 0}).quality == Quality::invalid);
  }

  TEST_CASE("word order and byte order are told apart") {
    ProfileChannel channel = channel_of(NumberType::u32, 2);
    CHECK(decoded(channel, {0x0102, 0x0304}).value == 0x01020304);
    channel.words = Order::low_first;
    CHECK(decoded(channel, {0x0102, 0x0304}).value == 0x03040102);
    channel.bytes = Order::low_first;
    CHECK(decoded(channel, {0x0102, 0x0304}).value == 0x04030201);
    channel.words = Order::high_first;
    CHECK(decoded(channel, {0x0102, 0x0304}).value == 0x02010403);
  }

  TEST_CASE("decimal digits are read as digits, and a letter among them is refused") {
    ProfileChannel channel = channel_of(NumberType::bcd, 2);
    CHECK(decoded(channel, {0x0012, 0x3456}) == Decoded{123456});
    CHECK(decoded(channel, {0x9999, 0x9999}) == Decoded{99999999});
    CHECK(decoded(channel, {0x00A0, 0x0000}) == Decoded{0, Quality::invalid, Reason::out_of_range});
    channel.sentinels = {0xFFFFFFFF};
    CHECK(decoded(channel, {0xFFFF, 0xFFFF}) == Decoded{0, Quality::invalid, Reason::sentinel});
  }

  TEST_CASE("a value outside what the profile holds possible is kept and marked") {
    ProfileChannel channel = channel_of(NumberType::u16, 1);
    channel.min = 1;
    channel.max = 9999;
    CHECK(decoded(channel, {1}) == Decoded{1});
    CHECK(decoded(channel, {9999}) == Decoded{9999});
    CHECK(decoded(channel, {0}) == Decoded{0, Quality::suspect, Reason::out_of_range});
    CHECK(decoded(channel, {10000}) == Decoded{10000, Quality::suspect, Reason::out_of_range});
    channel.max.reset();
    channel.modulus = 10000;
    CHECK(decoded(channel, {9999}).quality == Quality::good);
    CHECK(decoded(channel, {10000}).quality == Quality::suspect);
  }

  TEST_CASE("long division gives back its dividend, for any two numbers") {
    std::mt19937_64 pick(1);
    for (int round = 0; round < 20000; ++round) {
      const Wide divisor = product(pick() >> (pick() % 64), (pick() >> (pick() % 64)) | 1);
      const std::uint64_t quotient = pick() >> (pick() % 64);
      if (divisor == Wide{} || divisor.high != 0) continue;
      const Wide rest{0, pick() % divisor.low};
      const Wide exact = product(divisor.low, quotient);
      if (exact.high == ~std::uint64_t{0}) continue;
      const auto got = divide(exact + rest, divisor);
      CHECK(got.quotient == Wide{0, quotient});
      CHECK(got.remainder == rest);
    }
    const auto wide = divide(Wide{1, 0}, Wide{0, 3});
    CHECK(wide.quotient == Wide{0, 0x5555555555555555});
    CHECK(wide.remainder == Wide{0, 1});
    CHECK(divide(Wide{7, 5}, Wide{7, 5}).quotient == Wide{0, 1});
    CHECK(divide(Wide{9, 0}, Wide{3, 0}).quotient == Wide{0, 3});
  }

  TEST_CASE("what encode writes, decode reads: whole counts of every type and order") {
    std::mt19937_64 pick(2);
    struct Type {
      NumberType as;
      std::uint16_t words;
    };
    const Type types[] = {{NumberType::u16, 1}, {NumberType::i16, 1}, {NumberType::u32, 2},
                          {NumberType::i32, 2}, {NumberType::u64, 4}, {NumberType::i64, 4}};
    for (int round = 0; round < 20000; ++round) {
      const Type type = types[pick() % std::size(types)];
      ProfileChannel channel = channel_of(type.as, type.words);
      channel.words = static_cast<Order>(pick() % 2);
      channel.bytes = static_cast<Order>(pick() % 2);
      const std::int64_t numerator[] = {1, 10, 100, 1000};
      channel.per_count = {numerator[pick() % 4], 1};
      channel.step = channel.per_count.numerator;
      Words words(type.words);
      for (auto& word : words) word = static_cast<std::uint16_t>(pick());
      const Decoded first = decode(channel, words);
      if (first.quality == Quality::invalid) continue;  // above 63 bits
      CHECK(encode(channel, first.value) == words);
      CHECK(decode(channel, encode(channel, first.value)) == first);
    }
  }

  TEST_CASE("what encode writes, decode reads: floats up to 2^23 steps of the dial") {
    std::mt19937_64 pick(3);
    for (int round = 0; round < 20000; ++round) {
      ProfileChannel channel = channel_of(NumberType::f32, 2);
      const PerCount scales[] = {{1, 1},    {1000, 1},       {1, 1000},      {5, 8},
                                 {1000, 3}, {1000000000, 1}, {1, 1000000000}};
      const std::int64_t steps[] = {1, 10, 100, 1000000};
      channel.per_count = scales[pick() % std::size(scales)];
      channel.step = steps[pick() % std::size(steps)];
      channel.words = static_cast<Order>(pick() % 2);
      const auto count = static_cast<std::int64_t>((pick() % (1U << 23)) >> (pick() % 23));
      const std::int64_t value = (pick() % 2 == 0 ? count : -count) * channel.step;
      CHECK(decode(channel, encode(channel, value)) == Decoded{value});
    }
  }

  TEST_CASE("what encode writes, decode reads: long and fraction, decimal digits") {
    std::mt19937_64 pick(4);
    ProfileChannel volume = channel_of(NumberType::long_fraction, 4);
    volume.words = Order::low_first;
    volume.per_count = {1000, 1};
    ProfileChannel digits = channel_of(NumberType::bcd, 3);
    digits.per_count = {10, 1};
    digits.step = 10;
    for (int round = 0; round < 20000; ++round) {
      const auto litres = static_cast<std::int64_t>(pick() % 2'000'000'000'000) * (pick() % 2 == 0 ? 1 : -1);
      CHECK(decode(volume, encode(volume, litres)) == Decoded{litres});
      const auto dial = static_cast<std::int64_t>(pick() % 1'000'000'000'000) * 10;
      CHECK(decode(digits, encode(digits, dial)) == Decoded{dial});
    }
  }

  TEST_CASE("the highest bit of signed decimal digits is a minus and no digit") {
    ProfileChannel amps = item_of(NumberType::bcd_signed, 3);
    CHECK(decoded(amps, {0x2351, 0x8000}) == Decoded{-5123});
    CHECK(decoded(amps, {0x2351, 0x0000}) == Decoded{5123});
    CHECK(decoded(amps, {0x0000, 0x8000}) == Decoded{0});
    CHECK(decoded(amps, {0x9999, 0xF900}) == Decoded{-799999});
    CHECK(decoded(amps, {0x2A51, 0x8000}).quality == Quality::invalid);
    // Plain digits have no sign: the same bytes are no number.
    CHECK(decoded(item_of(NumberType::bcd, 3), {0x2351, 0xA000}).quality == Quality::invalid);
    ProfileChannel registers = channel_of(NumberType::bcd_signed, 2);
    CHECK(decoded(registers, {0x8012, 0x3456}) == Decoded{-123456});
  }

  TEST_CASE("a value whose unit is not the profile's is no value, however good its digits") {
    ProfileChannel volume = item_of(NumberType::bcd, 5);
    volume.per_count = {10, 1};
    volume.unit_codes = {0x2C};
    CHECK(decoded(volume, {0x1000, 0x1000, 0x2C00}) == Decoded{1'000'100});
    CHECK(decoded(volume, {0x1000, 0x1000, 0x2900}) == Decoded{0, Quality::invalid, Reason::unit});
    CHECK(decoded(volume, {0x1000, 0x1000, 0x0000}) == Decoded{0, Quality::invalid, Reason::unit});
    volume.unit_codes = {0x2C, 0x29};
    CHECK(decoded(volume, {0x1000, 0x1000, 0x2900}).quality == Quality::good);
    // A meter without a value need not name a unit.
    volume.sentinels = {0xFFFF'FFFF};
    CHECK(decoded(volume, {0xFFFF, 0xFFFF, 0xFF00}).reason == Reason::sentinel);
  }

  TEST_CASE("what encode writes, decode reads: fields of items, of every length and order") {
    std::mt19937_64 random(20260601);
    for (int turn = 0; turn < 20'000; ++turn) {
      const auto bytes = static_cast<std::uint16_t>(1 + random() % 8);
      const bool with_sign = random() % 2 == 0;
      ProfileChannel channel = item_of(with_sign ? NumberType::bcd_signed : NumberType::bcd, bytes);
      if (random() % 2 == 0) channel.words = channel.bytes = Order::high_first;
      if (bytes < 8 && random() % 2 == 0) {
        channel.unit_codes = {0x05, 0x2C};
        ++channel.span.count;
      }
      std::int64_t limit = with_sign ? 8 : 100;
      for (int digit = with_sign ? 1 : 2; digit < 2 * bytes; ++digit) limit *= 10;
      auto value = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(limit));
      if (with_sign && random() % 2 == 0) value = -value;
      const Words words = encode(channel, value);
      REQUIRE(words.size() == channel.span.words());
      REQUIRE(decode(channel, words) == Decoded{value});
    }
    for (const auto& [type, bytes] : {std::pair{NumberType::u16, 2},
                                      {NumberType::i16, 2},
                                      {NumberType::u32, 4},
                                      {NumberType::i32, 4},
                                      {NumberType::u64, 8},
                                      {NumberType::i64, 8}}) {
      ProfileChannel channel = item_of(type, static_cast<std::uint16_t>(bytes));
      for (const std::int64_t value : {0, 1, 255, 256, 32767})
        for (const auto order : {Order::high_first, Order::low_first}) {
          channel.words = order;
          CHECK(decode(channel, encode(channel, value)) == Decoded{value});
        }
    }
  }

  TEST_CASE("a field is cut out of a read byte by byte, wherever it begins") {
    std::mt19937_64 random(7);
    for (int turn = 0; turn < 5'000; ++turn) {
      std::vector<std::uint8_t> bytes(static_cast<std::size_t>(1 + random() % 60));
      for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
      const Words words = paired(bytes);
      REQUIRE(words.size() == (bytes.size() + 1) / 2);
      REQUIRE(bytes_of(words, bytes.size()) == bytes);
      const auto offset = static_cast<std::uint16_t>(random() % bytes.size());
      const auto count = static_cast<std::uint16_t>(1 + random() % (bytes.size() - offset));
      const Words field = cut(words, {RegisterKind::dlt645_item, 0x00010000, count}, offset);
      const std::vector<std::uint8_t> expected(bytes.begin() + offset, bytes.begin() + offset + count);
      REQUIRE(bytes_of(field, count) == expected);
      if (count % 2 == 1) REQUIRE((field.back() & 0xFF) == 0);
    }
    const Words registers{1, 2, 3, 4};
    CHECK(cut(registers, {RegisterKind::holding, 100, 2}, 1) == Words{2, 3});
  }

  TEST_CASE("a simulated dial rolls over and never shows more than its type can") {
    ProfileChannel channel = channel_of(NumberType::u32, 2);
    channel.per_count = {10, 1};
    channel.step = 10;
    channel.modulus = 1'000'000;
    CHECK(decode(channel, encode(channel, 1'000'010)) == Decoded{10});
    CHECK(decode(channel, encode(channel, 999'990)) == Decoded{999'990});
    CHECK(encode(channel_of(NumberType::u16, 1), 70000) == Words{0xFFFF});
    CHECK(encode(channel_of(NumberType::u16, 1), -1) == Words{0});
    CHECK(encode(channel_of(NumberType::i16, 1), -40000) == Words{0x8000});
    CHECK(encode(channel_of(NumberType::bcd, 1), 12345) == Words{0x9999});
    CHECK(encode(channel_of(NumberType::long_fraction, 4), INT64_MAX) == Words{0x7FFF, 0xFFFF, 0, 0});
  }

  TEST_CASE("any registers give an answer, and a value only when there is one") {
    std::mt19937_64 pick(5);
    for (int round = 0; round < 50000; ++round) {
      const auto as = static_cast<NumberType>(pick() % 9);
      ProfileChannel channel = channel_of(as, 4);
      if (as == NumberType::f32) channel.span.count = 2;
      channel.per_count = {1 + static_cast<std::int64_t>(pick() % 1'000'000'000),
                           1 + static_cast<std::int64_t>(pick() % 1'000'000'000)};
      channel.step = 1 + static_cast<std::int64_t>(pick() % 1'000'000);
      Words words(channel.span.count);
      for (auto& word : words) word = static_cast<std::uint16_t>(pick());
      const Decoded got = decode(channel, words);
      CHECK(got.value % channel.step == 0);
      if (got.quality == Quality::invalid) CHECK(got.value == 0);
    }
  }
}
