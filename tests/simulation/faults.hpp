#pragma once
#include <deque>
#include <span>
#include <string>
#include <string_view>

#include "tests/simulation/cloud_node.hpp"
#include "tests/simulation/edge_node.hpp"
#include "tests/simulation/world.hpp"

namespace steward::simulation {

/// Throws the faults of the catalogue at a world, one episode after another, each with its own end.
class Faults {
 public:
  /// restores: disks are replaced by older copies, too.
  Faults(World& world, EdgeNode& edge, CloudNode& cloud, bool restores);

  /// One more fault begins, now.
  void strike();
  /// This one, by its name in the catalogue.
  void strike(std::string_view name);
  /// Everything is mended: no fault ends later than this, machines run, lines are good.
  void mend();

  /// The catalogue; each name is in the tally once it struck.
  struct Entry {
    const char* name;
    void (Faults::*begin)();
    int weight;
  };
  static std::span<const Entry> catalogue();

 private:
  struct CloudCopy {
    Milliseconds at{};
    fault::DiskFiles files;
  };
  void begin(const Entry& entry);
  /// Mostly minutes, often hours, seldom weeks.
  Milliseconds some_time();
  void later(Milliseconds delay, VirtualTime::Action action);
  void boot_edge_later(Milliseconds delay);
  void boot_cloud_later(Milliseconds delay);
  Milliseconds clock_error();

  void partition_edge();
  void partition_cloud();
  void half_open_edge();
  void half_open_cloud();
  void slow_lines();
  void reset_lines();
  void hold_confirmations();
  void kill_broker();
  void change_weather();
  void kill_edge();
  void cut_edge();
  void cut_edge_at_a_step();
  void kill_cloud();
  void cut_cloud();
  void cut_cloud_at_a_step();
  void back_up_cloud();
  void restore_cloud();
  void copy_back_cloud();
  void step_edge_clock();
  void step_cloud_clock();
  void busy_cloud();
  void hostile_block();
  void hostile_ack();
  void false_broker();

  World& world_;
  EdgeNode& edge_;
  CloudNode& cloud_;
  bool restores_;
  std::uint64_t mended_ = 0;
  std::deque<CloudCopy> cloud_copies_;
};

}  // namespace steward::simulation
