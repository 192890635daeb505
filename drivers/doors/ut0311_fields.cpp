#include "drivers/doors/ut0311_fields.hpp"

namespace steward::ut0311 {
namespace {

constexpr std::uint32_t date_not_given = 0;
constexpr std::uint32_t date_year_one = 1'01'01;      // 0001-01-01
constexpr std::uint32_t date_never_set = 2000'00'00;  // what a board without a battery shows

CardDate from_digits(std::uint32_t ymd) {
  return std::chrono::year{static_cast<int>(ymd / 10000)} / std::chrono::month{ymd / 100 % 100} /
         std::chrono::day{ymd % 100};
}

std::uint32_t to_digits(const CardDate& date) {
  return static_cast<std::uint32_t>(static_cast<int>(date.year())) * 10000 +
         static_cast<unsigned>(date.month()) * 100 + static_cast<unsigned>(date.day());
}

struct DateAndTime {
  std::uint32_t ymd = 0;
  std::uint32_t hms = 0;
};

DateAndTime to_digits(ControllerTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const auto clock = std::chrono::hh_mm_ss{time - day};
  const auto hms = clock.hours().count() * 10000 + clock.minutes().count() * 100 + clock.seconds().count();
  return {to_digits(CardDate{day}), static_cast<std::uint32_t>(hms)};
}

}  // namespace

std::uint16_t FieldReader::u16(std::size_t at) const {
  return static_cast<std::uint16_t>(packet_[at] | packet_[at + 1] << 8);
}

std::uint32_t FieldReader::u24(std::size_t at) const {
  return u16(at) | static_cast<std::uint32_t>(packet_[at + 2]) << 16;
}

std::uint32_t FieldReader::u32(std::size_t at) const {
  return u24(at) | static_cast<std::uint32_t>(packet_[at + 3]) << 24;
}

std::array<std::uint8_t, 4> FieldReader::ipv4(std::size_t at) const {
  return {packet_[at], packet_[at + 1], packet_[at + 2], packet_[at + 3]};
}

void FieldReader::fail(std::string_view name, std::string_view reason) {
  if (why_.empty()) why_ = std::string(name) + " " + std::string(reason);
}

bool FieldReader::boolean(std::size_t at, std::string_view name) {
  if (packet_[at] > 1) fail(name, "is " + std::to_string(packet_[at]) + ", not 0 or 1");
  return packet_[at] == 1;
}

std::optional<std::uint32_t> FieldReader::bcd(std::size_t at, std::size_t bytes, std::string_view name) {
  std::uint32_t value = 0;
  for (std::size_t i = at; i < at + bytes; ++i) {
    const std::uint32_t high = packet_[i] >> 4;
    const std::uint32_t low = packet_[i] & 0x0FU;
    if (high > 9 || low > 9) {
      fail(name, "has a digit above 9");
      return std::nullopt;
    }
    value = value * 100 + high * 10 + low;
  }
  return value;
}

std::optional<CardDate> FieldReader::date(std::size_t at, std::string_view name) {
  const auto digits = bcd(at, 4, name);
  if (!digits || *digits == date_not_given || *digits == date_year_one) return std::nullopt;
  const auto date = from_digits(*digits);
  if (!date.ok()) {
    fail(name, "is not a day of the calendar");
    return std::nullopt;
  }
  return date;
}

std::optional<ControllerTime> FieldReader::clock_time(std::uint32_t ymd, std::uint32_t hms,
                                                      std::string_view name) {
  const auto date = from_digits(ymd);
  const std::uint32_t hour = hms / 10000;
  const std::uint32_t minute = hms / 100 % 100;
  const std::uint32_t second = hms % 100;
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) {
    fail(name, "is not a time of the calendar");
    return std::nullopt;
  }
  return std::chrono::local_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
         std::chrono::seconds{second};
}

std::optional<ControllerTime> FieldReader::date_time(std::size_t at, std::string_view name) {
  const auto ymd = bcd(at, 4, name);
  const auto hms = bcd(at + 4, 3, name);
  if (!ymd || !hms) return std::nullopt;
  const bool no_date = *ymd == date_not_given || *ymd == date_year_one || *ymd == date_never_set;
  if (no_date && *hms == 0) return std::nullopt;
  return clock_time(*ymd, *hms, name);
}

std::optional<ControllerTime> FieldReader::split_time(std::size_t time_at, std::size_t date_at,
                                                      std::string_view name) {
  const auto hms = bcd(time_at, 3, name);
  const auto short_date = bcd(date_at, 3, name);
  if (!hms || !short_date || *short_date == 0) return std::nullopt;
  return clock_time(2000'00'00 + *short_date, *hms, name);
}

void FieldWriter::u16(std::size_t at, std::uint16_t value) {
  packet_[at] = static_cast<std::uint8_t>(value);
  packet_[at + 1] = static_cast<std::uint8_t>(value >> 8);
}

void FieldWriter::u24(std::size_t at, std::uint32_t value) {
  u16(at, static_cast<std::uint16_t>(value));
  packet_[at + 2] = static_cast<std::uint8_t>(value >> 16);
}

void FieldWriter::u32(std::size_t at, std::uint32_t value) {
  u24(at, value);
  packet_[at + 3] = static_cast<std::uint8_t>(value >> 24);
}

void FieldWriter::ipv4(std::size_t at, const std::array<std::uint8_t, 4>& address) {
  for (std::size_t i = 0; i < address.size(); ++i) packet_[at + i] = address[i];
}

void FieldWriter::bcd(std::size_t at, std::size_t bytes, std::uint32_t value) {
  for (std::size_t i = bytes; i > 0; --i) {
    const std::uint32_t pair = value % 100;
    packet_[at + i - 1] = static_cast<std::uint8_t>(pair / 10 * 16 + pair % 10);
    value /= 100;
  }
}

void FieldWriter::date(std::size_t at, const std::optional<CardDate>& value) {
  bcd(at, 4, value ? to_digits(*value) : date_not_given);
}

void FieldWriter::date_time(std::size_t at, const std::optional<ControllerTime>& value) {
  const auto digits = value ? to_digits(*value) : DateAndTime{};
  bcd(at, 4, digits.ymd);
  bcd(at + 4, 3, digits.hms);
}

void FieldWriter::split_time(std::size_t time_at, std::size_t date_at,
                             const std::optional<ControllerTime>& value) {
  const auto digits = value ? to_digits(*value) : DateAndTime{};
  bcd(time_at, 3, digits.hms);
  bcd(date_at, 3, digits.ymd % 1'000'000);
}

}  // namespace steward::ut0311
