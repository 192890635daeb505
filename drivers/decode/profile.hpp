#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/nouns/ids.hpp"
#include "contract/nouns/problem.hpp"
#include "contract/nouns/reading.hpp"
#include "drivers/decode/register_span.hpp"

namespace steward {

/// How a channel's registers make one number. docs/formats/profile.md has a ruler for each.
enum class NumberType : std::uint8_t {
  u16,
  i16,
  u32,
  i32,
  u64,
  i64,
  f32,            // IEEE 754 binary32, decoded from its bits
  f64,            // IEEE 754 binary64
  bcd,            // four decimal digits per register
  long_fraction,  // i32, then an f32 fraction of the same unit: value = sum (TUF-2000)
  bit,            // one bit of a register: 0 or 1
  bcd_signed,     // bcd whose highest bit is a minus (DL/T 645-2007, table A.3: current, power, power factor)
};

/// Which of a number's registers, or of a register's two bytes, comes first.
enum class Order : std::uint8_t { high_first, low_first };

/// One count of the register = numerator/denominator of the channel's unit.
struct PerCount {
  std::int64_t numerator = 1;    // 1..1e9
  std::int64_t denominator = 1;  // 1..1e9

  friend bool operator==(const PerCount&, const PerCount&) = default;
};

/// One quantity of a meter: where it lies and what it counts. Everything
/// `decode` needs, so that decoding is a function of this and the words.
struct ProfileChannel {
  ChannelNo no;      // place in the profile, from 0
  std::string name;  // [a-z0-9_]{1,32}; `energy_import` (wh) and `volume` (litre) are billed
  RegisterSpan
      span;  // address as on the wire; count = 1..4; of an item: bytes of this field, unit code included
  std::uint16_t offset = 0;  // of an item: the field's first byte in the item's data
  NumberType as = NumberType::u16;
  Order words = Order::high_first;  // of several registers, or of an item's bytes
  Order bytes = Order::high_first;  // inside each register; Modbus says high first
  std::vector<std::uint8_t>
      unit_codes;  // of an item: the field's last byte is one of these, or there is no value
  ChannelUnit unit = ChannelUnit::none;
  PerCount per_count;
  std::int64_t step = 1;                 // the dial's last digit, in `unit`: what `decode` rounds to
  bool cumulative = false;               // a register that only grows
  std::int64_t modulus = 0;              // in `unit`: the register wraps here; 0 = does not wrap
  std::optional<std::int64_t> min;       // below is out_of_range; in `unit`
  std::optional<std::int64_t> max;       // above is out_of_range; in `unit`
  std::int64_t max_rate = 0;             // most it can honestly rise in an hour, in `unit`; 0 = not known
  std::uint8_t bit = 0;                  // of `as` bit: 0 is the least significant
  std::vector<std::uint64_t> sentinels;  // raw patterns that mean "no value", high word first
  std::string group;                     // channels of one name are read in one request
  std::vector<std::string> times;        // ratio channels (倍率) the cloud multiplies by; never the edge
  std::string source;                    // where this fact was found
  std::string guess;                     // what is not confirmed; empty = nothing

  friend bool operator==(const ProfileChannel&, const ProfileChannel&) = default;
};

/// How registers spell a serial number.
enum class SerialForm : std::uint8_t {
  number,     // unsigned, printed in decimal; 1 to 4 registers
  bcd,        // its decimal digits, leading zeros kept; 1 to 8 registers
  ascii,      // two characters per register
  ascii_low,  // one character per register, in the low byte
};

/// Where a device keeps what names it, and how to spell it (decode/serial.hpp).
struct SerialField {
  RegisterSpan span;  // count = 1..max_serial_words
  SerialForm as = SerialForm::number;
  Order words = Order::high_first;  // of several registers
  Order bytes = Order::high_first;  // inside each register

