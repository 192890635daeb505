#pragma once
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/ids.hpp"

namespace steward {

/// What a stored value is worth. Only `good` is billed; the rest is evidence.
enum class Quality : std::uint8_t { good = 0, suspect = 1, estimated = 2, stale = 3, invalid = 4 };

/// Why a value is not `good`, or `none`. Numbers are on the wire: never reuse one.
enum class Reason : std::uint8_t {
  none = 0,
  skew = 1,          // taken too far from the round's nominal instant
  backwards = 2,     // a cumulative register went down
  out_of_range = 3,  // outside the profile's plausible range
  sentinel = 4,      // the device's own "no value" pattern
  clock = 5,         // the gateway did not know the time
  time_unsure = 6,   // the sampling time cannot be proven
  spike = 7,         // rose faster than the installation can draw
  identity = 8,      // the serial number was not the expected one
  weak = 9,          // its registers have no byte count of their own: a late reply could look the same
  foreign = 10,      // a second master asks on the line
  unconfirmed = 11,  // nothing to compare with, and no second read that agrees
  unit = 12,         // the meter itself says that it counts in another unit than its profile
  missed = 13,       // pulses were not counted, or may not have been: it may show too little
};

constexpr std::string_view word(Quality quality) {
  constexpr std::string_view words[] = {"good", "suspect", "estimated", "stale", "invalid"};
  const auto at = static_cast<std::size_t>(quality);
  return at < std::size(words) ? words[at] : "invalid";
}
constexpr std::string_view word(Reason reason) {
  constexpr std::string_view words[] = {"none",    "skew",        "backwards", "out_of_range", "sentinel",
                                        "clock",   "time_unsure", "spike",     "identity",     "weak",
                                        "foreign", "unconfirmed", "unit",      "missed"};
  const auto at = static_cast<std::size_t>(reason);
  return at < std::size(words) ? words[at] : "unknown";
}

/// The unit a channel's integer counts. Numbers are on the wire.
enum class ChannelUnit : std::uint8_t {
  none = 0,
  wh = 1,
  litre = 2,
  millivolt = 3,
  milliampere = 4,
  watt = 5,
  millihertz = 6,
  varh = 7,
  litre_per_hour = 8,
  permille = 9,  // power factor
  ratio = 10,    // PT or CT as set in the meter (倍率)
};

/// 16-bit registers in the order they came over the wire.
using Words = std::vector<std::uint16_t>;

/// One value of one channel: what the dial showed, when, and the registers it came from.
/// `value` is before PT and CT (倍率): the cloud multiplies.
struct Reading {
  Instant round_at;  // nominal instant of the snapshot round
  Instant taken_at;  // when the reply to this register's request arrived
  MeterNo meter_no;  // in the log's catalogue
  ChannelNo channel_no;
  std::int64_t value = 0;  // in the channel's unit
  Quality quality = Quality::good;
  Reason reason = Reason::none;
  Words raw;  // at most 8 words

  friend bool operator==(const Reading&, const Reading&) = default;
};

/// What made a meter keep a register. Numbers are on the wire: never reuse one.
enum class Freeze : std::uint8_t {
  other = 0,  // by command, or not said
  day = 1,    // DL/T 645-2007 daily freeze
  month = 2,  // the meter's own settlement day, CJ/T 188 history
  hour = 3,   // on the hour
};
constexpr std::string_view word(Freeze freeze) {
  constexpr std::string_view words[] = {"other", "day", "month", "hour"};
  const auto at = static_cast<std::size_t>(freeze);
  return at < std::size(words) ? words[at] : "unknown";
}

/// A register as the meter itself kept it at an instant of its own calendar, read later (back-fill).
///
/// A type, a record kind and a table of its own: nothing that takes a Reading takes this, because no
/// clock of ours saw the instant. No bill stands on one by itself.
struct FrozenReading {
  Instant read_at;                // gateway's clock, when the reply came
  std::int64_t frozen_at_ms = 0;  // the meter's calendar and clock read as if they were UTC, ms
  Freeze freeze = Freeze::other;
  MeterNo meter_no;  // in the log's catalogue
  ChannelNo channel_no;
  std::int64_t value = 0;  // in the channel's unit
  Quality quality = Quality::good;
  Reason reason = Reason::none;
  Words raw;  // at most 8 words

  friend bool operator==(const FrozenReading&, const FrozenReading&) = default;
};

/// One channel of a catalogued meter.
struct CatalogueChannel {
  ChannelNo channel_no;
  std::string name;  // "energy_import", as in the profile
  ChannelUnit unit = ChannelUnit::none;
  bool cumulative = false;
  std::uint8_t words = 0;    // how many raw words a reading of it carries
  std::int64_t modulus = 0;  // the register wraps here; 0 = does not wrap

  friend bool operator==(const CatalogueChannel&, const CatalogueChannel&) = default;
};

/// Says what a meter_no means from this record's place in the log on, until the
/// next entry with the same number. Written for every meter at start and at each
/// change, so a log explains itself.
struct CatalogueEntry {
  MeterNo meter_no;
  MeterId meter;
  ProfileId profile;
  Digest profile_hash{};  // SHA-256 of the profile file
  std::vector<CatalogueChannel> channels;

  friend bool operator==(const CatalogueEntry&, const CatalogueEntry&) = default;
};

/// The register at a billing boundary, complete in itself: it names meter,
/// channel and log in words, so a proof built on it shows no neighbour's readings.
struct Closing {
  SiteId site;
  GatewayId gateway;
  Uuid epoch{};
  Seq seq;  // its own place in the readings log
  MeterId meter;
  ProfileId profile;
  Digest profile_hash{};
  std::string channel;
  ChannelUnit unit = ChannelUnit::none;
  Instant round_at;
  Instant taken_at;
  std::int64_t value = 0;
  std::int64_t modulus = 0;
  Quality quality = Quality::good;
  Reason reason = Reason::none;
  Words raw;
  ClockTrust trust = ClockTrust::unset;

  friend bool operator==(const Closing&, const Closing&) = default;
};

}  // namespace steward
