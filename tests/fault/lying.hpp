#pragma once
#include <map>

#include "drivers/bus/line_hearing.hpp"
#include "drivers/line/exchange.hpp"
#include "tests/fault/schedule.hpp"

namespace steward::fault {

/// Hears for the guard, and where a part of it is to be missing tells it another story:
///
///   guard:  read 0x0008, 9 registers                      9 registers came
///   wire:   read 0x0008, 8 registers (as every block)     8 came: as if they said 9
///
/// so that a reply no longer names its register (dictionary), the repeated request is
/// the same on the wire (alternating count, alternating probe), or nothing ever seems late
/// (quarantine). The guard itself is whole; NOT part of the product.
class Lying {
 public:
  explicit Lying(Removed removed) : removed_(removed) {}

  /// probing: the unit is quarantined.
  Heard hear(LineExchange& line, const LineCodec& codec, const Sending& sending, bool probing);
  /// What really was asked for. Of accepted registers, as many came over the wire.
  RegisterSpan asked_on_wire(const Sending& sending) const { return on_wire(sending).asked.span; }
  /// Whether the last thing heard never was on the line.
  bool made_up() const { return made_up_; }

 private:
  Sending on_wire(const Sending& sending) const;
  void rename(HeardFrame& frame, const Sending& open) const;

  Removed removed_;
  Sending item_on_wire(Sending wire) const;
  void rename_item(HeardFrame& frame, const Sending& open) const;

  std::map<std::pair<UnitAddress, std::size_t>, RegisterSpan> last_asked_;   // by its byte count on the wire
  std::map<std::pair<UnitAddress, std::uint32_t>, RegisterSpan> last_item_;  // by its identifier on the wire
  std::map<UnitAddress, Ticks> last_sent_;
  bool made_up_ = false;
};

}  // namespace steward::fault
