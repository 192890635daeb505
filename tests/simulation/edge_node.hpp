#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "edge/store/block_builder.hpp"
#include "edge/store/outbox.hpp"
#include "edge/sync/uplink.hpp"
#include "tests/simulation/world.hpp"

namespace steward::simulation {

/// The gateway: the real block builder, outbox and uplink on a virtual disk, clock and network, with four
/// meters and a door. What the daemon does around them is kept as small as it can be. Thread: one.
class EdgeNode {
 public:
  enum class End : std::uint8_t { killed, power_cut };
  /// A disk as it was, and which fact was the next then.
  struct Backup {
    fault::DiskFiles files;
    std::uint64_t next_number = 0;
  };

  /// forgets: what is acknowledged is never given again.
  EdgeNode(World& world, bool forgets);
  ~EdgeNode();
  EdgeNode(const EdgeNode&) = delete;
  EdgeNode& operator=(const EdgeNode&) = delete;

  void boot();
  bool is_running() const { return outbox_ != nullptr; }
  /// Reads every meter for the present hour and commits the round; `closes`: with the day's closings.
  void round(bool closes, bool with_telemetry);
  /// Somebody is at the door.
  void door_event();
  void crash(End end);
  Backup backup() const { return {world_.disks.copy(Machine::edge), world_.ledger.next_number()}; }
  /// Its disk is replaced by an older copy; it has to be booted then.
  void put_back(const Backup& backup);

  std::uint64_t unacked() const { return uplink_ ? uplink_->unacked() : 1; }
  MachineClock& clock() { return clock_; }

 private:
  class Source;
  class Pipe;

  Fact read(Kind kind, std::size_t meter, Instant round_at);
  void commit(std::vector<Batch> batches, const std::vector<std::vector<Fact>>& facts);
  void close();
  void received(const Message& message);
  void reckon();
  std::vector<CatalogueEntry> catalogue();

  World& world_;
  bool forgets_;
  MachineClock clock_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<Source> source_;
  std::unique_ptr<Pipe> pipe_;
  std::unique_ptr<Uplink> uplink_;
  BlockBuilder builder_;
  Uuid boot_{};
  std::array<std::uint16_t, meters> meter_no_{};  // another order at each boot
  std::shared_ptr<int> life_;                     // what was asked for in an earlier life is forgotten
  Ticks wakes_at_ = Ticks::max();
  std::map<Stream, Seq> forgotten_;
  std::map<Stream, std::uint64_t> highest_acked_;  // for a lie
};

}  // namespace steward::simulation
