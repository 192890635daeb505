#pragma once
#include "drivers/bus/line_codec.hpp"

namespace steward {

/// RTU frames (burst.hpp). Stateless; lives for ever.
const LineCodec& rtu_codec();

}  // namespace steward
