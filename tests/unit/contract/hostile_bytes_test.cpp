#include <doctest/doctest.h>

#include <algorithm>

#include "contract/wire/block_codec.hpp"
#include "contract/wire/closing_codec.hpp"
#include "contract/wire/envelope.hpp"
#include "contract/wire/limits.hpp"
#include "tests/support/cheap_signer.hpp"
#include "tests/support/test_keys.hpp"
#include "tests/unit/contract/allocation_meter.hpp"
#include "tests/unit/contract/examples.hpp"

using namespace steward;

namespace {

const test::CheapSigner cheap;

/// Every sealed kind of message: how a good one looks and how it is opened.
struct Kind {
  std::string name;
  Bytes good;
  std::function<bool(ByteView, const Verifier&)> opens;
};
std::vector<Kind> kinds_signed_by(const Signer& signer) {
  const auto examples = test::make_examples();
  const auto block = [](ByteView bytes, const Verifier& key) { return bool(decode_block(bytes, key)); };
  const auto closing = [](ByteView bytes, const Verifier& key) { return bool(open_closing(bytes, key)); };
  const auto ack = [](ByteView bytes, const Verifier& key) { return bool(decode_ack(bytes, key)); };
  const auto desired = [](ByteView bytes, const Verifier& key) {
    Problems problems;
    return bool(decode_desired(bytes, key, problems));
  };
  const auto command = [](ByteView bytes, const Verifier& key) { return bool(decode_command(bytes, key)); };
  const auto result = [](ByteView bytes, const Verifier& key) {
    return bool(decode_command_result(bytes, key));
  };
  return {{"command", *encode_command(examples.command, signer), command},
          {"command result", encode_command_result(examples.command_result, signer), result},
          {"readings", *encode_block(examples.readings, signer), block},
          {"catalogue", *encode_block(examples.catalogue, signer), block},
          {"closings", *encode_block(examples.closings, signer), block},
          {"doors", *encode_block(examples.doors, signer), block},
          {"patrol", *encode_block(examples.patrol, signer), block},
          {"events", *encode_block(examples.events, signer), block},
          {"hole", *encode_block(examples.hole, signer), block},
          {"closing", *seal_closing(examples.closing_records.front(), signer), closing},
          {"ack", *encode_ack(examples.ack, signer), ack},
          {"desired", *encode_desired(examples.site_config, signer), desired}};
}

/// A message whose signature is right and whose payload is anything.
Bytes sealed_block(ByteView payload) { return seal(content_type::block, payload, cheap); }
Bytes payload_of(ByteView block) {
  const auto envelope = unwrap(content_type::block, block, max_block_bytes);
  REQUIRE(envelope);
  return {envelope->payload.begin(), envelope->payload.end()};
}

std::string text_of_depth(std::size_t depth) { return std::string(depth, '['); }

}  // namespace

