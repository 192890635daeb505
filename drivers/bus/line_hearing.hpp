#pragma once
#include "drivers/bus/line_codec.hpp"
#include "drivers/bus/line_guard.hpp"
#include "drivers/line/exchange.hpp"

namespace steward {

/// Puts `sending` on the line and hears what comes: that, and all that came since the
/// exchange before. A failed device is in `lost`.
/// Blocks for at most what LineExchange::exchange says. Thread: the line's.
Heard hear_line(LineExchange& line, const LineCodec& codec, const Sending& sending);

}  // namespace steward
