#pragma once
#include <cstdint>

#include "contract/nouns/reading.hpp"
#include "drivers/decode/profile.hpp"

namespace steward {

/// What a meter of this profile would have in its registers when its dial shows
/// `value`: the inverse of `decode`, for simulated meters and property tests.
///
/// value: in the channel's unit. A register with a modulus rolls over as the real
///        one does; a value the type cannot hold is shown as the nearest it can.
/// returns: channel.span.count words, in wire order.
/// decode(channel, encode(channel, x)) == x for every multiple x of `step` that the
/// registers can show: with f32, those below 2^23 steps (24 bits of fraction);
/// larger ones come back as the float nearest to them, as on a real meter.
/// Thread: any.
Words encode(const ProfileChannel& channel, std::int64_t value);

/// The registers that spell `number` in the field's form, as many digits as it holds:
/// `serial_text` gives the number back, with the leading zeros of bcd. Pure.
Words encode_serial(const SerialField& field, std::uint64_t number);

}  // namespace steward
