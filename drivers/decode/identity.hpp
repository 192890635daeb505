#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "drivers/decode/profile.hpp"

namespace steward {

/// The serial number as the meter's label shows it.
///
///   ascii      42 33 39 31 20 20    -> "B391" (blanks and NULs around it are dropped)
///   ascii_low  00 42 00 33          -> "B3"
///   number     00 01 86 A0          -> "100000"
///   bcd        01 23 45 67          -> "01234567"
///
/// words: field.span.count registers (asserted). nothing: all 0x0000 or all 0xFFFF (never
/// programmed: it would name many meters), a character that is not printable ASCII, a
/// digit above 9. At most 32 characters. Pure.
std::optional<std::string> serial_text(const SerialField& field, std::span<const std::uint16_t> words);

/// A reading of a meter's own clock, in whatever zone it was set to.
struct DeviceTime {
  int year = 2000;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;

  /// "2024-05-02 13:05:09"
  std::string text() const;
  friend auto operator<=>(const DeviceTime&, const DeviceTime&) = default;
};

/// What the bytes say; nothing: no such instant in the calendar (an empty frozen
/// block is all 0xFF), or a digit above 9. words: field.span.words() of them (asserted). Pure.
std::optional<DeviceTime> device_time(const ClockField& field, std::span<const std::uint16_t> words);

/// Whether these registers say that the meter is the variant this profile is about.
/// words: variant.span.count registers (asserted). Pure.
bool is_variant(const Variant& variant, std::span<const std::uint16_t> words);

}  // namespace steward
