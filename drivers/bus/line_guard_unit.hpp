#pragma once
// Within the line guard only: what it remembers of one unit.
#include <set>

#include "drivers/bus/line_guard.hpp"

namespace steward {

/// One unit of a line: its guard, how it answers, and which device it says it is.
/// Bounded by its dictionary. Thread: the guard's.
struct LineGuard::Unit {
  Unit(GuardedUnit given, Ticks now)
      : setup(std::move(given)), guard(rules_of(setup), setup.memory, now), checked(now) {}

  static GuardRules rules_of(const GuardedUnit& unit) {
    GuardRules rules;
    rules.probes = {tag_of(unit.probes[0]), tag_of(unit.probes[1])};
    rules.delay_floor = unit.delay_floor;
    return rules;
  }
  RegisterSpan probe_span() const {
    return tag_of(setup.probes[0]) == guard.identity_tag() ? setup.probes[0] : setup.probes[1];
  }

  GuardedUnit setup;
  UnitGuard guard;
  DelayBook delays;
  UnitCounters counters;
  Identity identity;
  Words gathered;                             // of an item in several frames, as far as it came
  Ticks checked;                              // the last identity that was as expected
  std::set<Tag> answered;                     // ever; another reply that nothing waits for is a copy
  std::uint32_t since_identity = 0;           // reads that went out since
  std::uint32_t in_window = 0, copies = 0;    // exchanges of the present twin window, copies in it
  std::uint32_t refusals = 0;                 // exceptions to the probe, in a row
  std::optional<Words> other_serial;          // what answered instead of the known one
  std::optional<BusNotice::Kind> latched_as;  // what was said of it
};

}  // namespace steward
