#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contract/nouns/result.hpp"
#include "drivers/decode/profile.hpp"

namespace steward {

/// What a technician reads off the meter's own display.
struct Display {
  std::int64_t value = 0;  // in the channel's unit
  std::int64_t step = 1;   // what its last digit stands for, in the channel's unit

  friend bool operator==(const Display&, const Display&) = default;
};

/// "1234.56" as a display shows it: kWh for wh, m3 for litre, kvarh for varh, and the unit itself for
/// all others (V for millivolt, A for milliampere, Hz for millihertz: thousandths).
///
///   1234.56, wh -> value 1234560, step 10
/// Faults: malformed (not digits with at most one point, above 12 digits, more than 3 behind the
/// point; an optional minus before it).
Result<Display> read_display(std::string_view text, ChannelUnit unit);

/// What a wrong reading most often comes from. "Wrongly wired and wrongly scaled meters are more
/// common than one might think": this is the moment to find them.
enum class Mistake : std::uint8_t {
  word_order,     // low register first, or the other way round
  byte_order,     // low byte first inside each register
  number_type,    // a float read as a whole number, or BCD, or signed as unsigned
  ratio,          // PT or CT: the display shows the primary side, the register the secondary, or vice versa
  sign,           // the direction: import and export, or a reversed current transformer
  thousand,       // Wh for kWh, litres for cubic metres
  ten,            // a decimal place
  other_channel,  // the display shows another register of this meter
  other_meter,    // the display belongs to another meter of the site
  moved,          // a few last digits ahead: the meter counts on while somebody types
  unknown,
};
std::string_view word(Mistake mistake);

/// A cause that would explain the display exactly.
struct Suspicion {
  Mistake mistake = Mistake::unknown;
  std::string en;  // what is wrong and what to do, one sentence
  std::string zh;

  friend bool operator==(const Suspicion&, const Suspicion&) = default;
};

/// A number something else shows.
struct NamedValue {
  std::string name;  // channel, or meter
  std::int64_t value = 0;
};

/// What else is known at the moment of the comparison.
struct Surroundings {
  std::vector<NamedValue> channels;  // of this meter, in the same unit
  std::vector<NamedValue> meters;    // the same channel of the site's other meters
  std::vector<std::int64_t> ratios;  // PT, CT as the meter has them; 1 is no ratio
  std::int64_t drift = 0;            // most that passed between display and read, in the unit
};

enum class Agreement : std::uint8_t {
  agrees,  // the register is what the display shows, and could not be by another reading of it
  differs,
  inconclusive,  // both are too small to tell a tenth from the whole: let the meter run, or read another
                 // channel
};

struct Comparison {
  Agreement agreement = Agreement::differs;
  std::int64_t read = 0;              // what the registers say under the profile
  std::vector<Suspicion> suspicions;  // most likely first; at most 10, never empty when it differs
};

/// Compares a channel's registers with the display, and on a mismatch names what would explain it.
///
/// Each way to be wrong is tried by undoing it; those that give the display, to its last
/// digit, are the suspicions, the most particular first: an order of words that yields
/// exactly the display is hardly chance, a factor of ten may be. A value below 100 of the
/// display's last digits is inconclusive even where it agrees.
/// words: channel.span.words(), as they came over the wire (asserted). Pure. Thread: any.
Comparison compare_display(const ProfileChannel& channel, std::span<const std::uint16_t> words,
                           const Display& display, const Surroundings& around);

}  // namespace steward
