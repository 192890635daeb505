#pragma once
#include <string_view>

namespace steward {

/// config/broker/mosquitto.conf.in and config/broker/acl, built into the program.
std::string_view mosquitto_template();
std::string_view broker_acl();

}  // namespace steward
