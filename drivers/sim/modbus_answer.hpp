#pragma once
#include <optional>

#include "contract/nouns/bytes.hpp"
#include "drivers/sim/modbus_device.hpp"

namespace steward {

/// What a Modbus device does with a request: `unit, function, data` in, the same
/// shape out, exceptions included (MODBUS Application Protocol V1.1b3, 7).
/// Nothing: silence, because nobody lives at the unit (or the request is no
/// request: shorter than unit and function).
std::optional<Bytes> modbus_answer(RegisterSource& source, ByteView request);

/// The same on a serial line: whole frames with their CRC, in and out. Empty: silence, also
/// for a CRC that does not fit.
Bytes rtu_answer(RegisterSource& source, ByteView heard);

/// The exception a gateway gives for a unit that does not answer (0x0B).
Bytes no_answer_exception(ByteView request);

}  // namespace steward
