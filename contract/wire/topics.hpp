#pragma once
#include <string>
#include <string_view>

#include "contract/nouns/ids.hpp"
#include "contract/nouns/log.hpp"
#include "contract/nouns/result.hpp"

namespace steward {

/// A site's or gateway's code: 1 to 32 of a-z, 0-9 and '-'. Holds no '/', '+'
/// or '#', so it can stand in a topic, a certificate name and an ACL.
bool is_code(std::string_view text);

enum class TopicKind : std::uint8_t { up, ack, state, desired, reported, command, command_result };

/// A topic of ours, taken apart: steward/v1/{site}/{gateway}/{kind}[/{stream}],
/// or .../cmd/{id}[/result].
struct Topic {
  SiteId site;
  GatewayId gateway;
  TopicKind kind = TopicKind::state;
  Stream stream = Stream::readings;  // of an `up` topic
  Uuid command{};                    // of a `cmd` topic

  friend bool operator==(const Topic&, const Topic&) = default;
};

std::string up_topic(const SiteId& site, const GatewayId& gateway, Stream stream);
std::string ack_topic(const SiteId& site, const GatewayId& gateway);
std::string state_topic(const SiteId& site, const GatewayId& gateway);
std::string desired_topic(const SiteId& site, const GatewayId& gateway);
std::string reported_topic(const SiteId& site, const GatewayId& gateway);
std::string command_topic(const SiteId& site, const GatewayId& gateway, const Uuid& id);
std::string command_result_topic(const SiteId& site, const GatewayId& gateway, const Uuid& id);
/// What a gateway subscribes to: all its commands.
std::string command_topics(const SiteId& site, const GatewayId& gateway);

/// What the cloud subscribes to: every gateway of every site.
inline constexpr std::string_view all_up_topics = "steward/v1/+/+/up/+";
inline constexpr std::string_view all_state_topics = "steward/v1/+/+/state";
inline constexpr std::string_view all_reported_topics = "steward/v1/+/+/reported";
inline constexpr std::string_view all_command_result_topics = "steward/v1/+/+/cmd/+/result";

/// What a program that serves one site subscribes to: every gateway of it.
std::string site_up_topics(const SiteId& site);
std::string site_state_topics(const SiteId& site);
std::string site_command_result_topics(const SiteId& site);
std::string site_reported_topics(const SiteId& site);

/// Faults: malformed (not a topic of ours; the message names it, shortened).
Result<Topic> parse_topic(std::string_view text);

}  // namespace steward
