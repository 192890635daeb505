#include "cloud/metering/decimal.hpp"

namespace steward {
namespace {

constexpr std::int64_t most_counts = 1'000'000'000'000'000;  // 10^15: a million times any estate's register

std::string decimal(std::int64_t count, int decimals, bool grouped) {
  const bool negative = count < 0;
  // The magnitude as unsigned, so that the lowest int64 has one too.
  auto rest = negative ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
  std::string reversed;
  for (int i = 0; i < decimals; ++i, rest /= 10) reversed += static_cast<char>('0' + rest % 10);
  if (decimals > 0) reversed += '.';
  int whole_digits = 0;
  do {
    if (grouped && whole_digits > 0 && whole_digits % 3 == 0) reversed += ',';
    reversed += static_cast<char>('0' + rest % 10);
    rest /= 10;
    ++whole_digits;
  } while (rest > 0);
  if (negative) reversed += '-';
  return {reversed.rbegin(), reversed.rend()};
}

}  // namespace

std::optional<std::int64_t> read_decimal(std::string_view text, int decimals) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  std::int64_t count = 0;
  int fraction = -1;  // digits after the point; -1: no point yet
  bool any = false;
  for (const char c : text) {
    if (c == '.') {
      if (fraction >= 0 || !any) return std::nullopt;
      fraction = 0;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    if (fraction >= 0 && ++fraction > decimals) return std::nullopt;
    count = count * 10 + (c - '0');
    any = true;
    if (count > most_counts) return std::nullopt;
  }
  if (!any || fraction == 0) return std::nullopt;  // "", "-", "12."
  for (int i = fraction < 0 ? 0 : fraction; i < decimals; ++i) {
    count *= 10;
    if (count > most_counts) return std::nullopt;
  }
  return negative ? -count : count;
}

std::string decimal_text(std::int64_t count, int decimals) { return decimal(count, decimals, false); }
std::string grouped_decimal_text(std::int64_t count, int decimals) { return decimal(count, decimals, true); }
std::string yuan_text(Fen amount) { return decimal(amount.count, 2, true); }

std::string price_text(MicroYuan price) {
  auto text = decimal(price.count, 6, false);
  while (text.ends_with('0') && text[text.size() - 3] != '.') text.pop_back();
  return text;
}

}  // namespace steward
