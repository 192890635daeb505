#include "drivers/sim/item_dials.hpp"

#include <chrono>

namespace steward::sim {
namespace {

using namespace std::chrono;

constexpr std::uint8_t cubic_metres = 0x2C;
constexpr std::uint32_t freezes_kept = 62;
constexpr std::uint32_t months_kept = 12;

std::uint8_t two_digits(std::int64_t number) {
  return static_cast<std::uint8_t>(number / 10 % 10 * 16 + number % 10);
}

/// `size` bytes of decimal digits, lowest first; rolls over as a register does. The sign is the
/// highest bit, where the item has one.
void put(Bytes& into, std::int64_t number, std::size_t size) {
  const bool below = number < 0;
  if (below) number = -number;
  for (std::size_t at = 0; at < size; ++at, number /= 100) into.push_back(two_digits(number));
  if (below) into.back() |= 0x80;
}

struct Wall {
  year_month_day day;
  hh_mm_ss<seconds> time;
  unsigned weekday;  // 0 = Sunday
};

Wall wall_of(Instant at) {
  const auto local = floor<seconds>(at + meter_clock_offset);
  const auto day = floor<days>(local);
  return {year_month_day(day), hh_mm_ss<seconds>(local - day), weekday(day).c_encoding()};
}

std::int64_t year_of(const Wall& wall) { return static_cast<int>(wall.day.year()); }
unsigned month_of(const Wall& wall) { return static_cast<unsigned>(wall.day.month()); }
unsigned day_of(const Wall& wall) { return static_cast<unsigned>(wall.day.day()); }

/// The last midnight of the meter's clock, `days_before` days earlier.
Instant midnight(Instant now, std::uint32_t days_before) {
  const auto local = floor<days>(now + meter_clock_offset) - days(days_before);
  return Instant(local.time_since_epoch()) - meter_clock_offset;
}

/// The first of the month, `months_before` months earlier, 0 h.
Instant month_begin(Instant now, std::uint32_t months_before) {
  auto month = wall_of(now).day.year() / wall_of(now).day.month();
  month -= months(months_before);
  return Instant(sys_days(month / 1).time_since_epoch()) - meter_clock_offset;
}

void put_energy(Bytes& into, std::int64_t wh) { put(into, wh / 10, 4); }

/// rate: 0 total, 1..4, 0xFF: all of them.
bool put_rates(Bytes& into, std::int64_t total, const std::array<std::int64_t, 4>& rates, unsigned rate) {
  if (rate == 0 || rate == 0xFF) put_energy(into, total);
  for (unsigned at = 1; at <= rates.size(); ++at)
    if (rate == at || rate == 0xFF) put_energy(into, rates[at - 1]);
  return !into.empty();
}

/// phase: 1..3 or 0xFF; 0: the sum, where there is one.
bool put_phases(Bytes& into, const std::array<std::int64_t, 3>& values, std::int64_t divisor,
                std::size_t size, unsigned phase, bool summed) {
  if (summed && (phase == 0 || phase == 0xFF)) put(into, (values[0] + values[1] + values[2]) / divisor, size);
  for (unsigned at = 1; at <= values.size(); ++at)
    if (phase == at || phase == 0xFF) put(into, values[at - 1] / divisor, size);
  return !into.empty();
}

/// Energies and momentary values: 00xxxxxx and 02xxxxxx.
bool put_measured(Bytes& into, const PowerDial& dial, std::uint32_t identifier) {
  const unsigned which = identifier >> 16;
  const unsigned part = identifier >> 8 & 0xFFU;
  if (identifier == 0x0280'0002) {
    put(into, dial.millihertz / 10, 2);
    return true;
  }
  if ((identifier & 0xFFU) != 0) return false;
  switch (which) {
    case 0x0000:  // forward and reverse added, as most are set up
    case 0x0001:
      return put_rates(into, dial.forward_wh + (which == 0 ? dial.reverse_wh : 0), dial.forward_rates_wh,
                       part);
    case 0x0002: return put_rates(into, dial.reverse_wh, {dial.reverse_wh, 0, 0, 0}, part);
    case 0x0003: return part == 0 && (put_energy(into, dial.reactive_varh), true);
    case 0x0201: return put_phases(into, dial.millivolt, 100, 2, part, false);
    case 0x0202: return put_phases(into, dial.milliampere, 1, 3, part, false);
    case 0x0203: {
      auto tenths = dial.watt;
      for (auto& watt : tenths) watt *= 10;
      return put_phases(into, tenths, 1, 3, part, true);
    }
    case 0x0206: {
      const auto factor = dial.power_factor_permille;
      if (part == 0 || part == 0xFF) put(into, factor, 2);
      return put_phases(into, {factor, factor, factor}, 1, 2, part, false);
    }
    default: return false;
  }
}

/// Parameters: 04xxxxxx.
bool put_parameter(Bytes& into, const PowerDial& dial, std::uint64_t number, Instant now,
                   std::uint32_t identifier) {
  const Wall wall = wall_of(now);
  switch (identifier) {
    case 0x0400'0101:
      for (const std::int64_t one : {std::int64_t{wall.weekday}, std::int64_t{day_of(wall)},
                                     std::int64_t{month_of(wall)}, year_of(wall)})
        into.push_back(two_digits(one));
      return true;
    case 0x0400'0102:
      for (const std::int64_t one :
           {std::int64_t{wall.time.seconds().count()}, std::int64_t{wall.time.minutes().count()},
            std::int64_t{wall.time.hours().count()}})
        into.push_back(two_digits(one));
      return true;
    case 0x0400'010C:
      for (const std::int64_t one :
           {std::int64_t{wall.time.seconds().count()}, std::int64_t{wall.time.minutes().count()},
            std::int64_t{wall.time.hours().count()}, std::int64_t{wall.weekday}, std::int64_t{day_of(wall)},
            std::int64_t{month_of(wall)}, year_of(wall)})
        into.push_back(two_digits(one));
      return true;
    case 0x0400'0306: put(into, dial.ct_ratio, 3); return true;
    case 0x0400'0307: put(into, dial.pt_ratio, 3); return true;
    case 0x0400'0401: put(into, static_cast<std::int64_t>(number), 6); return true;
    default: return false;
  }
}

/// Daily freezes: 0506xxnn.
bool put_freeze(Bytes& into, const PowerAt& dial, Instant now, std::uint32_t identifier) {
  const std::uint32_t back = identifier & 0xFFU;
  if (back == 0 || back > freezes_kept) return false;
  const Instant frozen = midnight(now, back - 1);
  const Wall wall = wall_of(frozen);
  if ((identifier & 0xFFFF'FF00U) == 0x0506'0000) {
    for (const std::int64_t one : {std::int64_t{0}, std::int64_t{0}, std::int64_t{day_of(wall)},
                                   std::int64_t{month_of(wall)}, year_of(wall)})
      into.push_back(two_digits(one));
    return true;
  }
  if ((identifier & 0xFFFF'FF00U) != 0x0506'0100) return false;
  const PowerDial then = dial(frozen);
  return put_rates(into, then.forward_wh, then.forward_rates_wh, 0xFF);
}

Error no_such_item() { return {Fault::unsupported, "the meter has no such item"}; }

void put_volume(Bytes& into, std::int64_t litres) {
  put(into, litres / 10, 4);
  into.push_back(cubic_metres);
}

}  // namespace

Result<Bytes> dlt645_item(const PowerAt& dial, std::uint64_t number, Instant now, std::uint32_t identifier) {
  Bytes bytes;
  bool known = false;
  switch (identifier >> 24) {
    case 0x00:
    case 0x02: known = put_measured(bytes, dial(now), identifier); break;
    case 0x04: known = put_parameter(bytes, dial(now), number, now, identifier); break;
    case 0x05: known = put_freeze(bytes, dial, now, identifier); break;
    default: break;
  }
  if (!known) return no_such_item();
  return bytes;
}

Result<Bytes> cjt188_item(const WaterAt& dial, Instant now, std::uint32_t identifier) {
  Bytes bytes;
  if (identifier >= 0xD120 && identifier < 0xD120 + months_kept) {
    put_volume(bytes, dial(month_begin(now, identifier - 0xD120)).litres);
    return bytes;
  }
  if (identifier != 0x901F) return no_such_item();
  const WaterDial shown = dial(now);
  const Wall wall = wall_of(now);
  put_volume(bytes, shown.litres);
  put_volume(bytes, shown.settled_litres);
  for (const std::int64_t one :
       {std::int64_t{wall.time.seconds().count()}, std::int64_t{wall.time.minutes().count()},
        std::int64_t{wall.time.hours().count()}, std::int64_t{day_of(wall)}, std::int64_t{month_of(wall)},
        year_of(wall) % 100, year_of(wall) / 100})
    bytes.push_back(two_digits(one));
  bytes.push_back(static_cast<std::uint8_t>(shown.status & 0xFF));
  bytes.push_back(static_cast<std::uint8_t>(shown.status >> 8));
  return bytes;
}

}  // namespace steward::sim
