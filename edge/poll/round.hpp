#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "contract/nouns/clock.hpp"
#include "drivers/bus/register_bus.hpp"
#include "edge/poll/bus_notes.hpp"
#include "edge/poll/lane.hpp"
#include "edge/poll/meter_work.hpp"
#include "kit/loop/loop.hpp"

namespace steward {

/// A bus and what is asked on it.
struct BusLane {
  RegisterBus* bus = nullptr;
  BusPlan plan;
  bool serial_line = true;  // baud rate, parity, A and B mean something
};

struct RoundRules {
  Milliseconds skew_limit{120'000};  // a reading taken further from its round is suspect
  Milliseconds patience{60'000};     // so long after its start a round waits for a doubtful meter
};

struct RoundReport {
  Instant round_at;
  std::uint32_t readings = 0;
  std::uint32_t silent = 0;  // meters that gave nothing, or not all that was asked
  bool cancelled = false;    // stopped before every meter was asked

  friend bool operator==(const RoundReport&, const RoundReport&) = default;
};

/// How one meter stands, for `status`.
struct MeterReport {
  MeterId meter;
  BusId bus;
  UnitAddress unit;
  bool silent = false;
  UnitStatus status;
  UnitCounters counters;
  Advice advice;
};

/// What one read between the rounds gave, and what else is known of the same kind. It is told to
/// whoever asked and becomes no reading.
struct AskedNow {
  const MeterPlan* meter = nullptr;  // lives as long as the runner
  const ProfileChannel* channel = nullptr;
  Words words;                                                 // the channel's
  Instant taken_at;                                            // when they came
  std::vector<std::pair<std::string, std::int64_t>> channels;  // the meter's others, of the same unit
  std::vector<std::pair<std::string, std::int64_t>> meters;  // the same channel of other meters, as last read
  std::vector<std::int64_t> ratios;                          // PT, CT as the meter has them
};

/// Reads all meters as near to one instant as the buses allow: every bus in
/// parallel, the meters of a bus one after the other, as LaneRound says whose turn it is.
///
/// Silence is an event when it begins ("unit_silent", with the reason and the next step) and when
/// it ends ("unit_answers"), not in each round. A register the meter says it does not have
/// ("register_unsupported") is not asked for again. What the bus found out about a meter becomes an
/// event with the wall time since when its values are in doubt. Each value is stamped
/// when its reply came and judged; of a closing round the values of one meter are given together, when
/// they stand between two identities, or when there is no time left to get them so.
/// Thread: loop. The references must outlive it.
class RoundRunner {
 public:
  /// Waits until the steady clock has reached an instant, or something woke it. Tests have their own.
  using Wait = std::function<Awaitable<void>(Ticks until)>;

  RoundRunner(Loop& loop, const Clock& clock, std::vector<BusLane> lanes, RoundRules rules, RoundSink& sink,
              Wait wait = {});

  /// One round; a closing one also writes closing records. `live` ends at the instant `until` of the
  /// wall clock, so that the next snapshot is not kept waiting.
  /// One at a time. Resumes when every bus is done.
  Awaitable<RoundReport> run(Instant round_at, RoundKind kind, Instant until = Instant::max());
  /// Ends the round under way after the reads in hand.
  void cancel();

  /// Rises with every exchange and every wait of any lane: rounds that move nothing hang.
  std::uint64_t steps() const { return steps_; }
  /// Meters that gave no answer in the last round, in list order.
  std::vector<MeterId> silent_meters() const;
  /// Every meter, in list order.
  std::vector<MeterReport> reports() const;
  /// What earlier runs knew of the meters, by their places in the list; before the first round.
  void remember(std::map<MeterNo, MeterHistory> known);
  /// What is known of a meter's life, by its billed channel; nothing: no such meter, or none
  /// billed.
  struct KnownLife {
    const MeterPlan* plan = nullptr;
    const ProfileChannel* channel = nullptr;
    std::optional<LifeMark> mark;       // the last register that was believed
    std::optional<MeterEvent> finding;  // a change nobody has explained yet
    bool answers = false;               // it gave something in the last round
  };
  std::optional<KnownLife> known_life(const MeterId& meter) const;
  /// A person has said what happened: the finding is over, and the meter's registers are compared from `mark`
  /// on.
  void explained(const MeterId& meter, std::optional<LifeMark> mark);
  /// Reads one channel now, under the guard and in turn: a round in hand goes first.
  /// name: the channel; empty: the billed one. Resumes after at most 90 s.
  /// Faults: refused (no such meter or channel), else as RegisterBus::read.
  Awaitable<Result<AskedNow>> ask_now(MeterId meter, std::string name);
  /// A round (not a live one) is at work on this bus: whatever can wait does.
  bool is_due(const BusId& bus) const;

  /// A technician has looked at it: the latch opens and the serial number is learned anew. False: no such
  /// meter.
  bool unlatch(const MeterId& meter, const std::function<void(const BusId&, UnitAddress)>& forget);

 private:
  struct MeterState {
    bool silent = false;
    bool asked = false;      // its probe or a read went out in this run
    std::string why;         // of the last read that failed
    bool exchanged = false;  // what latched it was another serial number, not two devices
    MeterHistory history;
  };
  struct Lane {
    RegisterBus* bus = nullptr;
    BusPlan plan;
    bool serial_line = true;
    std::vector<MeterState> states;  // by place in the plan
    std::size_t first_silent = 0;
    bool foreign = false;   // a second master was heard
    bool in_round = false;  // not a live one
    std::unique_ptr<Signal> wake;
  };
  struct Round {
    RoundFrame frame;
    Instant until;
    RoundReport report;
    std::size_t running = 0;
  };
  /// One lane in one round.
  struct Course {
    Lane& lane;
    Round& round;
    LaneRound turns;
    std::vector<MeterWork> works;
    std::vector<bool> settled;
  };

  Course course_of(Lane& lane, Round& round) const;
  Awaitable<void> run_lane(Lane& lane, Round& round);
  Awaitable<void> identify(Course& course, std::size_t meter);
  Awaitable<void> read(Course& course, std::size_t meter, std::size_t ask);
  Awaitable<void> wait(Lane& lane, Ticks until);
  Awaitable<Result<Words>> read_between(Lane& lane, UnitAddress unit, RegisterSpan span);
  void note_neighbours(const Lane& lane, std::size_t at, const PlannedRead& read, const Words& words,
                       AskedNow& asked) const;
  void settle(Course& course, std::size_t meter);
  void end(Course& course);
  void hear(Lane& lane);
  void note(Lane& lane, const BusNotice& notice);
  void note_foreign(Lane& lane);
  void serial_changed(Lane& lane, std::size_t at, const std::string& old_serial,
                      const std::string& new_serial, std::optional<Instant> since);
  void check_serial(Course& course, std::size_t meter, const Identity& identity);
  UnitNow now_of(const Lane& lane, std::size_t meter) const;
  Advice advice_of(const Lane& lane, std::size_t meter) const;
  void say(std::string kind, const std::string& subject, std::string detail);
  void note_silence(Lane& lane, std::size_t meter, bool silent);

  Loop& loop_;
  const Clock& clock_;
  RoundRules rules_;
  RoundSink& sink_;
  Wait wait_;
  std::vector<Lane> lanes_;
  WallTimes walls_;
  Signal lane_done_;
  bool cancelled_ = false;
  std::uint64_t steps_ = 0;
};

}  // namespace steward
