#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "tests/fault/tally.hpp"
#include "tests/fault/virtual_line.hpp"

namespace steward::fault {

/// Which units a line has and what is read of each.
enum class Shape : std::uint8_t {
  one_unit_one_block,    // one block, read in two lengths in turn
  one_unit_four_blocks,  // polled flat out: the worst case
  eight_units_one_block,
  eight_units_mixed,  // one block, four blocks, and a block of input registers of a length in use
};

/// What the meters of a line speak.
enum class Tongue : std::uint8_t {
  modbus,
  dlt645,
  cjt188,
  mixed,  // all three on one line, in turn
};

/// A part of the guard that a run goes without, to show that the harness would see it missing.
/// Nothing in the product can be switched off: the harness tells the guard another story, see Lying.
enum class Removed : std::uint8_t {
  nothing,
  dictionary,         // every data read goes out in one byte count; an item's identifier is not looked at
  quarantine,         // D is 0, and no reply seems late
  alternating_probe,  // both probes go out in one byte count
  alternating_count,  // both lengths of a block go out in one, both SER of an item
  identity_between,   // an item that follows itself, and has no SER, is read without an identity before
  kept_bit,           // a restart forgets which probe comes next
  gate,               // whatever is accepted is billed
  retire_rule,        // a plan change gives byte counts to other registers at once
};

/// One kind of trouble.
struct Schedule {
  std::string name;
  Faults faults;
  int restarts = 0;      // per mille of exchanges: the edge is killed and started again
  int plan_changes = 0;  // per mille: the plan becomes another one, and back
  int ad_hoc = 0;        // per mille: somebody reads something else through the same guard
  int hangs = 0;         // per mille: the edge is stopped for up to 20 s, the port's bytes wait
  std::chrono::nanoseconds quarantine{3'000'000'000};
  bool gateway = false;       // the line is behind a TCP gateway with a time-out of its own
  bool time_holds = true;     // replies in order, or at most one each and within the quarantine
  int accepted_at_least = 0;  // percent; 0: not asked
};

/// Everything the guard must stand, by name of trouble.
std::vector<Schedule> schedules();
/// Those without a Modbus TCP gateway.
std::vector<Schedule> serial_schedules();

/// Runs `exchanges` requests of the schedule through the guard. The same arguments give the same tally.
Tally run_guarded(const Schedule& schedule, Shape shape, std::uint64_t seed, std::uint64_t exchanges,
                  Removed removed = Removed::nothing, Tongue tongue = Tongue::modbus);

/// The same line read by libmodbus's own modbus_read_registers, and nothing around it.
/// flush: modbus_flush before each request.
Tally run_bare(const Schedule& schedule, Shape shape, std::uint64_t seed, std::uint64_t exchanges,
               bool flush);

}  // namespace steward::fault
