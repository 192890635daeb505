#include "edge/backfill/frozen_value.hpp"

#include <algorithm>
#include <cassert>

#include "drivers/decode/cut.hpp"
#include "drivers/decode/decode.hpp"
#include "drivers/decode/identity.hpp"

namespace steward {
namespace {

std::size_t bytes_in(const RegisterSpan& span) {
  return span.is_item() ? span.count : std::size_t{2} * span.count;
}

bool all_ff(std::span<const std::uint16_t> words, std::size_t count) {
  const auto bytes = bytes_of(words, count);
  return std::all_of(bytes.begin(), bytes.end(), [](auto byte) { return byte == 0xFF; });
}

Freeze freeze_of(const FrozenBlocks& blocks) {
  if (blocks.name == "daily") return Freeze::day;
  if (blocks.name == "monthly") return Freeze::month;
  return blocks.name == "hourly" ? Freeze::hour : Freeze::other;
}

Instant instant_of(std::int64_t calendar, const FrozenRules& rules) {
  return instant_from_ms(calendar - std::chrono::duration_cast<Milliseconds>(rules.utc_offset).count());
}

/// Whether the dial can have shown `value` between these two.
bool between(std::int64_t value, const LiveValue& before, const LiveValue& after, std::int64_t modulus) {
  if (after.value >= before.value || modulus == 0) return value >= before.value && value <= after.value;
  return value >= before.value || value <= after.value;  // it began again at 0 on the way
}

}  // namespace

std::optional<std::int64_t> calendar_ms(const ClockField& field, std::span<const std::uint16_t> words) {
  const auto time = device_time(field, words);
  if (!time) return std::nullopt;
  const std::chrono::sys_days day{std::chrono::year(time->year) / static_cast<int>(time->month) /
                                  static_cast<int>(time->day)};
  const auto at = day + std::chrono::hours(time->hour) + std::chrono::minutes(time->minute) +
                  std::chrono::seconds(time->second);
  return ms_of(std::chrono::time_point_cast<Milliseconds>(at));
}

bool is_empty(const FrozenBlocks& blocks, const FrozenBlock& block) {
  return all_ff(block.words, bytes_in(blocks.span));
}

std::optional<std::int64_t> frozen_ms(const FrozenBlocks& blocks, const FrozenBlock& block) {
  if (blocks.bytes.empty() || is_empty(blocks, block)) return std::nullopt;
  ClockField field;
  field.bytes = blocks.bytes;
  field.bcd = blocks.bcd;
  if (blocks.time) {
    field.span = *blocks.time;
    return calendar_ms(field, block.time);
  }
  field.span = blocks.span;
  const auto words = cut(block.words, blocks.span, 0);
  return calendar_ms(field, words);
}

std::optional<SettleDay> settle_day(const FrozenBlocks& blocks, std::span<const std::uint16_t> words) {
  SettleDay settle;
  const auto bytes = bytes_of(words, blocks.settles.front().count);
  for (std::size_t at = 0; at < std::min(bytes.size(), blocks.bytes.size()); ++at) {
    const unsigned low = bytes[at] & 0x0FU;
    const unsigned high = bytes[at] >> 4U;
    if (blocks.bcd && (low > 9 || high > 9)) return std::nullopt;
    const unsigned number = blocks.bcd ? high * 10 + low : bytes[at];
    if (blocks.bytes[at] == ClockByte::day) settle.day = number;
    if (blocks.bytes[at] == ClockByte::hour) settle.hour = number;
  }
  if (settle.day < 1 || settle.day > 28 || settle.hour.value_or(0) > 23) return std::nullopt;
  return settle;
}

std::vector<std::int64_t> settled_at(std::span<const SettleDay> days, std::int64_t calendar,
                                     std::size_t count) {
  std::vector<std::int64_t> instants;
  if (days.empty()) return instants;
  const std::chrono::year_month_day today{std::chrono::floor<std::chrono::days>(instant_from_ms(calendar))};
  auto month = today.year() / today.month();
  while (instants.size() < count) {
    std::vector<std::int64_t> of_month;
    for (const auto& settle : days) {
      const std::chrono::sys_days day{month / std::chrono::day{settle.day}};
      const auto at =
          std::chrono::time_point_cast<Milliseconds>(day + std::chrono::hours(settle.hour.value_or(0)));
      if (ms_of(at) <= calendar) of_month.push_back(ms_of(at));
    }
    std::sort(of_month.rbegin(), of_month.rend());
    instants.insert(instants.end(), of_month.begin(), of_month.end());
    month -= std::chrono::months(1);
  }
  instants.resize(count);
  return instants;
}

Milliseconds clock_error(std::int64_t calendar, Instant read_at, const FrozenRules& rules) {
  return std::chrono::duration_cast<Milliseconds>(instant_of(calendar, rules) - read_at);
}

FrozenReading frozen_reading(const Profile& profile, MeterNo meter, const FrozenBlocks& blocks,
                             const FrozenBlocks::Part& part, const FrozenBlock& block,
                             std::optional<Milliseconds> clock, std::span<const LiveValue> live,
                             const FrozenRules& rules) {
  const auto& channel = profile.channels[part.channel.value];
  FrozenReading reading;
  reading.read_at = block.read_at;
  reading.frozen_at_ms = block.calendar;
  reading.freeze = freeze_of(blocks);
  reading.meter_no = meter;
  reading.channel_no = channel.no;
  reading.raw = cut(block.words, channel.span, part.offset);
  const auto decoded = decode(channel, reading.raw);
  reading.value = decoded.value;
  reading.quality = decoded.quality;
  reading.reason = decoded.reason;
  if (decoded.quality != Quality::good) return reading;
  const auto suspect = [&](Reason why) {
    reading.quality = Quality::suspect;
    reading.reason = why;
    return reading;
  };
  if (!clock || std::chrono::abs(*clock) > rules.clock_limit) return suspect(Reason::clock);
  const auto at = instant_of(block.calendar, rules);
  if (at > block.read_at + rules.clock_limit) return suspect(Reason::clock);
  const auto after =
      std::find_if(live.begin(), live.end(), [&](const auto& one) { return one.taken_at >= at; });
  if (after == live.begin() || after == live.end()) return suspect(Reason::unconfirmed);
  if (!between(reading.value, *std::prev(after), *after, channel.modulus)) return suspect(Reason::backwards);
  if (block.unsure) return suspect(Reason::time_unsure);
  return reading;
}

}  // namespace steward
