#include <doctest/doctest.h>

#include "contract/wire/block_codec.hpp"
#include "contract/wire/block_rules.hpp"
#include "contract/wire/closing_codec.hpp"
#include "contract/wire/envelope.hpp"
#include "contract/wire/limits.hpp"
#include "tests/support/cheap_signer.hpp"
#include "tests/support/test_keys.hpp"
#include "tests/unit/contract/examples.hpp"

using namespace steward;

namespace {

const test::CheapSigner cheap;

Fault fault_of(const Block& block) {
  const auto bytes = encode_block(block, cheap);
  REQUIRE_FALSE(bytes);
  return bytes.error().fault;
}
std::string why_not(const Block& block) {
  const auto bytes = encode_block(block, cheap);
  REQUIRE_FALSE(bytes);
  return bytes.error().message;
}

Block readings_block(std::size_t count, std::size_t words) {
  Block block = test::make_examples().readings;
  const auto sample = std::get<std::vector<Reading>>(block.records).front();
  std::vector<Reading> readings(count, sample);
  for (auto& reading : readings) reading.raw.resize(words, 0xabcd);
  block.last = {block.first.value + count - 1};
  block.records = std::move(readings);
  return block;
}

}  // namespace

TEST_SUITE("contract/block") {
  TEST_CASE("a block signed by another gateway is refused") {
    const auto bytes = encode_block(test::make_examples().readings, test::gateway_key());
    REQUIRE(bytes);
    CHECK(decode_block(*bytes, VerifyingKey(test::gateway_key().public_key())));
    const auto decoded = decode_block(*bytes, VerifyingKey(test::cloud_key().public_key()));
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().fault == Fault::refused);
  }

  TEST_CASE("whose block it is can be read before any key is known") {
    const Block block = test::make_examples().closings;
    const auto bytes = encode_block(block, test::gateway_key());
    REQUIRE(bytes);
    const auto place = peek_block(*bytes);
    REQUIRE(place);
    CHECK(*place == BlockPlace{block.log, block.first, block.last, block.previous});
  }

  TEST_CASE("a message of another kind by the same key is not a block") {
    const auto closing = seal_closing(test::make_examples().closing_records.front(), cheap);
    REQUIRE(closing);
    REQUIRE(open_closing(*closing, cheap));
    CHECK(decode_block(*closing, cheap).error().fault == Fault::malformed);
    CHECK(peek_block(*closing).error().message ==
          "the header is not that of application/vnd.steward.block+cbor");
  }

  TEST_CASE("a block of 1,000 readings is taken, of 1,001 refused") {
    CHECK(encode_block(readings_block(1000, 2), cheap));
    CHECK(why_not(readings_block(1001, 2)) == "more than 1000 records");
  }

  TEST_CASE("a block above 64 KiB is full, and the message says what to do") {
    Block block = test::make_examples().events;
    const EdgeEvent longest{instant_from_ms(0), std::string(48, 'k'), std::string(64, 's'),
                            std::string(512, 'd')};
    block.records = std::vector<EdgeEvent>(200, longest);
    block.last = {200};
    CHECK(fault_of(block) == Fault::full);
    CHECK(why_not(block).find("close it with fewer records") != std::string::npos);
  }

  TEST_CASE("as many places as records, or it is no block") {
    Block block = test::make_examples().readings;
    block.last = {block.last.value + 1};
    CHECK(why_not(block) == "as many places as records are needed");
    block.records = std::vector<Reading>{};
    CHECK(why_not(block) == "a block without records");
    block.first = {0};
    CHECK(why_not(block) == "first and last are not a range of places from 1");
  }

  TEST_CASE("a door event does not belong into the log of readings") {
    Block block = test::make_examples().doors;
    CHECK(encode_block(block, cheap));
    block.log.stream = Stream::readings;
    CHECK(why_not(block) == "this kind of record does not belong into the stream readings");
    CHECK(fits(RecordKind::hole, Stream::doors));
    CHECK_FALSE(fits(RecordKind::closings, Stream::telemetry));
  }

  TEST_CASE("a site code that could climb into another's topic is refused") {
    for (const char* code : {"", "a/b", "UPPER", "a+b", "#", "\xe6\xb0\xb4"}) {
      Block block = test::make_examples().doors;
      block.log.site = SiteId(code);
      CHECK(why_not(block) == "site is not a code of 1 to 32 of a-z, 0-9 and -");
    }
  }

  TEST_CASE("a refusal names the record and the field") {
    Block block = test::make_examples().readings;
    std::get<std::vector<Reading>>(block.records)[2].raw.resize(9);
    CHECK(why_not(block) == "record 6: more than 8 raw words");
  }

  TEST_CASE("a hole covers its own block's range and may be larger than any block") {
    Block block = test::make_examples().hole;
    std::get<Hole>(block.records).last = block.last = {wire_limit::seq};
    const auto bytes = encode_block(block, cheap);
    REQUIRE(bytes);
    CHECK(*decode_block(*bytes, cheap) == block);
    std::get<Hole>(block.records).first = {1};
    CHECK(why_not(block) == "a hole of another range than its block's");
  }

  TEST_CASE("a closing opens to what the meter showed, and only under its own place") {
    const auto examples = test::make_examples();
    const VerifyingKey key(test::gateway_key().public_key());
    const auto opened = open_closings(examples.closings, key);
    REQUIRE_MESSAGE(opened, opened.error().message);
    CHECK(*opened == examples.closing_records);

    Block moved = examples.closings;
    moved.first = {20};
    moved.last = {21};
    CHECK(open_closings(moved, key).error().message == "closing 20: it names another log or another place");
    CHECK(open_closings(examples.readings, key).error().fault == Fault::malformed);
    CHECK(open_closings(examples.closings, VerifyingKey(test::cloud_key().public_key())).error().fault ==
          Fault::refused);
  }

  TEST_CASE("the room a record is said to need is never less than it takes") {
    const auto examples = test::make_examples();
    for (const std::size_t words : {0U, 2U, 8U}) {
      const Block one = readings_block(1, words);
      const Block many = readings_block(900, words);
      const auto& reading = std::get<std::vector<Reading>>(many.records).front();
      CHECK(encode_block(one, cheap)->size() <= block_overhead_bytes + most_bytes_of(reading));
      CHECK(encode_block(many, cheap)->size() <= block_overhead_bytes + 900 * most_bytes_of(reading));
    }
    const auto& door = std::get<std::vector<DoorEvent>>(examples.doors.records).front();
    CHECK(encode_block(examples.doors, cheap)->size() <= block_overhead_bytes + most_bytes_of(door));
  }

  TEST_CASE("what a device said is cut between characters and stripped of control characters") {
    CHECK(fit_text("no reply", 64) == "no reply");
    CHECK(fit_text("一单元", 7) == "一单");
    CHECK(fit_text("\x1b[2Jboo\n", 64) == "?[2Jboo?");
    CHECK(fit_text("a\xff\xe6\xb0z", 64) == "a???z");
    CHECK(fit_text("abc", 0).empty());
    CHECK(is_plain_text(fit_text("\xf0\x9f\x94\x8c\xf0\x9f", 5), 0, 5));
  }
}
