#include <doctest/doctest.h>

#include "kit/mqtt/mqtt_pipe.hpp"

using namespace steward;

// What a broker does is tested against a real one, in tests/process/mqtt_test.cpp;
// here, what holds without any.
TEST_SUITE("kit/mqtt") {
  TEST_CASE("nothing is taken while there is no broker, and each failed attempt says so") {
    Loop loop;
    std::vector<std::string> reasons;
    MqttPipe pipe(loop, Broker{.host = "127.0.0.1", .port = 1, .client_id = "gw1"}, std::nullopt, {},
                  {.up = {},
                   .down = [&](const std::string& why) { reasons.push_back(why); },
                   .message = {},
                   .room = {}});
    pipe.start();
    const std::vector<std::uint8_t> payload{1, 2, 3};
    CHECK(pipe.publish("a", payload, false).error().fault == Fault::retry);
    REQUIRE(loop.run_until([&] { return reasons.size() >= 2; }, Milliseconds{20'000}));
    CHECK_FALSE(pipe.is_up());
    CHECK(reasons.front().find("no connection") != std::string::npos);
    CHECK(pipe.publish("a", std::vector<std::uint8_t>(MqttPipe::max_payload + 1), false).error().fault ==
          Fault::refused);
    pipe.stop();
  }
}
