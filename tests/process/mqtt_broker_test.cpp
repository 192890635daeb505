#include <doctest/doctest.h>

#include <fstream>
#include <set>

#include "kit/mqtt/mqtt_pipe.hpp"
#include "tests/support/test_broker.hpp"

using namespace steward;

namespace {

constexpr Milliseconds patience{30'000};

std::vector<std::uint8_t> bytes(std::string_view text) { return {text.begin(), text.end()}; }

/// A client with its history.
struct Client {
  Client(Loop& loop, Broker broker, std::vector<std::string> topics,
         std::optional<MqttMessage> will = std::nullopt)
      : pipe(loop, std::move(broker), std::move(will), std::move(topics),
             {.up = [this] { ++ups; },
              .down = [this](const std::string& why) { reasons.push_back(why); },
              .message = [this](MqttMessage message) { messages.push_back(std::move(message)); },
              .room = {}}) {
    pipe.start();
  }
  int ups = 0;
  std::vector<std::string> reasons;
  std::vector<MqttMessage> messages;
  MqttPipe pipe;
};

long resident_kb() {
  std::ifstream status("/proc/self/statm");
  long total = 0;
  long resident = 0;
  status >> total >> resident;
  return resident * 4;
}

}  // namespace

TEST_SUITE("process/mqtt") {
  TEST_CASE("messages cross the broker whole, one `up` per connection, the window is never passed") {
    TestBroker broker;
    Loop loop;
    Client reader(loop, broker.client("reader"), {"steward/#"});
    REQUIRE(loop.run_until([&] { return reader.ups == 1; }, patience));
    Client writer(loop, broker.client("writer"), {});
    REQUIRE(loop.run_until([&] { return writer.ups == 1; }, patience));

    std::size_t sent = 0;
    std::size_t refused = 0;
    REQUIRE(loop.run_until(
        [&] {
          while (sent < 500) {
            if (auto taken = writer.pipe.publish("steward/t", bytes(std::to_string(sent)), false); !taken) {
              CHECK(taken.error().fault == Fault::full);
              ++refused;
              break;
            }
            ++sent;
          }
          CHECK(writer.pipe.unconfirmed() <= MqttPipe::window);
          return reader.messages.size() == 500;
        },
        patience));
    CHECK(refused > 0);
    for (std::size_t i = 0; i < 500; ++i) REQUIRE(reader.messages[i].payload == bytes(std::to_string(i)));
    CHECK(reader.ups == 1);
    CHECK(writer.reasons.empty());
  }

  TEST_CASE("a broker killed twenty times: each time one way down, one way up, and no memory kept") {
    TestBroker broker;
    Loop loop;
    Client client(loop, broker.client("gw1"), {"steward/#"});
    REQUIRE(loop.run_until([&] { return client.ups == 1; }, patience));
    long before = 0;
    for (int round = 1; round <= 20; ++round) {
      broker.kill_now();
      REQUIRE(loop.run_until([&] { return !client.pipe.is_up(); }, patience));
      broker.start();
      REQUIRE(loop.run_until([&] { return client.ups == round + 1; }, patience));
      if (round == 10) before = resident_kb();
    }
    REQUIRE(client.pipe.publish("steward/again", bytes("x"), false));
    REQUIRE(loop.run_until([&] { return !client.messages.empty(); }, patience));
    CHECK(resident_kb() - before < 1024);
  }

  TEST_CASE("the last will is sent when a gateway dies, and not when it says goodbye") {
    TestBroker broker;
    Loop loop;
    Client reader(loop, broker.client("reader"), {"steward/#"});
    REQUIRE(loop.run_until([&] { return reader.ups == 1; }, patience));
    const MqttMessage will{"steward/state", bytes("gone"), true};
    {
      Client polite(loop, broker.client("gw1"), {}, will);
      REQUIRE(loop.run_until([&] { return polite.ups == 1; }, patience));
      REQUIRE(polite.pipe.publish("steward/said", bytes("bye"), false));
      REQUIRE(loop.run_until([&] { return reader.messages.size() == 1; }, patience));
      polite.pipe.stop();
    }
    {
      // Another client of the same name pushes this one out: to the broker, a death.
      Client first(loop, broker.client("gw2"), {}, will);
      REQUIRE(loop.run_until([&] { return first.ups == 1; }, patience));
      Client second(loop, broker.client("gw2"), {});
      REQUIRE(loop.run_until([&] { return reader.messages.size() == 2; }, patience));
      first.pipe.stop();
    }
    CHECK(reader.messages[0].topic == "steward/said");
    CHECK(reader.messages[1].topic == "steward/state");
    CHECK(reader.messages[1].payload == bytes("gone"));
  }

  TEST_CASE("a broker that another authority signed for is refused, and nothing is ever sent in the clear") {
    TestBroker ours;
    TestBroker other;
    Loop loop;
    auto misled = ours.client("gw1");
    misled.port = other.client("x").port;
    Client client(loop, misled, {});
    REQUIRE(loop.run_until([&] { return client.reasons.size() >= 2; }, patience));
    CHECK(client.ups == 0);
    auto wrong_name = ours.client("gw2");
    wrong_name.host = "127.0.0.2";
    Client stranger(loop, wrong_name, {});
    REQUIRE(loop.run_until([&] { return !stranger.reasons.empty(); }, patience));
    CHECK(stranger.ups == 0);
  }
}
