#pragma once
#include "drivers/bus/line_codec.hpp"

namespace steward {

/// DL/T 645-2007 frames on a guarded line (dlt645/frame.hpp): reads alone can be asked.
///   reply      0x91, 0x92: its tag is (control, sequence, identifier); bit 5 says that more follows
///   exception  0xD1, 0xD2: names no identifier, like Modbus's
/// Every other control code is heard as somebody else's. Stateless; lives for ever.
const LineCodec& dlt645_codec();

}  // namespace steward
