#pragma once
#include <string>
#include <string_view>

#include "tests/simulation/cloud_node.hpp"
#include "tests/simulation/edge_node.hpp"
#include "tests/simulation/world.hpp"

namespace steward::simulation {

struct LifeSetup {
  std::uint64_t seed = 1;
  int days = 365;
  Lie lie = Lie::none;
  bool restores = true;         // disks are replaced by older copies
  std::string_view first = {};  // an episode that begins on the second day, whatever the seed throws
  bool forgets = false;         // the gateway keeps nothing that is acknowledged: an ack too many is a loss
};

struct LifeReport {
  std::uint64_t seed = 0;
  Ledger::Verdict verdict;
  Tally tally;
  bool drained = false;  // when all was well again, the cloud came to sign for everything

  /// Nothing lost, doubled or attributed wrongly, and nothing left hanging.
  bool is_clean() const { return drained && verdict.is_clean(); }
  /// Seed and first flaw, for a person who wants to run it again.
  std::string words() const;
};

/// One gateway and its cloud for so many days: four meters each hour, closings each day, somebody at the door
/// now and then, and faults of the whole catalogue (faults.hpp) as the seed throws them. In the end all is
/// mended, what is due may drain, and the ledger judges the books.
LifeReport live(const LifeSetup& setup, const Keys& keys);

}  // namespace steward::simulation
