#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <string>

#include "tests/fault/crash_disk.hpp"
#include "tests/fault/dice.hpp"

namespace steward::simulation {

enum class Machine : std::uint8_t { edge = 0, cloud = 1 };

/// The disks of both machines, in memory, under the real SQLite: each in a folder of its own.
///
/// A crash takes three steps: `stop` (nothing reaches the disk any more), then the owner closes its files,
/// then one of `cut`, `go_on` and `put_back`. Thread: one.
class Disks {
 public:
  Disks();

  /// The database's file on that machine.
  static std::string file(Machine machine);

  /// From the n-th step from now on the disk takes nothing.
  void stop(Machine machine, std::uint64_t after_steps = 0) { disk(machine).left = after_steps; }
  bool is_stopped(Machine machine) const { return disks_.at(index(machine)).left == 0; }

  /// The power came back: what was synced is there, of the rest what the dice left.
  void cut(Machine machine, fault::Dice& dice);
  /// Only the program had died: all it wrote is there.
  void go_on(Machine machine) { disk(machine).left = endless; }
  /// A copy of the disk as it is now.
  fault::DiskFiles copy(Machine machine) const;
  /// The disk is replaced by an older copy.
  void put_back(Machine machine, fault::DiskFiles files);

  /// A disk that says "synced" and keeps nothing until it is told: for showing that syncs matter.
  void lie(Machine machine) { disk(machine).lies = true; }

 private:
  static constexpr auto endless = std::numeric_limits<std::uint64_t>::max();
  struct Disk {
    fault::CutDisk kept{{}};
    std::uint64_t left = endless;  // steps until it stops
    std::uint64_t syncs = 0;
    bool lies = false;
  };
  static std::size_t index(Machine machine) { return static_cast<std::size_t>(machine); }
  static std::string folder(Machine machine) { return machine == Machine::edge ? "edge/" : "cloud/"; }
  Disk& disk(Machine machine) { return disks_.at(index(machine)); }
  bool step(const fault::DiskStep& step);

  fault::CrashDisk crash_disk_;
  std::array<Disk, 2> disks_;
};

}  // namespace steward::simulation
