#pragma once
#include "contract/nouns/clock.hpp"

namespace steward {

/// Rounds stand on nominal instants: whole multiples of `every` from 00:00 UTC.
/// `every` divides a day, so they are the same every day. Pure.

/// The nominal instant at `now`, or the last one before it.
constexpr Instant round_at_or_before(Instant now, Milliseconds every) {
  const auto since = now.time_since_epoch();
  auto over = since % every;
  if (over < Milliseconds{0}) over += every;
  return now - over;
}

/// The nominal instant at `now`, or the first one after it.
constexpr Instant round_at_or_after(Instant now, Milliseconds every) {
  const auto before = round_at_or_before(now, every);
  return before == now ? now : before + every;
}

/// The next round to wait for when `last` was the one before.
///
/// A clock that was set back a little does not repeat a round: it waits. One that
/// was set back by more than a day was wrong before, and begins anew.
constexpr Instant next_round(Instant last, Instant now, Milliseconds every) {
  const auto from_now = round_at_or_after(now, every);
  const bool set_back_far = last - now > std::chrono::hours(24);
  if (set_back_far || from_now > last) return from_now;
  return last + every;
}

/// Does a round at this instant also write closing records?
constexpr bool closes_at(Instant round_at, std::uint32_t closing_minute_utc) {
  const auto day = std::chrono::floor<std::chrono::days>(round_at);
  return round_at - day == std::chrono::minutes(closing_minute_utc);
}

}  // namespace steward