  friend bool operator==(const SerialField&, const SerialField&) = default;
};

/// The two reads that ask a doubtful unit who it is: of registers one start and two counts, of items two
/// tags.
struct ProbeHints {
  std::array<RegisterSpan, 2> spans{};  // P0, P1: what no data read asks for
  std::optional<SerialField> serial;    // lies whole in both; absent: registers prove no identity, items name
                                        // their meter by the address in each frame
  std::string source;                   // where these facts were found
  std::string guess;                    // what is not confirmed; empty = nothing

  RegisterSpan span(std::size_t which) const { return spans[which]; }

  friend bool operator==(const ProbeHints&, const ProbeHints&) = default;
};

/// What the maker says about the line; a site's config may differ.
struct BusHints {
  std::uint32_t baud = 9600;
  std::string parity = "none";  // none | even | odd
  std::uint8_t stop_bits = 1;
  std::uint32_t timeout_ms = 1000;          // longest wait for a reply's first byte
  std::uint32_t gap_ms = 0;                 // rest the device needs between requests, beside T3.5
  std::uint16_t max_span = max_span_words;  // most registers in one request
  std::vector<RegisterSpan> forbidden;      // never inside a request, not even as padding
  std::uint16_t count_step = 1;      // registers per request are a multiple of this (2: even counts only)
  bool double_fc = false;            // FC 3 and FC 4 read the same registers
  bool alternate = true;             // a block may be read with another count beside its own
  std::uint32_t delay_floor_ms = 0;  // longest a reply can be late at least; 0: the line's own floor
  std::uint16_t pipeline = 1;        // requests a native TCP device takes at once
  std::optional<ProbeHints> probe;   // absent: the planner finds a canary
  std::string source;                // where these facts were found
  std::string guess;                 // what is not confirmed; empty = nothing

  friend bool operator==(const BusHints&, const BusHints&) = default;
};

/// Which model this file is about, where several share most of a map: the registers that
/// tell them apart and the values this one has. A scan asks, nobody guesses.
struct Variant {
  std::string of;                     // what the family is called, "chint-dtsu666"
  RegisterSpan span;                  // count = 1..4
  std::vector<std::uint64_t> values;  // high word first; any of these is this model; empty: not known
  std::string source;
  std::string guess;

  friend bool operator==(const Variant&, const Variant&) = default;
};

/// One byte of a clock register, in wire order.
enum class ClockByte : std::uint8_t { skip, year, month, day, hour, minute, second };

/// The meter's own clock: bytes in the order they come, high byte of each register first.
struct ClockField {
  RegisterSpan span;             // count = 1..8; of an item: bytes of this field
  std::uint16_t offset = 0;      // of an item: the field's first byte in it
  std::vector<ClockByte> bytes;  // 2 x count at most; years are 2000 + the byte
  bool bcd = false;              // each byte is two decimal digits
  std::string source;
  std::string guess;

  friend bool operator==(const ClockField&, const ClockField&) = default;
};

/// What a meter froze at its own day or month ends: `entries` blocks, `stride` apart, each laid
/// out alike, the newest first where they are items. For a back-fill after an outage (edge/backfill).
struct FrozenBlocks {
  struct Part {
    ChannelNo channel;         // whose type and scale the words have
    std::uint16_t offset = 0;  // of its first word in the block; of an item: byte

    friend bool operator==(const Part&, const Part&) = default;
  };
  std::string name;   // "daily", "monthly"
  RegisterSpan span;  // the first block; count = words of one, or bytes of the item
  std::uint16_t stride =
      0;  // registers, at least span.count; of items: what the next identifier is higher by
  std::uint16_t entries = 0;         // 1..1000
  std::vector<ClockByte> bytes;      // from the block's first byte, or of `time`: when it was frozen
  bool bcd = false;                  // each of these is two decimal digits
  std::optional<RegisterSpan> time;  // of items: the first block's own instant, `stride` from one to the next
  /// Of items without: the settlement days (结算日) of each month, one an item; `bytes` are of these, a day
  /// of 1..28 and, where the meter says one, an hour. The n-th block was frozen at the n-th last of them.
  std::vector<RegisterSpan> settles;
  std::vector<Part> parts;

