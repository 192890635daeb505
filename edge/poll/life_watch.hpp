#pragma once
#include <cstdint>
#include <map>
#include <optional>

#include "contract/nouns/meter_event.hpp"
#include "drivers/decode/profile.hpp"

namespace steward {

/// A register that may be believed, and the round it was read in.
struct LifeMark {
  std::int64_t value = 0;
  Instant round_at;

  friend bool operator==(const LifeMark&, const LifeMark&) = default;
};

/// The most `channel` can honestly rise in that time, in its unit, by the profile's max_rate; at least the
/// dial's last digit. 0: the profile does not know.
std::int64_t most_between(const ProfileChannel& channel, Instant from, Instant to);

/// What the next value of a register says of its meter's life beside counting; nothing: it counted on.
///
///   rollover  it went down, the profile has a modulus, and past it the rise is at most what max_rate allows
///   reset     it went down to no more than it can have counted since, from zero
///   fell      it went down, and neither explains it: another meter, a garbled value, a hand on the dial
///   ratio_change  a channel of PT or CT (倍率) shows another value than before
/// Only cumulative channels and ratios have a life. The edge says what it saw; whether a bill counts it, the
/// cloud judges (cloud/metering/meter_life.hpp). Pure. Thread: any.
std::optional<MeterEvent> life_between(const MeterId& meter, const ProfileChannel& channel,
                                       const LifeMark& before, const LifeMark& now);

/// What the readings of one meter have said of its life so far.
struct LifeNotes {
  std::map<ChannelNo, LifeMark> marks;  // believed registers and ratios
  std::optional<MeterEvent> finding;    // a change nobody has explained yet: where a person's word will cut
};

/// Takes the value of one register in; gives what it says, as an event that may be sent.
///
/// A value of unknown attribution or time says nothing; the next that may be believed is held against
/// the last that could. A change of ratio carries the billed register as last believed. Told the same
/// readings again (after a restart, from the log), `notes` come out the same. Pure. Thread: any.
std::optional<MeterEvent> note_life(LifeNotes& notes, const MeterId& meter, const Profile& profile,
                                    const ProfileChannel& channel, const LifeMark& now, Quality quality,
                                    Reason reason);

/// A person has said what happened at `mark` (nothing: and that the registers begin anew, unknown): the
/// finding is over, and the billed registers are compared from there on. Pure.
void explain_life(LifeNotes& notes, const Profile& profile, std::optional<LifeMark> mark);

}  // namespace steward
