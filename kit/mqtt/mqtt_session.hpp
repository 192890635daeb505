#pragma once
#include <mqtt/async_client.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kit/mqtt/mqtt_pipe.hpp"

namespace steward {

/// What Paho tells about one connection. Called on Paho's threads: post, and do nothing else.
struct SessionReports {
  std::function<void()> connected;                // the CONNACK came: now subscribe
  std::function<void()> subscribed;               // the SUBACK came
  std::function<void(const std::string&)> ended;  // it failed or was lost; may come more than once
  std::function<void(MqttMessage)> message;
  std::function<void()> confirmed;  // one PUBACK
};

/// One Paho client for the life of one connection: made, connected, lost, thrown away.
///
/// Paho may still be inside a callback when the connection has gone, so the owner
/// keeps an ended session for a while before it destroys it (MqttPipe, `retired`).
/// Thread: loop; reports come on Paho's threads.
class MqttSession : private mqtt::callback, private mqtt::iaction_listener {
 public:
  MqttSession(const Broker& broker, const std::optional<MqttMessage>& last_will,
              std::vector<std::string> subscriptions, SessionReports reports);
  ~MqttSession() override;

  Result<void> connect();
  Result<void> subscribe();
  Result<void> publish(const std::string& topic, std::span<const std::uint8_t> payload, bool retained);
  /// Says goodbye and waits for it, at most a second.
  void disconnect();
  /// No callback begins after this, once the connection is gone.
  void mute();

 private:
  void connection_lost(const std::string& cause) override;
  void message_arrived(mqtt::const_message_ptr message) override;
  void delivery_complete(mqtt::delivery_token_ptr token) override;
  void on_success(const mqtt::token& token) override;
  void on_failure(const mqtt::token& token) override;

  std::vector<std::string> subscriptions_;
  SessionReports reports_;
  mqtt::connect_options options_;  // Paho C keeps pointers into it for as long as the client lives
  mqtt::async_client client_;
};

}  // namespace steward
