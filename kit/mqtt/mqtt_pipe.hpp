#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "contract/nouns/result.hpp"
#include "kit/crypto/tls_trouble.hpp"
#include "kit/loop/loop.hpp"

namespace steward {

/// Where the broker is and who we are to it. TLS 1.2 or newer, both sides show a
/// certificate, the server's name is checked; there is no plaintext fallback.
struct Broker {
  std::string host;
  std::uint16_t port = 8883;
  std::string client_id;
  std::string ca_file;           // PEM, the authority that signed the broker's certificate
  std::string cert_file;         // PEM, our own certificate (chain)
  std::string key_file;          // PEM, our own key; may be in cert_file
  std::string common_name = {};  // the name our certificate must carry; empty: not looked at
};

/// One MQTT message; payloads are bytes, topics are UTF-8.
struct MqttMessage {
  std::string topic;
  std::vector<std::uint8_t> payload;
  bool retained = false;
};

/// A pipe to the broker, and no more: what must not be lost lives in our own
/// database until our own ack (design: a PUBACK proves nothing).
///
/// Eclipse Paho underneath, with everything of its own switched off: no
/// persistence, no offline buffer, no automatic reconnect (paho.mqtt.c #1689
/// leaks there, #1210 loses there). A lost connection throws the client away and
/// makes a new one, after 0.5 s doubled up to 60 s, each time varied by a quarter.
///
/// Key and certificate files are read anew at each attempt, so a renewed one is taken up by itself.
///
/// Thread: loop. Paho's own threads only post to it; so does the one that asks why, which lives while it
/// asks.
class MqttPipe {
 public:
  /// At most this many publishes wait for their PUBACK; Paho refuses above 100.
  static constexpr std::size_t window = 32;
  /// A message longer than this is not ours to send (mosquitto's and our limit).
  static constexpr std::size_t max_payload = 256 * 1024;

  struct Handlers {
    std::function<void()> up;                      // connected and subscribed
    std::function<void(const std::string&)> down;  // one sentence why; also for each failed attempt
    std::function<void(MqttMessage)> message;      // QoS 1: may come twice
    std::function<void()> room;                    // a PUBACK came: the window has a place again
    /// Why connecting fails, found out by a probe of its own at an outage's 1st, 2nd, 4th, 8th, ... failed
    /// attempt: what is wrong first may be another thing than what is wrong in the end. Comes some seconds
    /// after `down`.
    std::function<void(const TlsVerdict&)> explained = {};
  };

  MqttPipe(Loop& loop, Broker broker, std::optional<MqttMessage> last_will,
           std::vector<std::string> subscriptions, Handlers handlers);
  ~MqttPipe();
  MqttPipe(const MqttPipe&) = delete;
  MqttPipe& operator=(const MqttPipe&) = delete;

  /// Begins to connect, and to reconnect whenever that fails.
  void start();
  /// Disconnects in order (the last will is not sent) and stays down. No handler runs afterwards.
  void stop();

  bool is_up() const;
  std::size_t unconfirmed() const;
  /// Clients of lost connections that are kept a few seconds longer, until Paho has surely left them.
  std::size_t retired() const;

  /// Hands one message to the broker at QoS 1. Not kept: if the connection goes
  /// before the PUBACK, nobody sends it again but the caller.
  /// Faults: retry (not connected), full (the window is used up: wait for `room`),
  /// refused (longer than max_payload).
  Result<void> publish(const std::string& topic, std::span<const std::uint8_t> payload, bool retained);

 private:
  struct Parts;
  std::shared_ptr<Parts> parts_;
};

}  // namespace steward
