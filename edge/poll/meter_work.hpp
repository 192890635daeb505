#pragma once
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "contract/nouns/events.hpp"
#include "contract/nouns/log.hpp"
#include "contract/text/meter_event_text.hpp"
#include "drivers/bus/unit_status.hpp"
#include "edge/poll/grade.hpp"
#include "edge/poll/life_watch.hpp"
#include "edge/poll/poll_plan.hpp"

namespace steward {

/// Where a round's records go, as they come. Thread: loop.
class RoundSink {
 public:
  virtual ~RoundSink() = default;
  virtual void reading(Stream stream, Reading reading) = 0;
  /// site, gateway, epoch and seq are left open: the outbox knows them.
  virtual void closing(Closing closing) = 0;
  virtual void event(EdgeEvent event) = 0;
  /// A meter's life event found in a reading that was given just before: its round_at is the event's `at`,
  /// so that a sink that knows places can add them as evidence.
  virtual void life(MeterEvent found, MeterNo, ChannelNo) { event(edge_event_of(found)); }
  /// Two devices, or another one, answer at this address: to be remembered over a restart.
  virtual void latched(const BusId& bus, UnitAddress unit) = 0;
};

/// Which of a meter's reads a round wants.
enum class RoundKind : std::uint8_t {
  plain,    // what is billed, or all
  closing,  // the same, and closing records
  live,     // between rounds: all channels, telemetry alone
};

/// What a round is about.
struct RoundFrame {
  Instant at;
  RoundKind kind = RoundKind::plain;
  Milliseconds skew_limit{120'000};
};

/// What is known of one meter from earlier rounds; `life` and `last` of earlier runs too
/// (edge/app/log_memory.hpp).
struct MeterHistory {
  struct Value {
    std::int64_t value = 0;
    Instant taken_at;
    bool good = false;
  };
  std::map<ChannelNo, Value> last;     // values the next are compared with
  std::map<ChannelNo, Value> billed;   // the last good closing of a channel, or good reading
  std::set<RegisterSpan> unsupported;  // the meter says it has no such registers
  bool wrong_serial = false;           // it is not the one the meter list names
  Instant last_good_closing{};
  LifeNotes life;
};

/// How the unit stood when its values came.
struct UnitNow {
  bool latched = false;
  bool foreign = false;
  ClockTrust trust = ClockTrust::unset;
  bool missed = false;  // of a pulse counter
};

/// One meter's share of one round: what is asked, what came, what becomes of it. Pure: the
/// records go to the sink it is given. Thread: any, one at a time.
class MeterWork {
 public:
  /// meter and history must outlive it; `history` is the one given to `give`.
  MeterWork(const MeterPlan& meter, const RoundFrame& frame, const MeterHistory& history);

  /// The reads to be asked, second ones (of another byte count) behind the first.
  std::size_t asks() const { return asks_.size(); }
  RegisterSpan span(std::size_t ask) const { return asks_[ask].span; }

  void heard(std::size_t ask, Words words, Instant taken_at);
  /// The meter says it has no such registers: what came of them earlier is not to be sealed by others.
  void refused(std::size_t ask) { came_[ask].reset(); }
  void identified(bool expected) { strange_ = strange_ || !expected; }
  /// Closing: are the values good enough, or worth asking again? A second read is added when it
  /// is what is missing. sealed: they stand between two identities.
  bool wants_again(bool sealed, const UnitNow& now);
  /// Readings of one ask, at once: plain and live rounds. returns: how many.
  std::uint32_t give(std::size_t ask, const UnitNow& now, MeterHistory& history, RoundSink& sink);
  /// All that came, with its closing records: closing rounds.
  std::uint32_t give_all(bool sealed, const UnitNow& now, MeterHistory& history, RoundSink& sink);

 private:
  struct Ask {
    RegisterSpan span;
    const PlannedRead* read = nullptr;
    bool second = false;
  };
  struct Came {
    Words words;
    Instant taken_at;
  };
  struct Value {
    Decoded judged;
    Instant taken_at;
    Words raw;
  };
  void add_seconds();
  Value value_of(std::size_t ask, const PlannedChannel& planned, const UnitNow& now) const;
  Grade grade_of(const PlannedChannel& planned, const Value& value, bool sealed, const UnitNow& now) const;
  std::optional<SecondRead> second_of(const PlannedChannel& planned, Instant taken_at) const;
  void reading(const PlannedChannel& planned, const Value& value, RoundSink& sink) const;
  void watch(const ProfileChannel& channel, const Value& value, MeterHistory& history, RoundSink& sink) const;
  void closing(const PlannedChannel& planned, const Value& value, const Grade& grade, const UnitNow& now,
               RoundSink& sink) const;

  const MeterPlan& meter_;
  RoundFrame frame_;
  const MeterHistory& before_;  // changed by `give` alone, so that attempts are not compared with one another
  std::vector<Ask> asks_;
  std::vector<std::optional<Came>> came_;
  bool strange_ = false;  // an identity was not the expected one
  bool seconds_ = false;
};

}  // namespace steward
