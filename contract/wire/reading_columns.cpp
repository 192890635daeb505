#include "contract/wire/reading_columns.hpp"

#include <limits>

#include "contract/wire/limits.hpp"

namespace steward {
namespace {

/// Keys of the map of columns.
namespace column {
enum : std::uint64_t { rounds = 1, taken, meters, channels, values, worth, words, widths };
}  // namespace column
constexpr std::size_t column_count = 8;

/// Writes [count, what, count, what, ...] where `same` neighbours share a run
/// and `what` writes `fields` values.
template <class Same, class What>
void write_runs(CborWriter& out, const std::vector<Reading>& readings, std::size_t fields, Same same,
                What what) {
  std::size_t runs = readings.empty() ? 0 : 1;
  for (std::size_t i = 1; i < readings.size(); ++i) runs += same(readings[i - 1], readings[i]) ? 0U : 1U;
  out.array(runs * (fields + 1));
  for (std::size_t begin = 0; begin < readings.size();) {
    std::size_t end = begin + 1;
    while (end < readings.size() && same(readings[begin], readings[end])) ++end;
    out.number(end - begin);
    what(readings[begin]);
    begin = end;
  }
}

/// Reads runs that cover exactly `readings`; `what` reads one run's values into
/// a Reading, which `copy` takes over into each reading of the run.
template <class Same, class What, class Copy>
void read_runs(CborReader& in, std::vector<Reading>& readings, std::size_t fields, Same same, What what,
               Copy copy) {
  const std::size_t items = in.array(readings.size() * (fields + 1));
  if (items % (fields + 1) != 0) return in.fail("a run without all its values");
  std::size_t at = 0;
  Reading previous;
  for (std::size_t run = 0; run < items / (fields + 1) && in.ok(); ++run) {
    const std::size_t length = in.count(readings.size());
    if (length == 0 || length > readings.size() - at)
      return in.fail("runs that do not add up to the records");
    Reading one;
    what(one);
    if (run > 0 && same(previous, one)) return in.fail("two runs where one would do");
    for (std::size_t i = 0; i < length; ++i) copy(one, readings[at + i]);
    at += length;
    previous = std::move(one);
  }
  if (at != readings.size()) in.fail("runs that do not add up to the records");
}

bool same_round(const Reading& a, const Reading& b) { return a.round_at == b.round_at; }
bool same_worth(const Reading& a, const Reading& b) { return a.quality == b.quality && a.reason == b.reason; }
bool same_width(const Reading& a, const Reading& b) { return a.raw.size() == b.raw.size(); }

std::uint16_t word_at(ByteView bytes, std::size_t index) {
  return static_cast<std::uint16_t>((bytes[2 * index] << 8U) | bytes[2 * index + 1]);
}

/// The words of all readings in one byte string, then how many each has.
void write_raw(CborWriter& out, const std::vector<Reading>& readings) {
  Bytes all;
  all.reserve(readings.size() * 4);
  for (const auto& reading : readings) {
    for (const std::uint16_t word : reading.raw) {
      all.push_back(static_cast<std::uint8_t>(word >> 8U));
      all.push_back(static_cast<std::uint8_t>(word & 0xffU));
    }
  }
  out.number(column::words);
  out.bytes(all);
  out.number(column::widths);
  write_runs(out, readings, 1, same_width, [&](const Reading& r) { out.number(r.raw.size()); });
}

void read_raw(CborReader& in, std::vector<Reading>& readings) {
  in.key(column::words);
  const ByteView all = in.bytes(readings.size() * 2 * wire_limit::raw_words);
  std::size_t used = 0;  // words
  in.key(column::widths);
  read_runs(
      in, readings, 1, same_width, [&](Reading& one) { one.raw.resize(in.count(wire_limit::raw_words)); },
      [&](const Reading& one, Reading& into) {
        const std::size_t width = one.raw.size();
        if ((used + width) * 2 > all.size()) return in.fail("fewer raw words than the widths say");
        into.raw.resize(width);
        for (std::size_t i = 0; i < width; ++i) into.raw[i] = word_at(all, used + i);
        used += width;
      });
  if (used * 2 != all.size()) in.fail("more raw words than the widths say");
}

}  // namespace

void write_readings(CborWriter& out, const std::vector<Reading>& readings) {
  out.map(column_count);
  out.number(column::rounds);
  write_runs(out, readings, 1, same_round, [&](const Reading& r) { out.integer(ms_of(r.round_at)); });

  out.number(column::taken);
  out.array(readings.size());
  std::int64_t previous = readings.empty() ? 0 : ms_of(readings.front().round_at);
  for (const auto& reading : readings) {
    out.integer(ms_of(reading.taken_at) - previous);
    previous = ms_of(reading.taken_at);
  }

  out.number(column::meters);
  out.array(readings.size());
  int meter = 0;
  for (const auto& reading : readings) {
    out.integer(reading.meter_no.value - meter);
    meter = reading.meter_no.value;
  }

  out.number(column::channels);
  out.array(readings.size());
  for (const auto& reading : readings) out.number(reading.channel_no.value);

  out.number(column::values);
  out.array(readings.size());
  for (const auto& reading : readings) out.integer(reading.value);

  out.number(column::worth);
  write_runs(out, readings, 2, same_worth, [&](const Reading& r) {
    out.number(static_cast<std::uint64_t>(r.quality));
    out.number(static_cast<std::uint64_t>(r.reason));
  });
  write_raw(out, readings);
}

std::vector<Reading> read_readings(CborReader& in, std::size_t count) {
  // Five columns hold a number for each reading, so `count` cannot outgrow the bytes that are there.
  if (count > in.left()) in.fail("the message ends too early");
  if (!in.ok()) return {};
  std::vector<Reading> readings(count);
  in.map_of(column_count);
  in.key(column::rounds);
  read_runs(
      in, readings, 1, same_round,
      [&](Reading& one) { one.round_at = instant_from_ms(in.integer(0, wire_limit::instant_ms)); },
      [](const Reading& one, Reading& into) { into.round_at = one.round_at; });

  in.key(column::taken);
  in.array_of(count);
  std::int64_t taken_ms = count == 0 ? 0 : ms_of(readings.front().round_at);
  for (auto& reading : readings) {
    taken_ms += in.integer(-wire_limit::instant_ms, wire_limit::instant_ms);
    if (taken_ms < 0 || taken_ms > wire_limit::instant_ms) in.fail("taken_at is not between 1970 and 9999");
    if (!in.ok()) return {};
    reading.taken_at = instant_from_ms(taken_ms);
  }

  in.key(column::meters);
  in.array_of(count);
  std::int64_t meter = 0;
  for (auto& reading : readings) {
    meter += in.integer(-0xffff, 0xffff);
    if (meter < 0 || meter > 0xffff) in.fail("meter_no is not 0 to 65535");
    if (!in.ok()) return {};
    reading.meter_no = {static_cast<std::uint16_t>(meter)};
  }

  in.key(column::channels);
  in.array_of(count);
  for (auto& reading : readings) reading.channel_no = {static_cast<std::uint8_t>(in.number(0xff))};

  in.key(column::values);
  in.array_of(count);
  constexpr auto limits = std::numeric_limits<std::int64_t>();
  for (auto& reading : readings) reading.value = in.integer(limits.min(), limits.max());

  in.key(column::worth);
  read_runs(
      in, readings, 2, same_worth,
      [&](Reading& one) {
        one.quality = static_cast<Quality>(in.number(static_cast<std::uint64_t>(Quality::invalid)));
        one.reason = static_cast<Reason>(in.number(0xff));
      },
      [](const Reading& one, Reading& into) {
        into.quality = one.quality;
        into.reason = one.reason;
      });
  read_raw(in, readings);
  return readings;
}

void write_words(CborWriter& out, const Words& words) {
  Bytes octets;
  octets.reserve(words.size() * 2);
  for (const std::uint16_t word : words) {
    octets.push_back(static_cast<std::uint8_t>(word >> 8U));
    octets.push_back(static_cast<std::uint8_t>(word & 0xffU));
  }
  out.bytes(octets);
}

Words read_words(CborReader& in) {
  const ByteView octets = in.bytes(2 * wire_limit::raw_words);
  if (octets.size() % 2 != 0) in.fail("half a word");
  if (!in.ok()) return {};
  Words words(octets.size() / 2);
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = word_at(octets, i);
  return words;
}

}  // namespace steward
