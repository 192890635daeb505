#pragma once
#include <vector>

#include "contract/nouns/ids.hpp"
#include "contract/nouns/reading.hpp"
#include "contract/nouns/result.hpp"
#include "drivers/bus/survey.hpp"
#include "drivers/bus/unit_status.hpp"
#include "drivers/decode/register_span.hpp"
#include "kit/loop/awaitable.hpp"

namespace steward {

/// One RS-485 line or one TCP peer: the only place in the edge where a meter
/// read waits, and the only one a register enters by. Everything above it is arithmetic.
///
/// The bus guards attribution: what it gives was read from exactly these registers
/// of this unit, after it was asked for (docs/decisions/0021). A unit must
/// be identified before it can be read, after each fault anew: ask `status`.
class RegisterBus {
 public:
  virtual ~RegisterBus() = default;

  /// Reads `span` from the device at `unit` (1..247). Resumes after at most the
  /// bus's response time-out. On success: span.count words, host byte order.
  /// Faults: retry (silence, peer away, exceptions that pass), unsupported
  /// (exception 0x01 to 0x03: the device will never serve this), malformed (a
  /// reply that does not fit the request, bad CRC: never a value), refused (the
  /// unit is quarantined, or the plan's dictionary does not hold the span), full
  /// (more callers wait than the bus holds).
  /// Every fault but refused and full quarantines the unit.
  /// Thread: loop.
  virtual Awaitable<Result<Words>> read(UnitAddress unit, RegisterSpan span) = 0;

  /// Reads the unit's identity: its probe while quarantined (when `ready_at` has
  /// come), an identity read while clean. Success makes it clean.
  /// Faults: as read; refused also while the line's share for probes is used up.
  /// Thread: loop.
  virtual Awaitable<Result<Identity>> identify(UnitAddress unit) = 0;

  /// Puts one read of a scan on the line, in turn with everybody else; it gives no registers. At
  /// another speed than the line's own every unit is then quarantined, as on a lost path.
  /// Faults: unsupported (no line of bytes behind this bus), retry (path), full. Thread: loop.
  virtual Awaitable<Result<Surveyed>> survey(Survey survey);

  /// Thread: loop.
  virtual UnitStatus status(UnitAddress unit) const = 0;
  /// What was found out since the last call, in order; at most 256 are kept.
  virtual std::vector<BusNotice> take_notices() = 0;
  virtual UnitCounters counters(UnitAddress unit) const = 0;
  /// A technician has looked: the latch of this unit opens, its serial is learned anew. Quarantines.
  virtual void unlatch(UnitAddress unit) = 0;
};

inline Awaitable<Result<Surveyed>> RegisterBus::survey(Survey) {
  co_return Error{Fault::unsupported, "this bus cannot be searched"};
}

}  // namespace steward
