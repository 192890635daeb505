#pragma once
#include <memory>

#include "drivers/bus/line_codec.hpp"
#include "drivers/bus/wire.hpp"
#include "drivers/modbus/tcp_link.hpp"

namespace steward {

class Loop;

/// A line of meters behind a Modbus TCP gateway. Thread: loop.
std::unique_ptr<BusWire> make_gateway_wire(Loop& loop, TcpPlace place);
/// A line of meters behind a serial device server that passes its bytes, of whatever is spoken on it.
/// codec: outlives the wire. Thread: loop.
std::unique_ptr<BusWire> make_over_tcp_wire(Loop& loop, TcpPlace place, const LineCodec& codec);

}  // namespace steward
