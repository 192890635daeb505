#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "drivers/bus/unit_status.hpp"

namespace steward {

/// Why a unit fails, as far as the wire tells. Stable words, for programs.
enum class Trouble : std::uint8_t {
  none,
  address_clash,  // two devices at one address
  pulses_missed,  // a pulse counter that may show too little
  exchanged,      // another serial number than before
  second_master,  // somebody else asks on the line
  echo,           // the adapter hears itself
  wiring,         // garbled from all: A and B swapped, or no termination
  line_settings,  // garbled or cut off from all: wrong baud rate or parity
  line_dead,      // nothing from anybody
  unit_silent,    // nothing from this one, others answer
  unit_garbled,   // only this one is garbled: its cable, or two devices at its address
  wrong_unit,     // another unit answers in its place
  too_slow,       // replies come after the time-out
  exception,      // it answers, and refuses
};
std::string_view word(Trouble trouble);

/// What a technician needs: the reason in one clause, and what to do next.
struct Advice {
  Trouble trouble = Trouble::none;
  std::string en;
  std::string zh;

  friend bool operator==(const Advice&, const Advice&) = default;
};

/// What the advice is judged from: counters since the start.
struct UnitTrouble {
  UnitCounters counters;
  bool latched = false;
  bool exchanged = false;  // latched, and only one other serial was ever seen
  bool missed = false;     // pulses were, or may have been
};
/// Of the bus the unit is on.
struct LineTrouble {
  bool serial_line = true;  // baud, parity, A and B mean something
  bool foreign = false;     // a second master was heard not long ago
  std::size_t units = 0;    // on the bus, this one included
  UnitCounters others;      // of all other units, added up
};

/// Adds up what the other units of a bus counted.
UnitCounters added_up(std::span<const UnitCounters> counters);

/// The reason why this unit fails, and the next step; `none` when next to nothing fails (less
/// than one exchange in fifty). The most specific that fits wins: what was proven
/// (clash, exchanged, missed pulses, second master, echo), then what all units of the line share,
/// then what is this unit's alone. Pure. Thread: any.
Advice advise(const UnitTrouble& unit, const LineTrouble& line);

}  // namespace steward
