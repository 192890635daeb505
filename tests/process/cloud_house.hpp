#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <sstream>

#include "cloud/app/verbs.hpp"
#include "kit/mqtt/mqtt_pipe.hpp"
#include "tests/support/enrolled_gateway.hpp"
#include "tests/support/test_broker.hpp"

namespace steward {

inline constexpr Milliseconds patience{30'000};

/// A cloud's data folder, its broker running, and gateways enrolled on demand.
struct House {
  TemporaryFolder folder;
  std::uint16_t port = free_port();
  std::unique_ptr<ChildProcess> mosquitto;

  House() {
    run({"broker", "setup", "--host", "localhost", "--port", std::to_string(port), "--bind", "127.0.0.1",
         "--out", in("broker")});
    start();
  }
  std::string in(const std::string& name) const { return (folder.path() / name).string(); }
  void start() {
    mosquitto = std::make_unique<ChildProcess>(
        std::vector<std::string>{"mosquitto", "-c", in("broker/mosquitto.conf")}, in("mosquitto.log"));
  }
  void run(std::vector<std::string> arguments) const {
    std::ostringstream out;
    arguments.insert(arguments.begin(), {"--data", in("books")});
    const auto exit = run_steward_cloud(arguments, {out, out});
    REQUIRE_MESSAGE(exit == Exit::ok, out.str());
  }
  void enrol(const std::string& gateway, const std::string& site = "riverside") const {
    enrol_gateway(in("books"), in(gateway), gateway, site);
  }
  Broker as(const std::string& who, const std::string& certificate, const std::string& key) const {
    return {.host = "localhost",
            .port = port,
            .client_id = who,
            .ca_file = in("broker/ca.pem"),
            .cert_file = certificate,
            .key_file = key};
  }
  Broker gateway(const std::string& name) const {
    return as(name, in(name + "/gateway.pem"), in(name + "/gateway.pem"));
  }
  Broker named(const std::string& name) const {
    return as(name, in("broker/" + name + ".pem"), in("broker/" + name + "-key.pem"));
  }
};

/// A client with its history.
struct Client {
  int ups = 0;
  std::deque<MqttMessage> messages;
  MqttPipe pipe;

  Client(Loop& loop, Broker broker, std::vector<std::string> topics)
      : pipe(loop, std::move(broker), std::nullopt, std::move(topics),
             {.up = [this] { ++ups; },
              .down = {},
              .message = [this](MqttMessage message) { messages.push_back(std::move(message)); },
              .room = {}}) {
    pipe.start();
  }
  bool heard(std::string_view topic) const {
    return std::any_of(messages.begin(), messages.end(),
                       [&](const MqttMessage& message) { return message.topic == topic; });
  }
};

}  // namespace steward
