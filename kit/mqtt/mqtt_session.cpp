#include "kit/mqtt/mqtt_session.hpp"

#include <algorithm>
#include <chrono>

namespace steward {
namespace {

constexpr int qos_at_least_once = 1;
constexpr int keep_alive_s = 30;
constexpr int connect_timeout_s = 10;
constexpr std::chrono::milliseconds goodbye{1000};

mqtt::ssl_options tls_of(const Broker& broker) {
  mqtt::ssl_options tls;
  tls.set_trust_store(broker.ca_file);
  tls.set_key_store(broker.cert_file);
  tls.set_private_key(broker.key_file);
  tls.set_enable_server_cert_auth(true);
  tls.set_verify(true);                                 // the certificate must carry the name we dialled
  tls.set_enabled_cipher_suites("DEFAULT@SECLEVEL=2");  // no weak key or signature, whatever the system says
  tls.set_ssl_version(MQTT_SSL_VERSION_TLS_1_2);  // at least: OpenSSL takes 1.3 when the broker offers it
  return tls;
}

mqtt::connect_options options_of(const Broker& broker, const std::optional<MqttMessage>& last_will) {
  mqtt::connect_options options;
  options.set_mqtt_version(MQTTVERSION_3_1_1);
  options.set_clean_session(true);  // what must survive is in our own database
  options.set_automatic_reconnect(false);
  options.set_keep_alive_interval(keep_alive_s);
  options.set_connect_timeout(connect_timeout_s);
  options.set_max_inflight(static_cast<int>(MqttPipe::window));
  options.set_ssl(tls_of(broker));
  if (last_will) {
    options.set_will_message(mqtt::message::create(last_will->topic, last_will->payload.data(),
                                                   last_will->payload.size(), qos_at_least_once,
                                                   last_will->retained));
  }
  return options;
}

mqtt::create_options plain_pipe() {
  mqtt::create_options options(MQTTVERSION_3_1_1);
  options.set_send_while_disconnected(false);
  options.set_max_buffered_messages(static_cast<int>(MqttPipe::window) + 1);
  return options;
}

Error error_of(const mqtt::exception& failure, const char* doing) {
  return {Fault::retry, std::string(doing) + ": " + failure.what()};
}

}  // namespace

MqttSession::MqttSession(const Broker& broker, const std::optional<MqttMessage>& last_will,
                         std::vector<std::string> subscriptions, SessionReports reports)
    : subscriptions_(std::move(subscriptions)),
      reports_(std::move(reports)),
      options_(options_of(broker, last_will)),
      client_("ssl://" + broker.host + ":" + std::to_string(broker.port), broker.client_id, plain_pipe(),
              nullptr) {
  client_.set_callback(*this);  // once, before connect (paho.mqtt.cpp #519)
}

MqttSession::~MqttSession() = default;

Result<void> MqttSession::connect() {
  try {
    client_.connect(options_, nullptr, *this);
    return {};
  } catch (const mqtt::exception& failure) {
    return error_of(failure, "connect");
  }
}

Result<void> MqttSession::subscribe() {
  if (subscriptions_.empty()) {
    reports_.subscribed();
    return {};
  }
  try {
    client_.subscribe(mqtt::string_collection::create(subscriptions_),
                      std::vector<int>(subscriptions_.size(), qos_at_least_once), nullptr, *this);
    return {};
  } catch (const mqtt::exception& failure) {
    return error_of(failure, "subscribe");
  }
}

Result<void> MqttSession::publish(const std::string& topic, std::span<const std::uint8_t> payload,
                                  bool retained) {
  try {
    client_.publish(topic, payload.data(), payload.size(), qos_at_least_once, retained);
    return {};
  } catch (const mqtt::exception& failure) {
    return error_of(failure, "publish");
  }
}

void MqttSession::disconnect() {
  try {
    client_.disconnect(0)->wait_for(goodbye);
  } catch (const mqtt::exception&) {
    // Not connected any more: that is what was asked for.
  }
}

void MqttSession::mute() {
  try {
    client_.disable_callbacks();
  } catch (const mqtt::exception&) {
    // Paho refuses this while connected. Reports go on then, to an owner who no longer listens.
  }
}

void MqttSession::connection_lost(const std::string& cause) {
  reports_.ended(cause.empty() ? "connection lost" : "connection lost: " + cause);
}

void MqttSession::message_arrived(mqtt::const_message_ptr message) {
  const auto& payload = message->get_payload_ref();
  MqttMessage ours{message->get_topic(), {}, message->is_retained()};
  ours.payload.assign(payload.data(), payload.data() + payload.size());
  reports_.message(std::move(ours));
}

void MqttSession::delivery_complete(mqtt::delivery_token_ptr) { reports_.confirmed(); }

void MqttSession::on_success(const mqtt::token& token) {
  if (token.get_type() == mqtt::token::CONNECT) reports_.connected();
  if (token.get_type() == mqtt::token::SUBSCRIBE) reports_.subscribed();
}

void MqttSession::on_failure(const mqtt::token& token) {
  const bool subscribing = token.get_type() == mqtt::token::SUBSCRIBE;
  reports_.ended((subscribing ? "subscription refused" : "no connection") + std::string(" (code ") +
                 std::to_string(token.get_return_code()) + ")");
}

}  // namespace steward
