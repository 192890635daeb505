#include <doctest/doctest.h>

#include "contract/wire/block_codec.hpp"
#include "contract/wire/closing_codec.hpp"
#include "contract/wire/topics.hpp"
#include "kit/crypto/digest.hpp"
#include "tests/support/cheap_signer.hpp"
#include "tests/unit/contract/random_messages.hpp"

using namespace steward;

namespace {

const test::CheapSigner cheap;
constexpr std::uint64_t cases = 400;

/// Runs `check` on many seeds; a failing run names its seed.
template <class Check>
void for_many_seeds(Check check) {
  for (std::uint64_t seed = 1; seed <= cases; ++seed) {
    CAPTURE(seed);
    test::RandomMessages random(seed);
    check(random);
  }
}

}  // namespace

TEST_SUITE("contract/wire properties") {
  TEST_CASE("every block reads back as it was written, and writes back to the same bytes") {
    std::size_t written = 0;
    for_many_seeds([&](test::RandomMessages& random) {
      const Block block = random.block();
      const auto bytes = encode_block(block, cheap);
      if (!bytes) {
        REQUIRE_MESSAGE(bytes.error().fault == Fault::full, bytes.error().message);
        return;
      }
      ++written;
      const auto decoded = decode_block(*bytes, cheap);
      REQUIRE_MESSAGE(decoded, decoded.error().message);
      REQUIRE(*decoded == block);
      REQUIRE(*encode_block(*decoded, test::ReplayedSignature(*bytes)) == *bytes);
      REQUIRE(peek_block(*bytes)->log == block.log);
    });
    CHECK(written > cases * 9 / 10);
  }

  TEST_CASE("every closing reads back as it was written") {
    for_many_seeds([](test::RandomMessages& random) {
      const Closing closing = random.closing();
      const auto bytes = seal_closing(closing, cheap);
      REQUIRE_MESSAGE(bytes, bytes.error().message);
      const auto opened = open_closing(*bytes, cheap);
      REQUIRE_MESSAGE(opened, opened.error().message);
      REQUIRE(*opened == closing);
    });
  }

  TEST_CASE("every ack, state and site config reads back as it was written") {
    for_many_seeds([](test::RandomMessages& random) {
      const Ack ack = random.ack();
      const auto sealed_ack = encode_ack(ack, cheap);
      REQUIRE_MESSAGE(sealed_ack, sealed_ack.error().message);
      const auto read_ack = decode_ack(*sealed_ack, cheap);
      REQUIRE_MESSAGE(read_ack, read_ack.error().message);
      REQUIRE(*read_ack == ack);

      const EdgeState state = random.state();
      const auto read_state = decode_state(encode_state(state));
      REQUIRE_MESSAGE(read_state, read_state.error().message);
      REQUIRE(*read_state == state);

      const SiteConfigDocument document = random.site_config();
      const auto desired = encode_desired(document, cheap);
      REQUIRE_MESSAGE(desired, desired.error().message);
      Problems problems;
      const auto read_document = decode_desired(*desired, cheap, problems);
      REQUIRE_MESSAGE(read_document, read_document.error().message);
      REQUIRE(*read_document == document);
      REQUIRE(problems.empty());
    });
  }

  TEST_CASE("every command and its result read back as they were written") {
    for_many_seeds([](test::RandomMessages& random) {
      const Command command = random.command();
      const auto sealed = encode_command(command, cheap);
      REQUIRE_MESSAGE(sealed, sealed.error().message);
      const auto read = decode_command(*sealed, cheap);
      REQUIRE_MESSAGE(read, read.error().message);
      REQUIRE(*read == command);

      const CommandResult result = random.command_result();
      const auto answer = decode_command_result(encode_command_result(result, cheap), cheap);
      REQUIRE_MESSAGE(answer, answer.error().message);
      REQUIRE(*answer == result);
    });
  }

  TEST_CASE("every topic reads back as it was written") {
    for_many_seeds([](test::RandomMessages& random) {
      const SiteId site(random.code());
      const GatewayId gateway(random.code());
      for (const Stream stream : all_streams) {
        const auto topic = parse_topic(up_topic(site, gateway, stream));
        REQUIRE(topic);
        REQUIRE(*topic == Topic{site, gateway, TopicKind::up, stream});
      }
      REQUIRE(*parse_topic(ack_topic(site, gateway)) == Topic{site, gateway, TopicKind::ack, {}});
      REQUIRE(*parse_topic(state_topic(site, gateway)) == Topic{site, gateway, TopicKind::state, {}});
      REQUIRE(*parse_topic(desired_topic(site, gateway)) == Topic{site, gateway, TopicKind::desired, {}});
      REQUIRE(*parse_topic(reported_topic(site, gateway)) == Topic{site, gateway, TopicKind::reported, {}});
      const Uuid id = random.octets<16>();
      REQUIRE(*parse_topic(command_topic(site, gateway, id)) ==
              Topic{site, gateway, TopicKind::command, {}, id});
      REQUIRE(*parse_topic(command_result_topic(site, gateway, id)) ==
              Topic{site, gateway, TopicKind::command_result, {}, id});
    });
  }
}
