#include "cloud/ingest/ingest_worker.hpp"

#include <algorithm>

#include "contract/wire/ack.hpp"
#include "contract/wire/limits.hpp"
#include "contract/wire/state.hpp"
#include "contract/wire/topics.hpp"

namespace steward {

Result<OutgoingAck> draw_up_ack(Store& store, const SiteId& site, const GatewayId& gateway,
                                const Signer& cloud, Instant at, const std::vector<AckedFork>& forks) {
  auto identity = store.identity();
  if (!identity) return std::move(identity.error());
  auto logs = store.logs(site, gateway, wire_limit::acked_logs);
  if (!logs) return std::move(logs.error());
  Ack ack{.store = *identity, .logs = {}, .at = at, .forks = forks};
  for (const auto& [log, mark] : *logs) {
    // The bytes that ended there, as they came: a gateway restored from an old copy has others.
    auto newest = store.block_at(mark, mark.upto);
    if (!newest) return std::move(newest.error());
    ack.logs.push_back({log.epoch, log.stream, mark.upto.value, *newest ? (*newest)->hash : Digest{}});
  }
  auto bytes = encode_ack(ack, cloud);
  if (!bytes) return std::move(bytes.error());
  return OutgoingAck{site, ack_topic(site, gateway), std::move(*bytes)};
}

namespace {

constexpr EventId not_admitted(Fate fate) {
  if (fate == Fate::fork) return "block_fork";
  return fate == Fate::unproven ? EventId("block_unproven") : EventId("block_aside");
}

}  // namespace

void IngestWorker::note_fork(const AdmissionOutcome& outcome) {
  if (outcome.parts == Digest{}) return;
  auto& forks = forks_[{outcome.log.site, outcome.log.gateway}];
  std::erase_if(forks, [&](const AckedFork& fork) {
    return fork.epoch == outcome.log.epoch && fork.stream == outcome.log.stream;
  });
  if (forks.size() >= most_acked_forks) forks.erase(forks.begin());
  forks.push_back({outcome.log.epoch, outcome.log.stream, outcome.first.value, outcome.parts});
}

std::vector<OutgoingAck> IngestWorker::acks_for(const std::set<Who>& gateways) {
  std::vector<OutgoingAck> acks;
  for (const auto& [site, gateway] : gateways) {
    const auto forks = forks_.find({site, gateway});
    auto ack = draw_up_ack(store_, site, gateway, cloud_, clock_.now(),
                           forks == forks_.end() ? std::vector<AckedFork>() : forks->second);
    if (ack) {
      acks.push_back(std::move(*ack));
    } else {
      log_.error("ack_failed", {{"gateway", site.text + "/" + gateway.text}, {"why", ack.error().message}});
    }
  }
  return acks;
}

std::vector<OutgoingAck> IngestWorker::all_acks(std::span<const SiteId> sites) {
  const auto gateways = store_.gateways();
  if (!gateways) {
    log_.error("ack_failed", {{"gateway", "all"}, {"why", gateways.error().message}});
    return {};
  }
  std::set<Who> all;
  for (const auto& row : *gateways) {
    if (sites.empty() || std::ranges::find(sites, row.site) != sites.end())
      all.emplace(row.site, row.gateway);
  }
  return acks_for(all);
}

void IngestWorker::note(const AdmissionOutcome& outcome, std::int64_t& strangers, std::string& stranger_why) {
  ++figures_.blocks[outcome.fate];
  switch (outcome.fate) {
    case Fate::admitted:
      figures_.records += static_cast<std::int64_t>(outcome.last.value - outcome.first.value + 1);
      break;
    case Fate::again:
    case Fate::early: break;
    case Fate::stranger:
      ++strangers;
      stranger_why = outcome.why;
      break;
    case Fate::aside:
    case Fate::unproven:
    case Fate::fork:
      log_.warning(not_admitted(outcome.fate),
                   {{"gateway", outcome.log.site.text + "/" + outcome.log.gateway.text},
                    {"stream", std::string(word(outcome.log.stream))},
                    {"first", static_cast<std::int64_t>(outcome.first.value)},
                    {"last", static_cast<std::int64_t>(outcome.last.value)},
                    {"why", outcome.why}});
      break;
  }
}

/// Keeps the newest state of each gateway; a state is information, so what is
/// not well-formed, or not from an enrolled gateway, is only counted away.
void IngestWorker::keep_states(const std::vector<Arrival>& states) {
  std::map<Who, GatewayStateRow> newest;
  for (const auto& message : states) {
    const std::string text(message.payload.begin(), message.payload.end());
    const auto topic = parse_topic(message.topic);
    const auto state = decode_state(text);
    if (!topic || !state || state->site != topic->site || state->gateway != topic->gateway) continue;
    newest[{state->site, state->gateway}] = {state->site, state->gateway, message.at, text};
  }
  if (newest.empty()) return;
  const auto kept = store_.transact([&]() -> Result<void> {
    for (const auto& [who, row] : newest) {
      auto known = store_.gateway(who.first, who.second);
      if (!known) return std::move(known.error());
      if (!known->has_value()) continue;
      if (auto put = store_.put_state(row); !put) return put;
      ++figures_.states;
    }
    return {};
  });
  if (!kept) log_.error("state_not_kept", {{"why", kept.error().message}});
}

std::vector<OutgoingAck> IngestWorker::work(std::vector<Arrival> batch) {
  std::vector<Arrival> blocks;
  std::vector<Arrival> states;
  for (auto& arrival : batch) {
    const auto topic = parse_topic(arrival.topic);
    if (topic && topic->kind == TopicKind::command_result) {
      commands_.take(arrival);
      continue;
    }
    if (topic && topic->kind == TopicKind::reported) {
      commands_.take_report(arrival);
      continue;
    }
    const bool is_state = topic && topic->kind == TopicKind::state;
    (is_state ? states : blocks).push_back(std::move(arrival));
  }
  keep_states(states);
  if (blocks.empty()) return {};

  ++figures_.batches;
  const auto outcomes = admission_.admit(blocks);
  if (!outcomes) {
    ++figures_.failed_batches;
    log_.error("ingest_failed", {{"blocks", static_cast<std::int64_t>(blocks.size())},
                                 {"fault", std::string(word(outcomes.error().fault))},
                                 {"why", outcomes.error().message}});
    return {};
  }
  std::set<Who> concerned;
  std::int64_t strangers = 0;
  std::string stranger_why;
  for (const auto& outcome : *outcomes) {
    note(outcome, strangers, stranger_why);
    note_fork(outcome);
    if (outcome.fate != Fate::stranger) concerned.emplace(outcome.log.site, outcome.log.gateway);
  }
  if (strangers > 0) {
    log_.warning("stranger", {{"messages", strangers}, {"why", stranger_why}});
    const auto at = clock_.now();
    const auto raised = store_.transact([&] {
      return store_.raise({SiteId{}, "", "stranger", stranger_why, at, at, strangers});
    });
    if (!raised) log_.error("alarm_not_kept", {{"why", raised.error().message}});
  }
  return acks_for(concerned);
}

}  // namespace steward
