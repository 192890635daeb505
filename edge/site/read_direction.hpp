#pragma once
#include "edge/site/object_reader.hpp"
#include "edge/site/site_setup.hpp"

namespace steward {

/// Reads who turns the RS-485 transceiver of a serial bus and its rests: "direction",
/// "rts_before_ms", "rts_after_ms". Pure.
void read_direction(ObjectReader& reader, SerialLine& line);

}  // namespace steward
