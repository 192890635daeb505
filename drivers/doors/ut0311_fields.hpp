#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "drivers/doors/door_records.hpp"

namespace steward::ut0311 {

/// Every packet of this protocol, both ways: 64 bytes, unused ones 0. (Boards do
/// leave bytes of their own beyond the fields known here, so a reader must not
/// insist on the zeros.)
inline constexpr std::size_t packet_bytes = 64;
using Packet = std::array<std::uint8_t, packet_bytes>;

/// Takes fields out of a packet. The first field that cannot be true is
/// remembered and all later ones still give a harmless value, so a decoder reads
/// all its fields and asks once. Integers are little-endian; dates and times are
/// BCD digits in reading order. Source: uhppoted-codegen model, restated in
/// docs/formats/doors.md. Thread: any; holds a reference to the packet.
class FieldReader {
 public:
  explicit FieldReader(const Packet& packet) : packet_(packet) {}

  std::uint8_t u8(std::size_t at) const { return packet_[at]; }
  std::uint16_t u16(std::size_t at) const;
  std::uint32_t u24(std::size_t at) const;
  std::uint32_t u32(std::size_t at) const;
  std::array<std::uint8_t, 4> ipv4(std::size_t at) const;
  /// 0 or 1; any other byte is an error.
  bool boolean(std::size_t at, std::string_view name);
  /// YYYYMMDD. None for 0000-00-00 and 0001-01-01, the board's two ways to say so.
  std::optional<CardDate> date(std::size_t at, std::string_view name);
  /// YYYYMMDDhhmmss. None for the two above at 00:00:00 and for 2000-00-00, a
  /// clock that was never set.
  std::optional<ControllerTime> date_time(std::size_t at, std::string_view name);
  /// hhmmss at `time_at`, YYMMDD (of 20YY) at `date_at`; none when the date is
  /// 000000 (firmware before 5.46 sends no date).
  std::optional<ControllerTime> split_time(std::size_t time_at, std::size_t date_at, std::string_view name);

  bool ok() const { return why_.empty(); }
  const std::string& why() const { return why_; }
  void fail(std::string_view name, std::string_view reason);

 private:
  /// `digits` bytes as decimal; nullopt (and an error) when a nibble is above 9.
  std::optional<std::uint32_t> bcd(std::size_t at, std::size_t bytes, std::string_view name);
  std::optional<ControllerTime> clock_time(std::uint32_t ymd, std::uint32_t hms, std::string_view name);

  const Packet& packet_;
  std::string why_;
};

/// Puts fields into a packet; the mirror of FieldReader. Values are in range:
/// the codec has checked them.
class FieldWriter {
 public:
  explicit FieldWriter(Packet& packet) : packet_(packet) {}

  void u8(std::size_t at, std::uint8_t value) { packet_[at] = value; }
  void u16(std::size_t at, std::uint16_t value);
  void u24(std::size_t at, std::uint32_t value);
  void u32(std::size_t at, std::uint32_t value);
  void boolean(std::size_t at, bool value) { packet_[at] = value ? 1 : 0; }
  void ipv4(std::size_t at, const std::array<std::uint8_t, 4>& address);
  void date(std::size_t at, const std::optional<CardDate>& value);
  void date_time(std::size_t at, const std::optional<ControllerTime>& value);
  void split_time(std::size_t time_at, std::size_t date_at, const std::optional<ControllerTime>& value);

 private:
  void bcd(std::size_t at, std::size_t bytes, std::uint32_t value);

  Packet& packet_;
};

}  // namespace steward::ut0311
