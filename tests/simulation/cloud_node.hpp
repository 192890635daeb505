#pragma once
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cloud/ingest/ingest_worker.hpp"
#include "cloud/store/sqlite_store.hpp"
#include "tests/simulation/world.hpp"

namespace steward::simulation {

/// The cloud: the real ingest worker, admission and SQLite store on a virtual disk, clock and network. Around
/// them what the ingest service does: a bounded queue, batches, the newest ack of each gateway until it is
/// sent. Thread: one.
class CloudNode {
 public:
  enum class End : std::uint8_t { killed, power_cut };

  explicit CloudNode(World& world);
  ~CloudNode();
  CloudNode(const CloudNode&) = delete;
  CloudNode& operator=(const CloudNode&) = delete;

  void boot();
  bool is_running() const { return store_ != nullptr; }
  void crash(End end);
  fault::DiskFiles backup() const { return world_.disks.copy(Machine::cloud); }
  /// Its disk is replaced by an older copy; booted, it is the same store to all who ask, or after
  /// `renewed`, as the operator's guide has it, another.
  void put_back(fault::DiskFiles files, bool renewed);

  /// How long the books take for what came, at most: a busy machine.
  void set_pace(Milliseconds pace) { pace_ = pace; }
  Store& books() { return *store_; }
  MachineClock& clock() { return clock_; }

 private:
  void close();
  void received(const Message& message);
  void work();
  void fall();
  void lie_about(std::vector<Arrival>& batch);
  void send_acks();

  World& world_;
  MachineClock clock_;
  Log log_;
  std::unique_ptr<SqliteStore> store_;
  std::unique_ptr<IngestWorker> worker_;
  std::deque<Arrival> queue_;
  std::map<std::string, Bytes> acks_;
  Milliseconds pace_{200};
  bool is_due_ = false;
  bool renews_ = false;
  std::shared_ptr<int> life_;
};

}  // namespace steward::simulation
