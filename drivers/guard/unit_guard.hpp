#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "contract/nouns/clock.hpp"

namespace steward {

/// What a reply says of itself beside its unit, under its own checksum: opaque here
/// (drivers/bus/heard.hpp makes them). A dictionary gives each tag of a unit to one
/// register address, so that a reply names its register.
struct Tag {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(Tag, Tag) = default;
};

/// How far a unit may be asked.
enum class Standing : std::uint8_t {
  quarantined,  // nothing may go out before `probe_at`, then its probe
  answered,     // the probe was answered; data waits until the memory is on disk
  clean,        // data may go out
};

/// What the time proof stands on (docs/decisions/0021).
struct GuardRules {
  std::array<Tag, 2> probes;                            // used by no data read of the unit
  std::chrono::nanoseconds delay_floor{3'000'000'000};  // D is never less; the profile's and the path's
  std::chrono::nanoseconds delay_cap{300'000'000'000};  // nor more: beyond it an alarm stands
};

/// What a unit's guard must remember over a restart. Without the bit a reply to a
/// probe from before a crash could answer the one after it.
struct UnitMemory {
  std::uint8_t next_probe = 0;                // which of the two probes the next episode uses
  std::chrono::nanoseconds longest_delay{0};  // ever seen between a request and its reply

  friend bool operator==(const UnitMemory&, const UnitMemory&) = default;
};

/// Decides when a unit may be asked what, so that a value was sampled after it was asked for.
///
///   start, time-out, bad or surplus frame, exception, unasked frame, lost path
///        │
///        ▼            D after the last request          right reply to the probe
///   quarantined ─────────────────────────────► probe ───────────────────────────► answered
///        ▲                                       │ none: the SAME probe again,        │ `kept`: the flipped
///        │                                       ▼ after max(D, 1 s x2 .. 300 s)      ▼ probe bit is on disk
///        └────────────────────────────────────────────────────────── any fault ──── clean
///
/// D = max(floor, 4 x the longest delay ever seen), at most `delay_cap`. Late frames
/// are known by their tag, so D is measured, not guessed.
/// Two requests in a row never carry the same tag.
/// Knows no protocol and no clock: every call says when. Thread: any, one at a time.
class UnitGuard {
 public:
  /// Begins quarantined: what was asked before `now` may still be answered.
  UnitGuard(const GuardRules& rules, const UnitMemory& memory, Ticks now);

  Standing standing() const { return standing_; }
  /// Quarantined: the first instant at which its probe may go out.
  Ticks probe_at() const;
  /// The tag that asks for the identity: the open episode's probe; while clean, the
  /// probe that was answered last, which no fault of this episode can bring back late.
  Tag identity_tag() const;
  /// Whether a request with this tag may go out.
  bool may_send(Tag tag, Ticks now) const;

  /// A request went out; `at`: its last byte. Must have been allowed (asserted).
  void sent(Tag tag, Ticks at);
  /// Its right reply came, whose first byte was at `at`.
  void answered(Tag tag, Ticks at);
  /// It was not answered rightly, or the path broke.
  void failed();
  /// A second master asked this unit: its reply may look like one to us, for as long as D.
  void asked_by_others(Ticks at);
  /// The flipped probe bit is on disk: data may go out.
  void kept();
  /// A frame of this unit came that nothing open asked for. Quarantines.
  /// returns: how late it is, if its request is known.
  std::optional<std::chrono::nanoseconds> unasked(Tag tag, Ticks at);

  std::chrono::nanoseconds quarantine() const;  // D as it stands
  /// Counts faults: values and identities of one episode belong to one proof.
  std::uint64_t episode() const { return episode_; }
  /// Whether an exception that comes now is to the open request. It names no tag: after a probe
  /// that was sent more than once, or at start, it may be to an earlier one, until data is answered.
  bool refusals_are_ours() const { return refusals_are_ours_; }
  /// What must be on disk before `kept` is called.
  UnitMemory to_keep() const;
  /// When the present clean time began: the last answered probe.
  std::optional<Ticks> clean_since() const { return clean_since_; }
  /// Probes sent in this episode without an answer.
  std::uint32_t unanswered_probes() const { return unanswered_probes_; }

 private:
  /// A tag nothing has answered since it was last sent. The last sending is what a late
  /// frame is measured from: a tag is not sent again before its unit answered a probe, so an
  /// older one would be blamed only for replies that were lost.
  struct Waiting {
    Tag tag;
    Ticks sent;
  };
  std::optional<std::chrono::nanoseconds> delay_of(Tag tag, Ticks at);
  void quarantine_now();
  void learn(std::chrono::nanoseconds delay);

  GuardRules rules_;
  UnitMemory memory_;
  Standing standing_ = Standing::quarantined;
  Ticks last_sent_;
  std::optional<Tag> last_tag_;  // of the last request of this clean time
  std::optional<Tag> open_;
  std::vector<Waiting> waiting_;  // at most most_waiting
  std::uint32_t unanswered_probes_ = 0;
  bool refusals_are_ours_ = false;
  std::uint64_t episode_ = 1;
  std::optional<Ticks> clean_since_;
};

}  // namespace steward
