#pragma once
#include <array>
#include <atomic>
#include <optional>
#include <vector>

#include "contract/nouns/time_record.hpp"
#include "kit/loop/time_source.hpp"

namespace steward {

/// What changed when the clock looked at its tellers.
struct ClockNews {
  std::vector<TimeRecord> records;  // true time is known: to be signed
  Milliseconds step{0};             // now() jumped by so much
  ClockTrust before = ClockTrust::unset;
  ClockTrust after = ClockTrust::unset;
  bool contradicted = false;  // time server and cloud disagree, since this look: neither is believed
};

/// The gateway's wall clock: the steady clock and an offset that changes only when it is told to look.
///
/// So what is stamped between two looks is stamped by one clock, wall and monotonic time of a block
/// belong together, and a step falls between two rounds. It starts at a floor when the machine's own
/// time is below it (no battery clock), and is then `unset`. It is `synced` when the machine's time is
/// disciplined, or when the cloud proved the time: an ack names the moment it was signed, which is
/// after the block it speaks of was committed and before it arrived here, both on the steady clock. Trust is
/// lost when nobody has confirmed the time until drift could have made it `most_unsure` wrong, and
/// while the two tellers contradict each other (decision 0017).
/// Thread: now, ticks and trust any; look and proven the loop's.
class EdgeClock final : public Clock {
 public:
  static constexpr Milliseconds most_unsure{10'000};      // a twelfth of the usual skew limit
  static constexpr Milliseconds most_round_trip{10'000};  // a proof that took longer proves too little
  static constexpr Milliseconds jitter{50};               // differences below are not taken over
  static constexpr Milliseconds record_every{86'400'000};

  /// boot: of the records. floor: no time before it can be true: the build's, or the last instant on disk.
  EdgeClock(const TimeSource& source, const Uuid& boot, Instant floor);

  Instant now() const override;
  Ticks ticks() const override { return source_.ticks(); }
  ClockTrust trust() const override { return trust_; }

  /// Asks the tellers and follows them. To be called while no block is open.
  ClockNews look();
  /// The cloud signed `at` at some moment between two of the steady clock's. Heard by the next look.
  void proven(Ticks from, Ticks to, Instant at);

 private:
  using Told = std::array<std::optional<TimeRecord>, 2>;  // by TimeTeller

  void hear(TimeRecord told);
  bool tellers_agree(std::int64_t monotonic_ms) const;
  void follow(const MachineTime& machine);
  void sign_news(ClockNews& news);

  const TimeSource& source_;
  Uuid boot_;
  Instant floor_;
  std::atomic<std::int64_t> offset_ms_{0};  // now() less milliseconds since boot
  std::atomic<ClockTrust> trust_{ClockTrust::unset};
  std::optional<TimeRecord> proof_;  // the cloud's, not yet heard
  Told told_;                        // the latest of each
  Told signed_;                      // as last given out
  bool contradicted_ = false;
};

/// How wrong a record can be at another moment of its boot: its own uncertainty, and the quartz's.
std::int64_t unsure_at(const TimeRecord& record, std::int64_t monotonic_ms);

}  // namespace steward
