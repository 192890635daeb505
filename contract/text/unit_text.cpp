#include "contract/text/unit_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace steward {
namespace {

constexpr std::array<std::string_view, 3> words = {"modbus", "dlt645", "cjt188"};
constexpr std::size_t dlt645_digits = 12;
constexpr std::size_t cjt188_digits = 14;
constexpr std::uint64_t dlt645_broadcast = 999'999'999'999;

std::string padded(std::uint64_t value, std::size_t digits) {
  std::string text = std::to_string(value);
  return std::string(digits - std::min(digits, text.size()), '0') + text;
}

std::optional<std::uint64_t> number(std::string_view text, int base) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> digits(std::string_view text, std::size_t count) {
  return text.size() == count ? number(text, 10) : std::nullopt;
}

std::optional<std::uint64_t> read_cjt188(std::string_view text) {
  if (text.size() != 3 + cjt188_digits || text[2] != ':') return std::nullopt;
  const auto type = number(text.substr(0, 2), 16);
  const auto rest = digits(text.substr(3), cjt188_digits);
  if (!type || !rest) return std::nullopt;
  return *type * cjt188_digits_end + *rest;
}

}  // namespace

std::string_view protocol_word(Protocol protocol) { return words.at(static_cast<std::size_t>(protocol)); }

std::optional<Protocol> read_protocol(std::string_view word) {
  const auto* const at = std::find(words.begin(), words.end(), word);
  if (at == words.end()) return std::nullopt;
  return static_cast<Protocol>(at - words.begin());
}

std::string unit_text(UnitAddress unit) {
  switch (unit.protocol) {
    case Protocol::dlt645: return padded(unit.value, dlt645_digits);
    case Protocol::cjt188: {
      constexpr std::string_view hex = "0123456789ABCDEF";
      const auto type = cjt188_type(unit);
      return std::string{hex[type >> 4], hex[type & 0xF]} + ':' +
             padded(unit.value % cjt188_digits_end, cjt188_digits);
    }
    case Protocol::modbus: break;
  }
  return std::to_string(unit.value);
}

std::optional<UnitAddress> read_unit_text(Protocol protocol, std::string_view text) {
  std::optional<std::uint64_t> value;
  switch (protocol) {
    case Protocol::modbus:
      value = text.starts_with('0') ? std::nullopt : number(text, 10);
      if (value && (*value < 1 || *value > 247)) return std::nullopt;
      break;
    case Protocol::dlt645:
      value = digits(text, dlt645_digits);
      if (value == dlt645_broadcast) return std::nullopt;
      break;
    case Protocol::cjt188: value = read_cjt188(text); break;
  }
  if (!value) return std::nullopt;
  return UnitAddress{*value, protocol};
}

}  // namespace steward
