#pragma once
#include <array>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/ids.hpp"

namespace steward {

/// What happened to a meter in its life, beside counting. The word is the event's kind on the wire.
enum class MeterEventKind : std::uint8_t {
  exchange,        // another meter hangs at its place: both registers in one event
  rollover,        // the dial went past its end, and could honestly have done so
  reset,           // the register began anew near zero
  fell,            // the register went down, and neither of the two explains it
  ratio_change,    // PT or CT (倍率) is set to another value
  serial_changed,  // it answers with another serial number, and nobody had said so
  sealed,          // stays, but out of service (封存)
  removed,         // taken down
};
inline constexpr std::size_t meter_event_kinds = 8;

/// "meter_exchange", ...: an EdgeEvent's kind.
constexpr std::string_view word(MeterEventKind kind) {
  constexpr std::string_view words[] = {"meter_exchange", "meter_rollover",     "meter_reset",
                                        "meter_fell",     "meter_ratio_change", "meter_serial_changed",
                                        "meter_sealed",   "meter_removed"};
  static_assert(std::size(words) == meter_event_kinds);
  return words[static_cast<std::size_t>(kind)];
}
constexpr std::optional<MeterEventKind> meter_event_kind(std::string_view text) {
  for (std::size_t at = 0; at < meter_event_kinds; ++at) {
    const auto kind = static_cast<MeterEventKind>(at);
    if (word(kind) == text) return kind;
  }
  return std::nullopt;
}

/// A multiplier as a fraction, each part 1 to 100000.
struct Ratio {
  std::int64_t n = 1;
  std::int64_t d = 1;

  friend bool operator==(const Ratio&, const Ratio&) = default;
};

/// One event of a meter's life: what a bill must know to cross it. Registers are the dial's,
/// in the channel's unit (Wh or litre), before any multiplier.
///
/// `by` says whose word it is: a person's, given at the meter, or (empty) the gateway's own finding, for
/// which only its two readings stand: the last before (`since`, old_register) and the first after
/// (`at`, new_register). Which fields a kind has: contract/text/meter_event_text.hpp.
struct MeterEvent {
  MeterEventKind kind = MeterEventKind::exchange;
  MeterId meter;        // the old one, in an exchange
  std::string channel;  // of the registers: "energy_import"; empty where there are none
  Instant at;           // when it happened; found by the gateway: round_at of the first reading after
  std::optional<Instant> since;  // the change lies in (since, at]: round_at of the last reading before
  std::optional<std::int64_t> old_register;
  std::optional<std::int64_t> new_register;
  std::int64_t modulus = 0;  // rollover: the register wraps here
  std::int64_t most = 0;     // rollover: the most it can have risen from `since` to `at`, by its max_rate
  MeterId new_meter;         // exchange: the serial plate of the new one
  std::string old_serial;    // as reported over the bus; empty: not known
  std::string new_serial;
  std::optional<Ratio> old_ratio;
  std::optional<Ratio> new_ratio;
  std::string by;             // who says so; empty: the gateway itself
  std::string why;            // one clause
  std::vector<Seq> evidence;  // places of the readings in the same epoch's readings log, before first

  friend bool operator==(const MeterEvent&, const MeterEvent&) = default;
};

/// Bounds of an event's texts in bytes, so that each kind fits an EdgeEvent's detail (512 bytes).
namespace meter_event_limit {
inline constexpr std::size_t serial = 32;
inline constexpr std::size_t by = 32;
inline constexpr std::size_t why = 72;
inline constexpr std::size_t evidence = 2;
inline constexpr std::int64_t ratio = 100'000;
}  // namespace meter_event_limit

}  // namespace steward
