#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cloud/ingest/admission.hpp"
#include "cloud/ingest/command_post.hpp"
#include "cloud/store/store.hpp"
#include "contract/nouns/clock.hpp"
#include "contract/wire/ack.hpp"
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

/// What one gateway's ack says now: how far each of its logs is in the books, and where another history of
/// one was seen to part. forks: at most 8.
/// Faults: those of Store; malformed (cannot be: ours to mend).
Result<OutgoingAck> draw_up_ack(Store& store, const SiteId& site, const GatewayId& gateway,
                                const Signer& cloud, Instant at, const std::vector<AckedFork>& forks = {});

/// Takes messages off the queue into the books: the part of ingest that has no
/// socket. Acks are drawn up after the commit and from what is committed, so
/// nothing is ever acknowledged that a power cut could take back.
/// Thread: store (one).
class IngestWorker {
 public:
  IngestWorker(Store& store, const Signer& cloud, const Clock& clock, const Log& log)
      : store_(store),
        admission_(store),
        commands_(store, clock, log),
        cloud_(cloud),
        clock_(clock),
        log_(log) {}

  /// Books one batch (1..Admission::max_batch messages, blocks, states and results
  /// of commands mixed) and gives the acks that are now due, one per gateway concerned.
  /// When the books cannot be written, nothing is acknowledged: the gateways
  /// keep their records and send again.
  std::vector<OutgoingAck> work(std::vector<Arrival> batch);
  /// The ack of every enrolled gateway of `sites` (empty: of all sites): said once at
  /// start, since this may be another database than the one they knew.
  std::vector<OutgoingAck> all_acks(std::span<const SiteId> sites = {});

  /// What operators ask of gateways, as far as it is due.
  std::vector<OutgoingMessage> messages_due() { return commands_.due(); }
  /// A new connection: what is retained is published again.
  void publish_again() { commands_.publish_again(); }

  const IngestFigures& figures() const { return figures_; }

 private:
  using Who = std::pair<SiteId, GatewayId>;
  void note(const AdmissionOutcome& outcome, std::int64_t& strangers, std::string& stranger_why);
  void keep_states(const std::vector<Arrival>& states);
  std::vector<OutgoingAck> acks_for(const std::set<Who>& gateways);
  void note_fork(const AdmissionOutcome& outcome);

  Store& store_;
  Admission admission_;
  CommandPost commands_;
  const Signer& cloud_;
  const Clock& clock_;
  const Log& log_;
  IngestFigures figures_;
  /// The newest of each log, said in every ack. Lost with the program: a gateway that does not know sends on.
  std::map<Who, std::vector<AckedFork>> forks_;
};

}  // namespace steward
