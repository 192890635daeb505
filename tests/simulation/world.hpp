#pragma once
#include "contract/nouns/ids.hpp"
#include "contract/wire/seal.hpp"
#include "tests/simulation/ledger.hpp"
#include "tests/simulation/model_broker.hpp"

namespace steward::simulation {

/// Whose keys sign. Real ones in the tests; the bench has a cheaper pair.
struct Keys {
  const Signer& gateway;
  const Signer& cloud;
  const Verifier& cloud_verifier;
};

/// Protections taken out by a wrapper that lies to the product, one at a time: the oracle must notice each.
enum class Lie : std::uint8_t {
  none,
  edge_disk,          // the gateway's disk says "synced" and is not
  ack_before_commit,  // the cloud acknowledges what came, not what is committed
  no_go_back,         // the outbox never gives a block twice
  no_lowering,        // acks that say less than one before are kept from the gateway
  any_signer,         // an ack is believed whoever signed it
  no_dedupe,          // a block that comes twice is booked twice
};

/// What all parts of one simulated life share.
struct World {
  explicit World(std::uint64_t seed, const Keys& keys_, Lie lie_)
      : dice(seed), ledger(dice), broker(time, dice, tally), keys(keys_), lie(lie_) {}

  VirtualTime time;
  fault::Dice dice;
  Tally tally;
  Ledger ledger;
  ModelBroker broker;
  Disks disks;
  const Keys& keys;
  Lie lie;
  SiteId site{"riverside"};
  GatewayId gateway{"gw1"};
  std::string broken;  // a machine that cannot be started any more, and why: the life ends there

  void count(const std::string& what) { ++tally[what]; }
  Milliseconds up_to(Milliseconds most) {
    return Milliseconds(static_cast<std::int64_t>(dice.below(static_cast<std::uint64_t>(most.count()) + 1)));
  }
};

}  // namespace steward::simulation
