#pragma once
#include <cstdint>
#include <optional>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/ids.hpp"
#include "drivers/decode/register_span.hpp"

namespace steward::sim {

/// What can go wrong between a request and its reply. docs/formats/scenario.md says
/// what each looks like on the wire.
enum class FaultKind : std::uint8_t {
  late,         // the reply leaves later
  lost,         // the reply never leaves
  duplicate,    // the reply leaves twice
  truncated,    // its last bytes are missing
  bad_crc,      // one bit is flipped and the CRC not mended; on TCP a wrong length in the header
  wrong_unit,   // it carries another unit's address, under a right CRC
  echo,         // the request comes back before the reply
  babble,       // 1..16 bytes of noise, beside the reply
  exception,    // an exception instead of registers
  twin,         // a second meter has the same address
  dead,         // silence
  reboot,       // silence for a while, and what was still to be sent is lost
  value_reset,  // registers read 0 from then on
  stall,        // the line's converter holds everything back, then gives it in one burst
  preamble,     // a Chinese meter's reply has another number of FE before it
};

/// One fault: who, how often, how much. Times are real milliseconds after the
/// request's last byte, drawn evenly from least..most.
struct FaultRule {
  FaultKind kind = FaultKind::late;
  std::optional<UnitAddress> unit;  // none: every unit of the line
  int per_mille = 1000;             // of the requests it could hit; 1..1000
  std::uint32_t after = 0;          // the unit's first so many requests are spared
  std::uint32_t times = 0;          // hits each unit at most so often; 0 = no end
  Milliseconds least{0};            // late, duplicate, babble, twin: until it leaves;
  Milliseconds most{0};             //   stall, reboot: how long it lasts
  bool keep_order = false;          // late: the unit's next replies wait behind it
  bool stale = false;               // reboot: the first reply after it is the last one before it
  std::uint8_t code = 4;            // exception: 1..255; preamble: how many FE, 0..255
  UnitAddress other;                // twin: whose registers; wrong_unit: whose address, 0 = the next one
  std::optional<RegisterSpan> registers;  // value_reset: which; none = all

  friend bool operator==(const FaultRule&, const FaultRule&) = default;
};

}  // namespace steward::sim
