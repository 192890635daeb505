#include "drivers/decode/identity.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>

namespace steward {
namespace {

/// The registers' bytes, most significant register and byte first.
std::vector<std::uint8_t> high_first(const SerialField& field, std::span<const std::uint16_t> words) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t at = 0; at < words.size(); ++at) {
    const auto word = words[field.words == Order::high_first ? at : words.size() - 1 - at];
    const auto high = static_cast<std::uint8_t>(word >> 8);
    const auto low = static_cast<std::uint8_t>(word & 0xFF);
    bytes.push_back(field.bytes == Order::high_first ? high : low);
    bytes.push_back(field.bytes == Order::high_first ? low : high);
  }
  return bytes;
}

bool all_are(std::span<const std::uint16_t> words, std::uint16_t value) {
  return std::all_of(words.begin(), words.end(), [&](auto word) { return word == value; });
}

std::optional<std::string> characters(const std::vector<std::uint8_t>& bytes, std::size_t from,
                                      std::size_t step) {
  std::string text;
  for (std::size_t at = from; at < bytes.size(); at += step) {
    const auto byte = bytes[at] == 0 ? std::uint8_t{' '} : bytes[at];
    if (byte < 0x20 || byte > 0x7E) return std::nullopt;
    text += static_cast<char>(byte);
  }
  const auto first = text.find_first_not_of(' ');
  if (first == std::string::npos) return std::nullopt;
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::optional<std::string> digits(const std::vector<std::uint8_t>& bytes) {
  std::string text;
  for (const auto byte : bytes)
    for (const auto digit : {byte >> 4, byte & 0xF}) {
      if (digit > 9) return std::nullopt;
      text += static_cast<char>('0' + digit);
    }
  return text;
}

std::optional<int> number_in(std::uint8_t byte, bool bcd) {
  if (!bcd) return byte;
  if (byte >> 4 > 9 || (byte & 0xF) > 9) return std::nullopt;
  return (byte >> 4) * 10 + (byte & 0xF);
}

std::string two(int number) {
  return {static_cast<char>('0' + number / 10), static_cast<char>('0' + number % 10)};
}

}  // namespace

std::optional<std::string> serial_text(const SerialField& field, std::span<const std::uint16_t> words) {
  assert(words.size() == field.span.count && words.size() <= max_serial_words);
  if (all_are(words, 0) || all_are(words, 0xFFFF)) return std::nullopt;
  const auto bytes = high_first(field, words);
  switch (field.as) {
    case SerialForm::ascii: return characters(bytes, 0, 1);
    case SerialForm::ascii_low: return characters(bytes, 1, 2);
    case SerialForm::bcd: return digits(bytes);
    case SerialForm::number: break;
  }
  std::uint64_t number = 0;
  for (const auto byte : bytes) number = (number << 8) | byte;
  return std::to_string(number);
}

std::string DeviceTime::text() const {
  return std::to_string(year) + '-' + two(month) + '-' + two(day) + ' ' + two(hour) + ':' + two(minute) +
         ':' + two(second);
}

std::optional<DeviceTime> device_time(const ClockField& field, std::span<const std::uint16_t> words) {
  assert(words.size() == field.span.words());
  DeviceTime time;
  for (std::size_t at = 0; at < field.bytes.size() && at / 2 < words.size(); ++at) {
    if (field.bytes[at] == ClockByte::skip) continue;
    const auto word = words[at / 2];
    const auto byte = static_cast<std::uint8_t>(at % 2 == 0 ? word >> 8 : word & 0xFF);
    const auto number = number_in(byte, field.bcd);
    if (!number) return std::nullopt;
    switch (field.bytes[at]) {
      case ClockByte::skip: break;
      case ClockByte::year: time.year = 2000 + *number; break;
      case ClockByte::month: time.month = *number; break;
      case ClockByte::day: time.day = *number; break;
      case ClockByte::hour: time.hour = *number; break;
      case ClockByte::minute: time.minute = *number; break;
      case ClockByte::second: time.second = *number; break;
    }
  }
  const std::chrono::year_month_day day{std::chrono::year(time.year),
                                        std::chrono::month(static_cast<unsigned>(time.month)),
                                        std::chrono::day(static_cast<unsigned>(time.day))};
  if (!day.ok() || time.year > 2099 || time.hour > 23 || time.minute > 59 || time.second > 59)
    return std::nullopt;
  return time;
}

bool is_variant(const Variant& variant, std::span<const std::uint16_t> words) {
  assert(words.size() == variant.span.count && words.size() <= max_channel_words);
  std::uint64_t pattern = 0;
  for (const auto word : words) pattern = (pattern << 16) | word;
  return std::find(variant.values.begin(), variant.values.end(), pattern) != variant.values.end();
}

}  // namespace steward
