#pragma once
#include <map>
#include <utility>

#include "cloud/ingest/admission.hpp"

namespace steward {

/// Proves blocks before they are booked, on a thread of its own: `Admission` then finds the work
/// done. What it is not sure of (no block, no such gateway, no key to be had) it leaves alone;
/// Admission judges that as ever. A proof under a key that is not the gateway's any more is not used.
/// Thread: its own (one), with a store of its own for the keys.
class Prover {
 public:
  explicit Prover(Store& keys) : keys_(keys) {}

  /// Adds its proof to a block that came on its own topic.
  void prove(Arrival& arrival);

 private:
  using Who = std::pair<SiteId, GatewayId>;
  const VerifyingKey* key_of(const Who& who, Instant at);

  struct Known {
    Instant asked_at;
    std::optional<VerifyingKey> key;
  };
  Store& keys_;
  std::map<Who, Known> known_;
};

}  // namespace steward
