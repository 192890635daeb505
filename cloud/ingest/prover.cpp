#include "cloud/ingest/prover.hpp"

#include "contract/wire/block_codec.hpp"
#include "contract/wire/topics.hpp"

namespace steward {
namespace {

// A key asked for so long ago is asked for again; until then a new one costs a second look in Admission.
constexpr Milliseconds key_age{1'000};
// More gateways than any site has; a flood of made-up names must not grow the table.
constexpr std::size_t most_known = 4096;

}  // namespace

const VerifyingKey* Prover::key_of(const Who& who, Instant at) {
  auto known = known_.find(who);
  const bool fresh =
      known != known_.end() && at >= known->second.asked_at && at - known->second.asked_at < key_age;
  if (!fresh) {
    const auto row = keys_.gateway(who.first, who.second);
    if (!row) return nullptr;
    if (known_.size() >= most_known) known_.clear();
    Known now{at, {}};
    if (*row) now.key.emplace((*row)->block_key);
    known = known_.insert_or_assign(who, std::move(now)).first;
  }
  return known->second.key ? &*known->second.key : nullptr;
}

void Prover::prove(Arrival& arrival) {
  const auto topic = parse_topic(arrival.topic);
  if (!topic || topic->kind != TopicKind::up || arrival.payload.size() > max_block_bytes) return;
  const auto* key = key_of({topic->site, topic->gateway}, arrival.at);
  if (key != nullptr) arrival.proof = prove_block(arrival.payload, *key);
}

}  // namespace steward
