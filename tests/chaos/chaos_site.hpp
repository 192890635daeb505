#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "contract/nouns/clock.hpp"
#include "kit/sqlite/database.hpp"
#include "tests/fault/dice.hpp"
#include "tests/support/chaos_proxy.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace steward {

/// What a broker still knows when it starts.
enum class BrokerMemory : std::uint8_t {
  none,     // as `steward-cloud broker setup` writes it: persistence false
  kept,     // persistence, saved at each change: what the last save had before the kill
  outdated  // persistence, put back to what a much earlier save had
};

/// mosquitto, steward-cloud, steward-sim and steward-edge as processes, each started and killed on its
/// own, with a ChaosProxy between the broker and either side. Time is stepped by the edge
/// (docs/decisions/0002): it reads hour after hour as fast as the machine can.
///
/// The oracle is twofold: every round the edge has said to be committed (its --progress lines, kept
/// over kills) and the simulator's own model of every dial.
class ChaosSite {
 public:
  static constexpr std::uint64_t estate_seed = 11;
  static constexpr int flats = 4;

  explicit ChaosSite(std::uint64_t seed);

  std::string in(const std::string& name) const { return (folder_.path() / name).string(); }
  fault::Dice& dice() { return dice_; }
  std::uint16_t broker_port() const { return port_; }
  ChaosProxy& edge_link() { return *edge_link_; }
  ChaosProxy& cloud_link() { return *cloud_link_; }

  void start_broker(BrokerMemory memory = BrokerMemory::none);
  void start_sim();
  /// sites: as --site; `name`: several may run.
  void start_cloud(const std::vector<std::string>& sites = {}, const std::string& name = "cloud");
  /// Goes on behind the last round known to be committed, one hour left out, so that a round that was
  /// committed and not said is not read twice. rounds: 0 = without end.
  void start_edge(int rounds = 0);

  void kill(const std::string& name);
  int stop(const std::string& name);          // SIGTERM; its exit code
  int wait_for_end(const std::string& name);  // until it ends by itself; its exit code
  pid_t pid(const std::string& name) const { return running_.at(name)->pid(); }

  /// What `name` has said since its last start.
  std::string output(const std::string& name) const;
  /// Rounds this start of the edge has committed.
  std::size_t rounds() const;
  /// Waits until `done` says so; fails the test with everybody's last words if it never does.
  void wait(const std::string& what, const std::function<bool()>& done) const;

  /// Places of all logs in the books, added up.
  std::int64_t booked() const;
  /// Whether the books hold everything the outbox holds.
  bool all_delivered() const;
  std::int64_t ask_books(const std::string& sql) const;
  std::int64_t ask_outbox(const std::string& sql) const;

  /// Ends in order: the edge's last records delivered, everybody stopped. Then the verdict: every round
  /// that was said to be committed is whole in the books, nothing twice, every value what the dial showed,
  /// every log without a gap, and steward-verify agrees.
  void finish_and_judge();

 private:
  void start(const std::string& name, const std::vector<std::string>& command);
  void collect_rounds();
  void judge_logs() const;
  void judge_rounds() const;
  void judge_dials() const;
  void judge_by_verify() const;

  TemporaryFolder folder_;
  fault::Dice dice_;
  std::uint16_t port_;
  std::unique_ptr<ChaosProxy> edge_link_;
  std::unique_ptr<ChaosProxy> cloud_link_;
  std::map<std::string, std::unique_ptr<ChildProcess>> running_;
  std::map<std::int64_t, std::int64_t> committed_;  // round_at, ms -> readings, as the edge said
  Instant next_round_;
};

}  // namespace steward
