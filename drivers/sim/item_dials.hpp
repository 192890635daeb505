#pragma once
#include <array>
#include <cstdint>
#include <functional>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/reading.hpp"
#include "contract/nouns/result.hpp"

namespace steward::sim {

/// What an electricity meter shows: whole numbers, as its own display has them or finer.
struct PowerDial {
  std::int64_t forward_wh = 0;
  std::int64_t reverse_wh = 0;
  std::array<std::int64_t, 4> forward_rates_wh{};  // 尖 峰 平 谷
  std::int64_t reactive_varh = 0;
  std::array<std::int64_t, 3> millivolt{};
  std::array<std::int64_t, 3> milliampere{};
  std::array<std::int64_t, 3> watt{};  // below 0: fed back
  std::int64_t power_factor_permille = 1000;
  std::int64_t millihertz = 50'000;
  std::int64_t ct_ratio = 1;
  std::int64_t pt_ratio = 1;
};

/// What a water meter shows.
struct WaterDial {
  std::int64_t litres = 0;
  std::int64_t settled_litres = 0;  // at the last settlement day
  std::uint16_t status = 0;         // CJ/T 188: bits 0-1 the valve, bit 2 the battery
};

/// A meter's dial at an instant; also of the past, for what it froze.
using PowerAt = std::function<PowerDial(Instant at)>;
using WaterAt = std::function<WaterDial(Instant at)>;

/// The meters' clocks run in the estate's time: UTC + 8 h.
inline constexpr std::chrono::minutes meter_clock_offset{480};

/// The bytes of a DL/T 645 item at `now` (DL/T 645-2007, annex A), low byte first:
///
///   0000xx00  energy, forward and reverse together: 4 B, 0.01 kWh; xx = 00 total, 01..04 rates, FF all
///   0001xx00  forward, 0002xx00 reverse: the same. 00030000: reactive, 0.01 kvarh
///   0201xx00  volts 2 B, 0.1 V; xx = 01..03 or FF. 0202xx00: amperes 3 B, 0.001 A
///   0203xx00  power 3 B, 0.0001 kW; xx = 00 the sum too. 0206xx00: power factor 2 B, 0.001
///   02800002  frequency 2 B, 0.01 Hz
///   04000101  date and weekday 4 B. 04000102: time 3 B. 0400010C: both, 7 B
///   04000306  CT ratio 3 B. 04000307: PT ratio. 04000401: its address 6 B
///   050600nn  when it froze nn days ago, 01..3E: 5 B. 050601nn: forward energy and rates then, 20 B
///
/// A sign is the highest bit of a value. Faults: unsupported (no such item).
Result<Bytes> dlt645_item(const PowerAt& dial, std::uint64_t number, Instant now, std::uint32_t identifier);

/// The bytes of a CJ/T 188 item at `now`, low byte first:
///
///   901F        volume 4 B, 0.01 m3, and unit 2C; the same at the settlement day; clock 7 B; status 2 B
///   D120..D12B  volume at the end of the month before, of that before it, ..: 4 B and 2C
///
/// Faults: unsupported (no such item).
Result<Bytes> cjt188_item(const WaterAt& dial, Instant now, std::uint32_t identifier);

}  // namespace steward::sim
