#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cloud/metering/estate.hpp"
#include "contract/nouns/events.hpp"
#include "contract/nouns/ids.hpp"

namespace steward {

/// One event of a meter's life as its gateway said it, and what a person said of it since.
struct LifeEvent {
  std::int64_t no = 0;          // its number in the books, for people
  EdgeEvent said;               // kind, meter, instant, text (contract/text/meter_event_text.hpp)
  std::optional<bool> verdict;  // confirmed or rejected; nothing: nobody has decided
};

/// A reading its gateway marked as below the one before. It stands in the readings log, before any closing it
/// could spoil, so it is known even while the event about it is still on its way.
struct RegisterFall {
  MeterId meter;
  std::string channel;
  Instant at;  // round_at
};

/// What becomes of an event.
enum class LifeState : std::uint8_t {
  applied,     // usage is cut there, at its registers
  agrees,      // installs.csv says the same already
  explained,   // a person's event about the same change counts instead; or confirmed with nothing to cut
  rejected,    // a person says that it did not happen
  open,        // nobody has said what it was: no bill across it
  mismatch,    // it and installs.csv say different things: no bill across it
  unassigned,  // of a meter that no point has: nobody's bill
};
std::string_view word(LifeState state);

/// An estate as its meters' lives have made it.
struct Lived {
  Estate estate;  // installs cut at the events; `unexplained` says where no bill may pass
  std::map<std::int64_t, LifeState> states;
};

/// The most of its modulus a rollover may have risen and still count without a person: beyond it, a
/// reset would look the same.
inline constexpr std::int64_t plain_rollover_part = 10;

/// Applies the events of meters' lives to the imported estate (换表、翻转、清零、倍率变更、封存、拆除).
///
/// A cut makes two stays of one, as an exchange in installs.csv does, on the estate's day on which the last
/// register before was read: usage = sum over the stays, each register multiplied and rounded down by itself.
///   exchange      by a person: the old meter up to `old`, the new one from `new`, with the new ratio if
///   there is one rollover      the meter for itself, up to the modulus and from 0; by itself only if the
///   rise is at most
///                 `most`, and that at most a tenth of the modulus; else when confirmed
///   reset, fell   by a person or confirmed: the meter for itself, `old` and `new` as said; what it counted
///   in
///                 between and lost is not guessed
///   ratio_change  by a person, or confirmed with registers: the old multiplier up to `new` (or `old`), from
///   there
///                 the old one times new_ratio over old_ratio
///   serial        confirmed: the same meter with another number; nothing to cut
///   sealed, removed  the stay ends at `old`; a later bill is refused until installs.csv says what hangs
///   there
/// Where installs.csv has a stay of that meter end on the same day, it must say the same registers, meter and
/// multiplier: else mismatch. What is open, unreadable, in mismatch, or a fall no event covers, stands in
/// `unexplained` and stops every bill across it, naming meter, instant and the next step.
///
/// The order of arrival does not matter: events are taken by their own time. Pure. Thread: any.
Lived lived(Estate estate, std::span<const LifeEvent> events, std::span<const RegisterFall> falls);

}  // namespace steward
