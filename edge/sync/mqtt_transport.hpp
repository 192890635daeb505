#pragma once
#include <string>

#include "edge/sync/uplink.hpp"
#include "kit/mqtt/mqtt_pipe.hpp"

namespace steward {

/// The uplink's transport over the MQTT pipe. The pipe outlives it. Thread: loop.
class MqttTransport : public Transport {
 public:
  explicit MqttTransport(MqttPipe& pipe) : pipe_(pipe) {}

  Result<void> publish(std::string_view topic, ByteView payload, bool retained) override {
    return pipe_.publish(std::string(topic), payload, retained);
  }

 private:
  MqttPipe& pipe_;
};

}  // namespace steward