  RegisterSpan entry(std::size_t at) const { return moved(span, at); }
  std::optional<RegisterSpan> entry_time(std::size_t at) const {
    return time ? std::optional(moved(*time, at)) : std::nullopt;
  }
  RegisterSpan moved(RegisterSpan from, std::size_t at) const {
    from.first += static_cast<std::uint32_t>(at) * stride;
    return from;
  }
  std::string source;
  std::string guess;

  friend bool operator==(const FrozenBlocks&, const FrozenBlocks&) = default;
};

/// One data item as this model sends it.
struct ProfileItem {
  RegisterSpan span;  // count: all bytes of its data, over all its frames; CJ/T 188: SER 0
  std::string source;
  std::string guess;

  friend bool operator==(const ProfileItem&, const ProfileItem&) = default;
};

/// What a capture says one channel must decode to.
struct Expectation {
  ChannelNo channel;
  std::int64_t value = 0;
  Quality quality = Quality::good;
  Reason reason = Reason::none;

  friend bool operator==(const Expectation&, const Expectation&) = default;
};

/// Registers seen on a device, or worked out from its maker's table, and what they mean.
struct Capture {
  std::string note;    // where, when, what the dial showed
  bool guess = false;  // worked out, not seen on a device
  RegisterSpan span;
  Words words;  // span.count of them
  std::vector<Expectation> expect;
  std::string serial;  // what the probe's serial field must spell; empty: not in this capture
  std::string clock;   // "2024-05-02 13:05:09", likewise

  friend bool operator==(const Capture&, const Capture&) = default;
};

/// One meter model. A new meter is one file; its captures are its tests.
struct Profile {
  ProfileId id;   // "<name>/<version>"
  Digest hash{};  // SHA-256 of the file, as the caller computed it
  std::string title_en;
  std::string title_zh;
  std::string source;  // the document the map stands on
  Protocol protocol = Protocol::modbus;
  BusHints bus;
  std::vector<ProfileItem> items;  // of an item meter: all that is ever asked for, probes and frozen ones too
  std::optional<Variant> variant;
  std::optional<ClockField> clock;
  std::vector<FrozenBlocks> frozen;
  std::vector<ProfileChannel> channels;  // [i].no == i
  std::vector<Capture> captures;

  /// The channel called `name`, or nullptr.
  const ProfileChannel* channel(std::string_view name) const;
  /// The whole of the item that `field` is in, or nullptr.
  const ProfileItem* item(const RegisterSpan& field) const;
};

/// Limits of one profile file, checked before and while it is read.
inline constexpr std::size_t max_profile_bytes = 64 * 1024;
inline constexpr std::size_t max_profile_channels = 64;  // ChannelNo is 8 bits; a reading round is bounded
inline constexpr std::size_t max_profile_captures = 64;
inline constexpr std::uint16_t max_channel_words = 4;  // u64, LONG + fraction, 16 decimal digits
inline constexpr std::uint16_t max_serial_words = 16;  // 32 characters
inline constexpr std::uint16_t max_clock_words = 8;
inline constexpr std::size_t max_frozen = 4;
inline constexpr std::size_t max_settles = 3;           // DL/T 645-2007, table A.2: 04000B01 to 04000B03
inline constexpr std::uint16_t max_frozen_items = 100;  // DL/T 645-2007 numbers what was frozen with one byte
inline constexpr std::size_t max_profile_items = 48;    // what a unit's dictionary holds, alternates beside
inline constexpr std::uint16_t max_field_bytes = 8;     // of a number in an item, its unit code included

/// Reads one profile (docs/formats/profile.md) from its JSON text.
///
/// file: how the operator named it, for the problems
/// hash: SHA-256 of `text`; taken as given, so that this stays pure
/// returns: the profile, or nothing after adding ALL that is wrong to `problems`
///          (line, what is wrong, what would be right; English and Chinese).
/// A capture that does not decode to what it expects is a problem too.
/// Thread: any.
std::optional<Profile> read_profile(std::string_view file, std::string_view text, const Digest& hash,
                                    Problems& problems);

/// The catalogue's view of a channel.
CatalogueChannel catalogue_channel(const ProfileChannel& channel);

}  // namespace steward