TEST_SUITE("contract/hostile bytes") {
  TEST_CASE("one bit flipped anywhere, and no message of any kind is believed") {
    const SigningKey signer = test::gateway_key();
    const VerifyingKey key(signer.public_key());
    for (const auto& kind : kinds_signed_by(signer)) {
      CAPTURE(kind.name);
      REQUIRE(kind.opens(kind.good, key));
      Bytes bytes = kind.good;
      std::size_t believed = 0;
      for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        const auto mask = static_cast<std::uint8_t>(1U << (bit % 8));
        bytes[bit / 8] ^= mask;
        believed += kind.opens(bytes, key) ? 1U : 0U;
        bytes[bit / 8] ^= mask;
      }
      CHECK(believed == 0);
    }
  }

  TEST_CASE("a message cut anywhere, or with a byte more, is refused even when every signature is believed") {
    const test::Credulous anyone;
    for (const auto& kind : kinds_signed_by(cheap)) {
      CAPTURE(kind.name);
      REQUIRE(kind.opens(kind.good, anyone));
      for (std::size_t length = 0; length < kind.good.size(); ++length) {
        REQUIRE_FALSE(kind.opens(ByteView(kind.good).first(length), anyone));
      }
      Bytes longer = kind.good;
      longer.push_back(0);
      CHECK_FALSE(kind.opens(longer, anyone));
    }
  }

  TEST_CASE("a signed payload cut anywhere is refused") {
    const auto examples = test::make_examples();
    for (const Block* block : {&examples.readings, &examples.catalogue, &examples.doors, &examples.hole}) {
      const Bytes payload = payload_of(*encode_block(*block, cheap));
      REQUIRE(decode_block(sealed_block(payload), cheap));
      for (std::size_t length = 0; length < payload.size(); ++length) {
        REQUIRE_FALSE(decode_block(sealed_block(ByteView(payload).first(length)), cheap));
      }
    }
  }

  TEST_CASE("a huge length claimed anywhere is refused before memory is asked for") {
    // 40 bytes of good message can claim 2^63 items; a decoder that believed
    // them would ask for more than the whole input is worth.
    const auto examples = test::make_examples();
    std::size_t tried = 0;
    for (const Block* block : {&examples.readings, &examples.catalogue, &examples.closings, &examples.doors,
                               &examples.patrol, &examples.events, &examples.hole}) {
      const Bytes payload = payload_of(*encode_block(*block, cheap));
      for (std::size_t at = 0; at < payload.size(); ++at) {
        for (const unsigned width : {25U, 26U, 27U}) {
          Bytes changed(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(at));
          changed.push_back(static_cast<std::uint8_t>((payload[at] & 0xe0U) | width));
          changed.insert(changed.end(), std::size_t{1} << (width - 24U), 0x7f);
          changed.insert(changed.end(), payload.begin() + static_cast<std::ptrdiff_t>(at) + 1, payload.end());
          const Bytes bytes = sealed_block(changed);
          const test::AllocationMeter meter;
          const auto decoded = decode_block(bytes, cheap);
          REQUIRE(meter.largest() <= 2 * max_block_bytes);
          ++tried;
        }
      }
    }
    CHECK(tried > 3000);
  }

  TEST_CASE("a range of 2^53 places cannot make the decoder reserve room for them") {
    Block block = test::make_examples().readings;
    Bytes payload = payload_of(*encode_block(block, cheap));
    // keys 6 and 7: first = 4, last = 9
    const Bytes places{0x06, 0x04, 0x07, 0x09};
    const auto found = std::ranges::search(payload, places);
    REQUIRE(found.size() == places.size());
    Bytes changed(payload.begin(), found.begin());
    const Bytes huge{0x06, 0x04, 0x07, 0x1b, 0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    changed.insert(changed.end(), huge.begin(), huge.end());
    changed.insert(changed.end(), found.end(), payload.end());
    const Bytes bytes = sealed_block(changed);
    const test::AllocationMeter meter;
    const auto decoded = decode_block(bytes, cheap);
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().message.find("more records than the limit") != std::string::npos);
    CHECK(meter.total() < 8 * 1024);
  }

  TEST_CASE("a message above its size is refused unread") {
    const test::Credulous anyone;
    const Bytes large(wire_limit::site_config_bytes + 1, 0x81);
    const test::AllocationMeter meter;
    Problems problems;
    CHECK_FALSE(decode_block(large, anyone));
    CHECK_FALSE(peek_block(large));
    CHECK_FALSE(open_closing(large, anyone));
    CHECK_FALSE(decode_ack(large, anyone));
    CHECK_FALSE(decode_command(large, anyone));
    CHECK_FALSE(decode_command_result(large, anyone));
    CHECK_FALSE(decode_desired(large, anyone, problems));
    CHECK_FALSE(decode_state(chars_of(large)));
    CHECK_FALSE(decode_reported(chars_of(large)));
    CHECK(meter.total() < 8 * 1024);
  }

  TEST_CASE("nesting as deep as the message is long ends no program") {
    const test::Credulous anyone;
    const Bytes lists(60'000, 0x81);
    CHECK_FALSE(decode_block(lists, anyone));
    CHECK_FALSE(decode_block(sealed_block(lists), cheap));
    CHECK_FALSE(open_closing(seal(content_type::closing, ByteView(lists).first(900), cheap), cheap));
    const std::string deep = text_of_depth(10'000);
    CHECK_FALSE(decode_ack(seal(content_type::ack, bytes_of(deep), cheap), cheap));
    CHECK_FALSE(decode_state(text_of_depth(60'000)));
    CHECK_FALSE(decode_reported(text_of_depth(60'000)));
    Problems problems;
    CHECK_FALSE(decode_desired(seal(content_type::site_config, bytes_of(text_of_depth(60'000)), cheap), cheap,
                               problems));
    CHECK(problems.size() == 1);
  }

  TEST_CASE("two runs where one would do are refused: one block has one encoding") {
    Block block = test::make_examples().readings;
    Bytes payload = payload_of(*encode_block(block, cheap));
    // The last column, widths of raw words: [2,2, 1,4, 2,2, 1,4]; split its first run of two.
    const Bytes widths{0x08, 0x88, 0x02, 0x02, 0x01, 0x04, 0x02, 0x02, 0x01, 0x04};
    REQUIRE(std::equal(widths.rbegin(), widths.rend(), payload.rbegin()));
    payload.resize(payload.size() - widths.size());
    const Bytes split{0x08, 0x8a, 0x01, 0x02, 0x01, 0x02, 0x01, 0x04, 0x02, 0x02, 0x01, 0x04};
    payload.insert(payload.end(), split.begin(), split.end());
    const auto decoded = decode_block(sealed_block(payload), cheap);
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().message.find("two runs where one would do") != std::string::npos);
  }

  TEST_CASE("runs that cover more or fewer readings than there are, are refused") {
    Bytes payload = payload_of(*encode_block(test::make_examples().readings, cheap));
    for (const unsigned count : {0U, 1U, 3U}) {
      Bytes changed = payload;
      changed[changed.size() - 2] =
          static_cast<std::uint8_t>(count);  // length of the last run, 1 in the good block
      const bool good = count == 1;
      CHECK(bool(decode_block(sealed_block(changed), cheap)) == good);
    }
  }
}
