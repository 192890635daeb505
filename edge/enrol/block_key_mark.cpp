#include "edge/enrol/block_key_mark.hpp"

#include "contract/text/hex_text.hpp"
#include "contract/text/key_change_text.hpp"

namespace steward {

Result<void> note_block_key(Outbox& outbox, const PublicKey& key, const GatewayId& gateway,
                            const ClockStamp& stamp) {
  const auto known = outbox.mark(block_key_mark);
  if (!known) return known.error();
  const auto text = hex(key);
  if (*known == text) return {};
  std::vector<EdgeEvent> events;
  if (!known->empty()) {
    KeyChange change;
    change.key = key;
    for (const auto stream : all_streams) {
      const auto at = static_cast<std::size_t>(stream);
      change.upto[at] = outbox.marks()[at].last;
    }
    events.push_back(edge_event_of(change, gateway, stamp.wall));
    for (const auto& old : outbox.old_logs()) {
      change.epoch = old.epoch;
      for (const auto stream : all_streams) {
        const auto at = static_cast<std::size_t>(stream);
        change.upto[at] = old.marks[at].last;
      }
      events.push_back(edge_event_of(change, gateway, stamp.wall));
    }
  }
  std::vector<Batch> batches;
  batches.push_back({Stream::events, std::move(events), stamp, {{std::string(block_key_mark), text}}});
  auto kept = outbox.append(batches);
  if (!kept) return std::move(kept.error());
  return {};
}

}  // namespace steward
