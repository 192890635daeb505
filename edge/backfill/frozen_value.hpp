#pragma once
#include <chrono>
#include <optional>
#include <span>
#include <vector>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/reading.hpp"
#include "drivers/decode/profile.hpp"

namespace steward {

/// A value that the dial showed while we asked: what a frozen one is compared with.
struct LiveValue {
  std::int64_t value = 0;
  Instant taken_at;

  friend bool operator==(const LiveValue&, const LiveValue&) = default;
};

struct FrozenRules {
  std::chrono::minutes utc_offset{480};  // what the meters' clocks show: the estate's own time
  Milliseconds clock_limit{120'000};     // a meter whose clock is further off freezes at another instant
};

/// One block as it was read.
struct FrozenBlock {
  Words words;                // of the read; the block stands at its front
  Words time;                 // of its instant's own item; empty: the instant is in the block
  Instant read_at;            // when the block came
  std::int64_t calendar = 0;  // its instant: the meter's calendar read as if it were UTC, ms
  bool unsure = false;  // the instant is what its settlement day suggests, the meter does not say the hour
};

/// A day of each month at which a meter settles.
struct SettleDay {
  unsigned day = 1;  // 1..28 (DL/T 645-2007, table A.2)
  std::optional<unsigned> hour;

  friend bool operator==(const SettleDay&, const SettleDay&) = default;
};
/// What an item of `settles` says; nothing: not in use (99, 00). Pure.
std::optional<SettleDay> settle_day(const FrozenBlocks& blocks, std::span<const std::uint16_t> words);
/// The last `count` instants at which a meter with these days settled by `calendar`, newest first, all as
/// its calendar read as if it were UTC, in ms. A day without an hour is its midnight. Pure.
std::vector<std::int64_t> settled_at(std::span<const SettleDay> days, std::int64_t calendar,
                                     std::size_t count);

/// What the meter's calendar says, as if it were UTC, in ms; nothing: no such instant.
/// words: field.span.words() of them (asserted). Pure.
std::optional<std::int64_t> calendar_ms(const ClockField& field, std::span<const std::uint16_t> words);

/// The meter never filled it: all FF. Pure.
bool is_empty(const FrozenBlocks& blocks, const FrozenBlock& block);

/// When a block was frozen. nothing: the block is empty (all FF, or an instant there is none of),
/// or the profile does not say when its blocks were frozen. Pure.
std::optional<std::int64_t> frozen_ms(const FrozenBlocks& blocks, const FrozenBlock& block);

/// How far the meter's clock is ahead of ours. Pure.
Milliseconds clock_error(std::int64_t calendar, Instant read_at, const FrozenRules& rules);

/// One channel of one frozen block, and what it is worth.
///
/// The value is what the meter kept, whatever we think of it. Good needs all of: it decodes ·
/// the meter's clock is known and within `clock_limit` · the block was frozen before it was read ·
/// a live value from before its instant and one from after it, and it lies between them (a dial that
/// went round in between: outside the part it cannot have shown) · the meter says its instant to the hour.
/// Else, first that holds: what `decode` says · suspect/clock · suspect/unconfirmed (no live value on
/// one side) · suspect/backwards (not between them) · suspect/time_unsure.
///
/// clock: how far the meter's is ahead; nothing: not known
/// live: of this channel, good ones, in the order they were taken
/// Pure. Thread: any.
FrozenReading frozen_reading(const Profile& profile, MeterNo meter, const FrozenBlocks& blocks,
                             const FrozenBlocks::Part& part, const FrozenBlock& block,
                             std::optional<Milliseconds> clock, std::span<const LiveValue> live,
                             const FrozenRules& rules);

}  // namespace steward
