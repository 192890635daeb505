#include "edge/guard/unit_record_text.hpp"

#include <charconv>
#include <optional>

namespace steward {
namespace {

constexpr std::size_t most_serial_words = 32;
constexpr std::string_view digits = "0123456789ABCDEF";

std::string serial_text(const std::optional<Words>& serial) {
  if (!serial) return "-";
  std::string text;
  for (const auto word : *serial) {
    for (int shift = 12; shift >= 0; shift -= 4) text += digits[(word >> shift) & 0xF];
  }
  return text;
}

/// Takes "key=value" off the front; nothing when it is not there.
std::optional<std::string_view> take(std::string_view& text, std::string_view key) {
  if (!text.starts_with(key)) return std::nullopt;
  text.remove_prefix(key.size());
  const auto end = std::min(text.find(' '), text.size());
  const auto value = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return value;
}

std::optional<std::int64_t> number(std::optional<std::string_view> text, int base = 10) {
  std::int64_t value = 0;
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value, base);
  if (error != std::errc() || end != text->data() + text->size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

std::string unit_record_text(const UnitRecord& record) {
  return "v1 probe=" + std::to_string(record.memory.next_probe) +
         " delay_ns=" + std::to_string(record.memory.longest_delay.count()) +
         " latched=" + (record.latched ? "1" : "0") + " serial=" + serial_text(record.serial);
}

Result<UnitRecord> read_unit_record(UnitAddress unit, std::string_view text) {
  const Error wrong{Fault::malformed, "this is not what the guard kept of a unit"};
  auto rest = text;
  if (!take(rest, "v1")) return wrong;
  const auto probe = number(take(rest, "probe="));
  const auto delay = number(take(rest, "delay_ns="));
  const auto latched = number(take(rest, "latched="));
  const auto serial = take(rest, "serial=");
  if (!probe || !delay || !latched || !serial) return wrong;
  if (*probe > 1 || *latched > 1 || serial->size() > 4 * most_serial_words) return wrong;
  UnitRecord record{
      unit, {static_cast<std::uint8_t>(*probe), std::chrono::nanoseconds(*delay)}, {}, *latched == 1};
  if (*serial != "-") {
    Words words;
    for (std::size_t at = 0; at < serial->size(); at += 4) {
      const auto word = number(serial->substr(at, 4), 16);
      if (!word) return wrong;
      words.push_back(static_cast<std::uint16_t>(*word));
    }
    record.serial = std::move(words);
  }
  if (unit_record_text(record) != text) return wrong;
  return record;
}

}  // namespace steward
