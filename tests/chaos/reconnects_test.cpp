// 500 connections lost and made again: what a connection took, it gives back.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "kit/loop/loop.hpp"
#include "kit/mqtt/mqtt_pipe.hpp"
#include "tests/support/chaos_proxy.hpp"
#include "tests/support/live_memory.hpp"
#include "tests/support/test_broker.hpp"

using namespace steward;

namespace {

constexpr Milliseconds patience{60'000};
constexpr std::size_t clients = 10;  // each waits half a second before it dials again: ten wait together
constexpr int warm_up = 10;          // rounds: caches of OpenSSL, Paho and the loop fill up
constexpr int rounds = 50;
constexpr double most_bytes_each = 200;

struct Client {
  int ups = 0;
  int heard = 0;
  MqttPipe pipe;
  Client(Loop& loop, Broker broker)
      : pipe(loop, broker, MqttMessage{"steward/state/" + broker.client_id, {1}, true},
             {"steward/" + broker.client_id},
             {.up = [this] { ++ups; },
              .down = {},
              .message = [this](const MqttMessage&) { ++heard; },
              .room = {}}) {
    pipe.start();
  }
};

}  // namespace

TEST_SUITE("chaos/reconnects") {
  TEST_CASE("500 reconnects keep at most 0.2 kB each") {
    TestBroker broker;
    ChaosProxy link(broker.client("probe").port);
    Loop loop;
    std::vector<std::unique_ptr<Client>> all;
    for (std::size_t i = 0; i < clients; ++i) {
      auto as = broker.client("gw" + std::to_string(i));
      as.port = link.port();
      all.push_back(std::make_unique<Client>(loop, as));
    }
    const auto every_one = [&](auto holds) {
      REQUIRE(loop.run_until(
          [&] { return std::all_of(all.begin(), all.end(), [&](auto& c) { return holds(*c); }); }, patience));
    };
    every_one([](const Client& client) { return client.ups == 1; });
    int done = 1;
    /// One message each way over every connection, then all of them are reset.
    const auto round = [&] {
      for (std::size_t i = 0; i < clients; ++i) {
        all[i]->heard = 0;
        REQUIRE(all[i]->pipe.publish("steward/gw" + std::to_string(i), Bytes(64, 7), false));
      }
      every_one([](const Client& client) { return client.heard >= 1; });
      link.reset();
      every_one([](const Client& client) { return !client.pipe.is_up(); });
      ++done;
      every_one([&](const Client& client) { return client.ups == done; });
    };
    /// Ended clients are kept for a few seconds, so that Paho can leave them: they are not growth.
    const auto settled = [&] {
      every_one([](const Client& client) { return client.pipe.retired() == 0; });
      return live_bytes();
    };
    for (int i = 0; i < warm_up; ++i) round();
    const auto before = settled();
    for (int i = 0; i < rounds; ++i) round();
    const auto after = settled();
    const double each =
        (static_cast<double>(after) - static_cast<double>(before)) / (rounds * static_cast<double>(clients));
    MESSAGE((rounds * clients) << " reconnects: " << each << " bytes each");
    CHECK(each <= most_bytes_each);
  }

  TEST_CASE("the measure sees 300 bytes kept for each of 500") {
    const auto before = live_bytes();
    std::vector<std::unique_ptr<char[]>> kept;
    for (int i = 0; i < 500; ++i) kept.push_back(std::make_unique<char[]>(300));
    CHECK(live_bytes() - before >= 500UL * 300);
    kept.clear();
    kept.shrink_to_fit();
    CHECK(live_bytes() <= before + 1024);
  }
}
