#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "drivers/bus/dictionary.hpp"
#include "drivers/bus/heard.hpp"
#include "drivers/bus/survey.hpp"
#include "drivers/bus/unit_status.hpp"
#include "drivers/guard/delay_book.hpp"
#include "drivers/guard/probe_budget.hpp"
#include "drivers/guard/unit_guard.hpp"

namespace steward {

/// One unit as its plan and its memory describe it.
struct GuardedUnit {
  UnitAddress unit;
  Dictionary dictionary;                                // holds the probes too
  std::array<RegisterSpan, 2> probes;                   // two byte counts of their own, used by no data read
  std::optional<RegisterSpan> serial;                   // inside both; nothing: the probe is only a canary
  std::chrono::nanoseconds delay_floor{3'000'000'000};  // D is never less
  UnitMemory memory;
  std::optional<Words> known_serial;  // nothing: the first one seen is learned
  bool latched = false;
};

/// Of the whole line.
struct LineRules {
  std::chrono::nanoseconds reply_timeout{1'000'000'000};  // the longest; a unit's own is learned
  std::int64_t probe_permille = 40;                       // of line time, for all quarantined units together
  std::uint32_t identity_every = 48;  // so many reads of a clean unit, then its identity: twice in 100
};

/// What goes on the wire for one wish.
struct Sending {
  Asked asked;               // padding and alternation included
  std::uint16_t wanted = 0;  // how many of its words were wished for; an identity: all
  bool identity = false;
  std::chrono::nanoseconds reply_timeout{0};
  std::uint64_t episode = 0;  // of the unit, when it was let out
};

/// The only door through which registers enter the edge.
///
/// Says for each wish what may go on the wire, and judges what came back, so that
/// the words given were read from exactly the registers asked for (any delay, order,
/// number of copies) and after they were asked for (docs/decisions/0021, 0022).
/// Knows tags and no protocol: units of several may share a line.
/// One request of the line is open at a time. Pure: no clock, no device; the
/// same calls give the same verdicts. Thread: one.
class LineGuard {
 public:
  /// Units are distinct (asserted); each begins quarantined.
  LineGuard(std::vector<GuardedUnit> units, const LineRules& rules, Ticks now);
  ~LineGuard();
  LineGuard(LineGuard&&) noexcept;
  LineGuard& operator=(LineGuard&&) = delete;

  /// A data read. Faults: refused (unknown unit, not clean, an identity is due, no
  /// entry of the dictionary, or nothing to alternate with).
  Result<Sending> open(UnitAddress unit, RegisterSpan span, Ticks now);
  /// The unit's identity: its probe, or while clean an identity read.
  /// Faults: refused (unknown unit, too early, no budget).
  Result<Sending> open_identity(UnitAddress unit, Ticks now);

  /// The next frame of an item that `close` gave no words of yet. Faults: as `open`.
  Result<Sending> open_more(const Sending& before, Ticks now);

  /// The verdict on what was heard around `sending`, which ends it. Words: those wished for;
  /// none: the item goes on in another frame, for which `open_more` asks.
  /// A success of a probe leaves the unit `answered`: call `kept` when `to_keep` is on disk.
  Result<Words> close(const Sending& sending, const Heard& heard);
  /// Of the last identity read of this unit.
  Identity identity(UnitAddress unit) const;

  /// The path was lost: every unit is quarantined.
  void path_lost(Ticks at);

  /// A scan has put a read on this line (docs/decisions/0075). For a minute the replies of units
  /// that the plan does not know are no second master's; its requests still are. At another speed
  /// every unit is quarantined from now on, as if somebody else had asked it.
  void surveyed(const Surveyed& surveyed, Ticks at);

  UnitStatus status(UnitAddress unit) const;
  /// Whether `open` would be refused until the identity is read: its turn has come.
  bool identity_due(UnitAddress unit) const;
  /// The same because this read would follow itself and has no second tag: what is asked in
  /// between tells its replies apart.
  bool follows_itself(UnitAddress unit, RegisterSpan span, Ticks now) const;
  /// The first instant at which the line's share for probes allows one.
  Ticks probes_affordable_at(Ticks now) const;
  UnitCounters counters(UnitAddress unit) const;
  /// What must be on disk before `kept` is called.
  UnitRecord record(UnitAddress unit) const;
  void kept(UnitAddress unit);
  /// The disk did not take it: the unit is quarantined and probed again, as no data went out.
  void not_kept(UnitAddress unit);
  void unlatch(UnitAddress unit);
  std::vector<BusNotice> take_notices();

 private:
  struct Unit;
  Unit* find(UnitAddress unit) const;
  void unasked(const HeardFrame& frame, Ticks at);
  void hear_late(Unit& unit, const HeardFrame& frame, Ticks at);
  Result<Words> judge(Unit& unit, const Sending& sending, const Heard& heard);
  Result<Words> refused(Unit& unit, const Sending& sending, const HeardFrame& frame, Ticks at);
  Result<Words> answered(Unit& unit, const Sending& sending, const HeardFrame& frame, const Heard& heard);
  static Result<Words> fail(Unit& unit, Error why);
  void path_failed(Ticks at);
  void check_identity(Unit& unit, const RegisterSpan& span, const Words& words, Ticks at);
  void count_copy(Unit& unit);
  void latch(Unit& unit, BusNotice::Kind kind, std::string detail);
  void note(BusNotice::Kind kind, UnitAddress unit, Ticks since, std::string detail);

  LineRules rules_;
  std::map<UnitAddress, std::unique_ptr<Unit>> units_;
  ProbeBudget budget_;
  std::vector<BusNotice> notices_;
  std::optional<Ticks> foreign_until_;
  Ticks strangers_until_ = Ticks::min();  // replies of unknown units are to a scan of ours
  std::optional<Ticks> last_quiet_;       // nothing foreign was heard until then
  Ticks last_heard_;
  std::uint32_t path_failures_ = 0;  // in a row
  Ticks path_retry_at_;
};

}  // namespace steward
