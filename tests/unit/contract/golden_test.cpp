#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>

#include "contract/wire/closing_codec.hpp"
#include "tests/support/test_keys.hpp"
#include "tests/unit/contract/examples.hpp"

using namespace steward;

TEST_SUITE("contract/examples") {
  TEST_CASE("each example is made again byte for byte") {
    // A change here is a change of the format: a new version, not a new example.
    const auto files = test::write_examples(test::make_examples());
    if (std::getenv("STEWARD_WRITE_EXAMPLES") != nullptr) {
      for (const auto& file : files) {
        std::ofstream(std::string(STEWARD_SOURCE_DIR) + "/contract/examples/" + file.name, std::ios::binary)
            << file.content;
      }
    }
    REQUIRE(files.size() == 20);
    for (const auto& file : files) {
      CAPTURE(file.name);
      CHECK(test::example_text(file.name) == file.content);
    }
  }

  TEST_CASE("each example reads as the values it was made of") {
    const auto examples = test::make_examples();
    const VerifyingKey gateway(test::gateway_key().public_key());
    const VerifyingKey cloud(test::cloud_key().public_key());
    const std::pair<const char*, const Block*> blocks[] = {
        {"block-catalogue.hex", &examples.catalogue},
        {"block-readings.hex", &examples.readings},
        {"block-closings.hex", &examples.closings},
        {"block-doors.hex", &examples.doors},
        {"block-patrol.hex", &examples.patrol},
        {"block-events.hex", &examples.events},
        {"block-hole.hex", &examples.hole},
        {"block-frozen.hex", &examples.frozen},
        {"block-meter-events.hex", &examples.meter_events}};
    for (const auto& [name, block] : blocks) {
      CAPTURE(name);
      const auto decoded = decode_block(test::example_bytes(name), gateway);
      REQUIRE_MESSAGE(decoded, decoded.error().message);
      CHECK(*decoded == *block);
    }
    CHECK(*open_closing(test::example_bytes("closing.hex"), gateway) == examples.closing_records.front());
    CHECK(*decode_ack(test::example_bytes("ack.hex"), cloud) == examples.ack);
    CHECK(*decode_command(test::example_bytes("command.hex"), cloud) == examples.command);
    CHECK(*decode_command_result(test::example_bytes("command-result.hex"), gateway) ==
          examples.command_result);
    Problems problems;
    CHECK(*decode_desired(test::example_bytes("desired.hex"), cloud, problems) == examples.site_config);
    CHECK(*read_site_config("x", test::example_text("site-config.json"), problems) == examples.site_config);
    CHECK(*decode_reported(test::example_text("reported.json")) == examples.reported);
    CHECK(*decode_state(test::example_text("state.json")) == examples.state);
    CHECK_FALSE(decode_state(test::example_text("state-last-will.json"))->online);
  }
}
