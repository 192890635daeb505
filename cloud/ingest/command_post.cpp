#include "cloud/ingest/command_post.hpp"

#include "contract/wire/command.hpp"
#include "contract/wire/site_config.hpp"
#include "contract/wire/topics.hpp"
#include "contract/wire/uuid_text.hpp"
#include "kit/crypto/signing_key.hpp"

namespace steward {

std::vector<OutgoingMessage> CommandPost::due() {
  const auto open = store_.open_commands(clock_.now());
  if (!open) {
    log_.warning("commands_unread", {{"why", open.error().message}});
    return {};
  }
  std::vector<OutgoingMessage> messages;
  std::map<Uuid, Ticks> sent;
  const auto now = clock_.ticks();
  for (const auto& row : *open) {
    const auto before = sent_.find(row.id);
    if (before != sent_.end() && now - before->second < again) {
      sent.insert(*before);
      continue;
    }
    sent[row.id] = now;
    messages.push_back({row.site, command_topic(row.site, row.gateway, row.id), row.sealed, false});
  }
  sent_ = std::move(sent);
  const auto desired = store_.newest_desired();
  if (!desired) {
    log_.warning("configs_unread", {{"why", desired.error().message}});
    return messages;
  }
  for (const auto& row : *desired) {
    auto& published = published_[{row.site, row.gateway}];
    if (published == row.version) continue;
    published = row.version;
    messages.push_back({row.site, desired_topic(row.site, row.gateway), row.sealed, true});
  }
  return messages;
}

void CommandPost::take_report(const Arrival& arrival) {
  const auto topic = parse_topic(arrival.topic);
  const std::string text(arrival.payload.begin(), arrival.payload.end());
  const auto report = decode_reported(text);
  if (!topic || !report || report->site != topic->site || report->gateway != topic->gateway) return;
  const auto kept = store_.transact([&]() -> Result<void> {
    const auto known = store_.gateway(topic->site, topic->gateway);
    if (!known) return known.error();
    if (!*known) return Error{Fault::refused, "the gateway is not enrolled"};
    return store_.put_reported({topic->site, topic->gateway, arrival.at, text});
  });
  if (!kept) log_.warning("report_not_kept", {{"topic", arrival.topic}, {"why", kept.error().message}});
}

Result<void> CommandPost::keep(const Arrival& arrival) {
  const auto topic = parse_topic(arrival.topic);
  if (!topic) return topic.error();
  const auto gateway = store_.gateway(topic->site, topic->gateway);
  if (!gateway) return gateway.error();
  if (!*gateway) return Error{Fault::refused, "the gateway is not enrolled"};
  const auto result = decode_command_result(arrival.payload, VerifyingKey((*gateway)->block_key));
  if (!result) return result.error();
  if (result->site != topic->site || result->gateway != topic->gateway || result->id != topic->command)
    return Error{Fault::refused, "the result of another command on this topic"};
  CommandRow answered;
  answered.site = result->site;
  answered.gateway = result->gateway;
  answered.id = result->id;
  answered.outcome = word(result->outcome);
  answered.answered = arrival.at;
  answered.result = arrival.payload;
  return store_.transact([&]() -> Result<void> {
    auto kept = store_.answer_command(answered);
    if (!kept) return std::move(kept.error());
    if (*kept) log_.info("command_answered", {{"id", uuid_text(answered.id)}, {"outcome", answered.outcome}});
    return {};
  });
}

void CommandPost::take(const Arrival& arrival) {
  if (const auto kept = keep(arrival); !kept)
    log_.warning("result_not_kept", {{"topic", arrival.topic}, {"why", kept.error().message}});
}

}  // namespace steward
