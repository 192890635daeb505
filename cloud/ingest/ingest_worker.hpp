#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cloud/ingest/admission.hpp"
#include "cloud/store/store.hpp"
#include "contract/nouns/clock.hpp"
#include "contract/wire/seal.hpp"
#include "kit/log/log.hpp"

namespace steward {

/// A signed ack on its way to one gateway: published retained, so that a
/// gateway that connects later learns it at once; a newer one replaces it.
struct OutgoingAck {
  SiteId site;
  std::string topic;
  Bytes payload;
};

/// What has passed since the program started.
struct IngestFigures {
  std::map<Fate, std::int64_t> blocks;
  std::int64_t records = 0;  // places admitted, holes included
  std::int64_t states = 0;
  std::int64_t batches = 0;
  std::int64_t failed_batches = 0;
};

/// What one gateway's ack says now: how far each of its logs is in the books.
/// Faults: those of Store; malformed (cannot be: ours to mend).
Result<OutgoingAck> draw_up_ack(Store& store, const SiteId& site, const GatewayId& gateway,
                                const Signer& cloud, Instant at);

/// Takes messages off the queue into the books: the part of ingest that has no
/// socket. Acks are drawn up after the commit and from what is committed, so
/// nothing is ever acknowledged that a power cut could take back.
/// Thread: store (one).
class IngestWorker {
 public:
  IngestWorker(Store& store, const Signer& cloud, const Clock& clock, const Log& log)
      : store_(store), admission_(store), cloud_(cloud), clock_(clock), log_(log) {}

  /// Books one batch (1..Admission::max_batch messages, blocks and states
  /// mixed) and gives the acks that are now due, one per gateway concerned.
  /// When the books cannot be written, nothing is acknowledged: the gateways
  /// keep their records and send again.
  std::vector<OutgoingAck> work(std::vector<Arrival> batch);
  /// The ack of every enrolled gateway of `sites` (empty: of all sites): said once at
  /// start, since this may be another database than the one they knew.
  std::vector<OutgoingAck> all_acks(std::span<const SiteId> sites = {});

  const IngestFigures& figures() const { return figures_; }

 private:
  using Who = std::pair<SiteId, GatewayId>;
  void note(const AdmissionOutcome& outcome, std::int64_t& strangers, std::string& stranger_why);
  void keep_states(const std::vector<Arrival>& states);
  std::vector<OutgoingAck> acks_for(const std::set<Who>& gateways);

  Store& store_;
  Admission admission_;
  const Signer& cloud_;
  const Clock& clock_;
  const Log& log_;
  IngestFigures figures_;
};

}  // namespace steward
