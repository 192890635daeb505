#include "contract/wire/topics.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "contract/wire/limits.hpp"
#include "contract/wire/uuid_text.hpp"

namespace steward {
namespace {

constexpr std::string_view prefix = "steward/v1/";

std::string topic(const SiteId& site, const GatewayId& gateway, std::string_view tail) {
  assert(is_code(site.text) && is_code(gateway.text));
  std::string out(prefix);
  out.append(site.text).append("/").append(gateway.text).append("/").append(tail);
  return out;
}

/// The part before the next '/', which is taken off `rest`.
std::string_view next_level(std::string_view& rest) {
  const std::size_t slash = rest.find('/');
  const std::string_view level = rest.substr(0, slash);
  rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
  return level;
}

/// "{id}" or "{id}/result".
bool read_command(std::string_view tail, Topic& topic) {
  constexpr std::size_t uuid_chars = 36;
  const auto id = uuid_from(tail.substr(0, uuid_chars));
  if (!id) return false;
  topic.command = *id;
  tail.remove_prefix(uuid_chars);
  topic.kind = tail.empty() ? TopicKind::command : TopicKind::command_result;
  return tail.empty() || tail == "/result";
}

/// What follows the gateway in a topic, and what it means.
bool read_tail(std::string_view tail, Topic& topic) {
  struct Word {
    std::string_view text;
    TopicKind kind;
  };
  constexpr std::array words = {Word{"ack", TopicKind::ack}, Word{"state", TopicKind::state},
                                Word{"desired", TopicKind::desired}, Word{"reported", TopicKind::reported}};
  for (const auto& known : words) {
    if (tail == known.text) return topic.kind = known.kind, true;
  }
  if (tail.starts_with("cmd/")) return read_command(tail.substr(4), topic);
  for (const Stream stream : all_streams) {
    if (tail != "up/" + std::string(word(stream))) continue;
    topic.kind = TopicKind::up;
    topic.stream = stream;
    return true;
  }
  return false;
}

}  // namespace

bool is_code(std::string_view text) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !text.empty() && text.size() <= wire_limit::code_bytes && std::ranges::all_of(text, allowed);
}

std::string up_topic(const SiteId& site, const GatewayId& gateway, Stream stream) {
  return topic(site, gateway, "up/" + std::string(word(stream)));
}
std::string ack_topic(const SiteId& site, const GatewayId& gateway) { return topic(site, gateway, "ack"); }
std::string state_topic(const SiteId& site, const GatewayId& gateway) {
  return topic(site, gateway, "state");
}
std::string desired_topic(const SiteId& site, const GatewayId& gateway) {
  return topic(site, gateway, "desired");
}
std::string reported_topic(const SiteId& site, const GatewayId& gateway) {
  return topic(site, gateway, "reported");
}

std::string site_up_topics(const SiteId& site) {
  assert(is_code(site.text));
  return std::string(prefix) + site.text + "/+/up/+";
}
std::string site_state_topics(const SiteId& site) {
  assert(is_code(site.text));
  return std::string(prefix) + site.text + "/+/state";
}
std::string site_reported_topics(const SiteId& site) {
  assert(is_code(site.text));
  return std::string(prefix) + site.text + "/+/reported";
}
std::string site_command_result_topics(const SiteId& site) {
  assert(is_code(site.text));
  return std::string(prefix) + site.text + "/+/cmd/+/result";
}

std::string command_topic(const SiteId& site, const GatewayId& gateway, const Uuid& id) {
  return topic(site, gateway, "cmd/" + uuid_text(id));
}
std::string command_result_topic(const SiteId& site, const GatewayId& gateway, const Uuid& id) {
  return topic(site, gateway, "cmd/" + uuid_text(id) + "/result");
}
std::string command_topics(const SiteId& site, const GatewayId& gateway) {
  return topic(site, gateway, "cmd/+");
}

Result<Topic> parse_topic(std::string_view text) {
  const std::string quoted = "\"" + std::string(text.substr(0, wire_limit::topic_bytes)) + "\"";
  const Error not_ours{Fault::malformed, "not a topic of ours: " + quoted};
  if (text.size() > wire_limit::topic_bytes || !text.starts_with(prefix)) return not_ours;
  std::string_view rest = text.substr(prefix.size());
  Topic topic;
  topic.site = SiteId(std::string(next_level(rest)));
  topic.gateway = GatewayId(std::string(next_level(rest)));
  if (!is_code(topic.site.text) || !is_code(topic.gateway.text) || !read_tail(rest, topic)) return not_ours;
  return topic;
}

}  // namespace steward
