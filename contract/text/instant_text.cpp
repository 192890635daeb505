#include "contract/text/instant_text.hpp"

#include <array>
#include <cstdio>

namespace steward {
namespace {

using namespace std::chrono;

/// Takes fixed-width numbers and marks off the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  std::optional<int> digits(std::size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int value = 0;
    for (const char c : rest_.substr(0, count)) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }
  bool mark(char expected) {
    if (rest_.empty() || rest_.front() != expected) return false;
    rest_.remove_prefix(1);
    return true;
  }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

std::optional<year_month_day> date(Scanner& scan) {
  const auto y = scan.digits(4);
  if (!y || !scan.mark('-')) return std::nullopt;
  const auto m = scan.digits(2);
  if (!m || !scan.mark('-')) return std::nullopt;
  const auto d = scan.digits(2);
  if (!d || *y < 1970) return std::nullopt;
  const year_month_day day{year{*y}, month{static_cast<unsigned>(*m)},
                           std::chrono::day{static_cast<unsigned>(*d)}};
  if (!day.ok()) return std::nullopt;
  return day;
}

std::optional<Milliseconds> time_of_day(Scanner& scan) {
  const auto h = scan.digits(2);
  if (!h || !scan.mark(':')) return std::nullopt;
  const auto m = scan.digits(2);
  if (!m || !scan.mark(':')) return std::nullopt;
  const auto s = scan.digits(2);
  if (!s || *h > 23 || *m > 59 || *s > 59) return std::nullopt;
  int fraction_ms = 0;
  if (scan.mark('.')) {
    int scale = 100;
    int places = 0;
    for (; scan.peek() >= '0' && scan.peek() <= '9'; ++places, scale /= 10)
      fraction_ms += *scan.digits(1) * scale;
    if (places == 0 || places > 9) return std::nullopt;
  }
  return hours(*h) + minutes(*m) + seconds(*s) + milliseconds(fraction_ms);
}

std::optional<minutes> offset(Scanner& scan) {
  if (scan.mark('Z')) return minutes(0);
  const int sign = scan.peek() == '-' ? -1 : 1;
  if (!scan.mark('+') && !scan.mark('-')) return std::nullopt;
  const auto h = scan.digits(2);
  if (!h || !scan.mark(':')) return std::nullopt;
  const auto m = scan.digits(2);
  if (!m || *h > 23 || *m > 59) return std::nullopt;
  return minutes(sign * (*h * 60 + *m));
}

}  // namespace

std::string instant_text(Instant instant) {
  const auto day = floor<days>(instant);
  const year_month_day date(day);
  const hh_mm_ss time(instant - day);
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
                static_cast<int>(time.subseconds().count()));
  return text.data();
}

std::optional<Instant> read_instant(std::string_view text) {
  Scanner scan(text);
  const auto day = date(scan);
  if (!day || !scan.mark('T')) return std::nullopt;
  const auto time = time_of_day(scan);
  if (!time) return std::nullopt;
  const auto east = offset(scan);
  if (!east || !scan.at_end()) return std::nullopt;
  return Instant(sys_days(*day).time_since_epoch() + *time - *east);
}

std::optional<year_month_day> read_date(std::string_view text) {
  Scanner scan(text);
  const auto day = date(scan);
  return day && scan.at_end() ? day : std::nullopt;
}

}  // namespace steward
