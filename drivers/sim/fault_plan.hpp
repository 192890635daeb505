#pragma once
#include <functional>
#include <map>
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "drivers/sim/fault_rule.hpp"
#include "drivers/sim/speech.hpp"

namespace steward::sim {

/// Bytes that leave some time after the request's last byte.
struct Departure {
  std::chrono::nanoseconds after{0};
  Bytes bytes;

  friend bool operator==(const Departure&, const Departure&) = default;
};

/// What one request leads to.
struct Verdict {
  std::vector<Departure> departures;  // in the order they were decided; `after` may fall
  bool forgets = false;               // the unit rebooted: what it had still to send is lost
  bool keeps_order = false;           // no reply of this unit may leave before an earlier one
  Milliseconds stall{0};              // the line gives nothing for so long, then all at once

  friend bool operator==(const Verdict&, const Verdict&) = default;
};

/// What the device at `as` would say to the open request: a body (speech.hpp), as
/// `modbus_answer` gives it; nothing: nobody lives there.
using HonestAnswer = std::function<std::optional<Bytes>(UnitAddress as)>;

/// Decides, from a seed, what goes wrong with each reply of one line.
///
/// Pure and deterministic: what happens to the n-th request of a unit depends on
/// seed, rules, unit and n alone (and for `reboot` on the clock that is handed in),
/// so one seed gives the same faults at any speed, in virtual time too. Faults that
/// hit together add up in the order of FaultKind's effects: dead or rebooting,
/// value reset, exception, wrong unit, preamble, garbled, truncated, late, duplicate.
///
///   rules   late 100..100, duplicate 50..50, echo
///   wire    |request| echo |...100 ms...| reply |...50 ms...| reply |
///
/// Thread: any one.
class FaultPlan {
 public:
  /// rules: of this line only.
  FaultPlan(std::uint64_t seed, std::vector<FaultRule> rules);

  /// request: a whole right frame, as it came.
  /// now:     any steady clock, the same for all calls.
  /// A request that is none (too short) leads to nothing.
  Verdict decide(Speech speech, ByteView request, const HonestAnswer& honest, Ticks now);

  /// Requests decided so far.
  std::uint64_t asked() const { return asked_; }

 private:
  struct UnitState {
    std::uint32_t asked = 0;
    std::vector<std::uint32_t> hits;  // by rule
    Ticks back{};                     // rebooting until then
    bool stale = false;               // the next reply is last_body
    Bytes last_body;
    std::vector<RegisterSpan> zeroed;  // at most one per rule
    bool all_zero = false;
  };
  struct Hit;
  std::vector<Hit> hits_of(UnitAddress unit, UnitState& state);
  void answer(Speech speech, ByteView request, Bytes body, const std::vector<Hit>& hits, Verdict& verdict);

  const std::uint64_t seed_;
  const std::vector<FaultRule> rules_;
  std::map<UnitAddress, UnitState> units_;
  std::uint64_t asked_ = 0;
};

}  // namespace steward::sim
