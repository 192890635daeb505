#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "drivers/bus/unit_status.hpp"

namespace steward {

/// What a round wants of one unit of a lane.
struct LaneWish {
  std::size_t reads = 0;
  bool sealed = false;      // identity, reads, identity, all without a fault between
  bool was_silent = false;  // gave nothing in the last round: one probe, when the others are done
};

/// How long a round may ask.
struct LaneLimits {
  std::chrono::nanoseconds patience{60'000'000'000};  // from its start: so long a doubtful unit is waited for
  unsigned probes = 2;  // unanswered identity reads of one unit in one round, then it is given up
  unsigned faults = 6;  // failed reads of one unit in one round, then it is given up
};

/// What to do next on a lane.
struct LaneStep {
  enum class Kind : std::uint8_t { identify, read, wait, done };
  Kind kind = Kind::done;
  std::size_t unit = 0;  // place in the list
  std::size_t read = 0;  // read: which
  Ticks until;           // wait: nothing can be asked before

  friend bool operator==(const LaneStep&, const LaneStep&) = default;
};

/// How an identity read or a data read ended.
enum class LaneOutcome : std::uint8_t {
  answered,
  unsupported,  // the device will never serve this read
  failed,       // no value
  refused,      // the bus did not let it out: nothing was on the wire
};

/// One round of one bus: whose turn it is.
///
/// The units are asked in list order, each to its end. A quarantined unit is passed over and
/// comes back when its probe may go out, so nobody waits for it; only when nothing else
/// is left to ask does the lane wait, and not beyond `patience`. Units that gave nothing
/// in the last round are asked last, with one probe each and in turn from round to
/// round, so that what the line spares for probes serves those that live first.
/// Pure: every call says when. Thread: any, one at a time.
class LaneRound {
 public:
  /// first_silent: whose turn it is among the silent ones; any number.
  LaneRound(std::vector<LaneWish> wishes, const LaneLimits& limits, Ticks start,
            std::size_t first_silent = 0);

  /// status: of the unit at a place in the list, as the bus has it now.
  LaneStep next(Ticks now, const std::function<UnitStatus(std::size_t)>& status);

  /// An identity read ended. episode: the unit's, after it.
  void identified(std::size_t unit, LaneOutcome outcome, std::uint64_t episode, Ticks now);
  /// A data read ended.
  void was_read(std::size_t unit, std::size_t read, LaneOutcome outcome, std::uint64_t episode);
  /// What a finished unit gave is not good enough: ask all of it again, `reads` of them. False
  /// when this round has no time for that; the unit then stays finished.
  bool again(std::size_t unit, std::size_t reads, Ticks now);

  /// All that was wished for was read; sealed: between two identities of one episode.
  bool finished(std::size_t unit) const { return units_[unit].phase == Phase::finished; }
  bool given_up(std::size_t unit) const { return units_[unit].phase == Phase::given_up; }
  /// An identity read of it went out in this round.
  bool was_asked(std::size_t unit) const { return units_[unit].asked; }
  /// Where the next round begins among the silent ones.
  std::size_t next_silent() const { return next_silent_; }

 private:
  enum class Phase : std::uint8_t { open, finished, given_up };
  struct Unit {
    LaneWish wish;
    Phase phase = Phase::open;
    bool silent = false;          // of the last round, and not yet back
    bool identity_first = false;  // the bus wants its identity before the next read
    bool spacer = false;          // one read, only so that an identity read may follow
    bool was_clean = false;       // when it was last looked at
    bool opened = false;          // sealed: the first identity was read
    std::uint64_t episode = 0;    // in which it was
    std::size_t at = 0;           // next read
    unsigned probes = 0;          // unanswered
    unsigned faults = 0;
    unsigned repeats = 0;  // by `again`
    bool asked = false;    // an identity read went out
    Ticks hold;            // the line's share for probes was used up until about then
    std::vector<bool> unsupported;
  };
  LaneStep step_of(std::size_t place, const UnitStatus& status, Ticks now, Ticks& earliest);
  LaneStep clean_step(std::size_t place);
  LaneStep silent_step(Ticks now, const std::function<UnitStatus(std::size_t)>& status);
  void fault(Unit& unit);
  void restart(Unit& unit);
  void skip_unsupported(Unit& unit);

  std::vector<Unit> units_;
  LaneLimits limits_;
  Ticks give_up_at_;
  std::size_t current_ = 0;          // the unit in hand
  std::vector<std::size_t> silent_;  // in the order they are asked
  std::size_t silent_at_ = 0;
  std::size_t next_silent_ = 0;
  bool probes_used_up_ = false;  // the line's share, as far as the silent ones are concerned
};

}  // namespace steward
