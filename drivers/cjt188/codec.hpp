#pragma once
#include "drivers/bus/line_codec.hpp"

namespace steward {

/// CJ/T 188 frames on a guarded line (cjt188/frame.hpp): reads alone can be asked.
///   reply      0x81: its tag is (control, SER, identifier as on the wire)
///   exception  0xC1: names no identifier, like Modbus's
/// Every other control code is heard as somebody else's. Stateless; lives for ever.
const LineCodec& cjt188_codec();

}  // namespace steward
