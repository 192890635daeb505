#pragma once
#include <cstdint>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/ids.hpp"
#include "drivers/decode/register_span.hpp"

namespace steward::sim {

/// How a request and its reply are said: what a fault has to know to spoil a reply as its wire would.
enum class Speech : std::uint8_t { rtu, mbap, dlt645, cjt188 };

/// The language of a unit on a serial line.
constexpr Speech speech_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::dlt645: return Speech::dlt645;
    case Protocol::cjt188: return Speech::cjt188;
    case Protocol::modbus: break;
  }
  return Speech::rtu;
}

// A body is a frame without what is computed from the rest:
//   rtu, mbap       unit, function, data                   CRC, MBAP header taken off
//   dlt645, cjt188  FE.., 68, address, .., control, data   sum and 16 taken off

/// The frame around `body`: RTU with CRC, MBAP with the request's transaction, items with sum and 16.
Bytes wrapped(Speech speech, ByteView request, ByteView body);
/// The body of a whole request frame; empty when it is shorter than one.
ByteView body_of(Speech speech, ByteView request);

/// Whom a body is from or for; value 0: a wildcard.
UnitAddress unit_in(Speech speech, ByteView body);
/// Writes another unit's address into it. `unit` speaks the same.
void readdress(Speech speech, UnitAddress unit, Bytes& body);
/// The unit a default `wrong_unit` pretends to be: the next address.
UnitAddress next_unit(UnitAddress unit);

/// Whether it carries data, and is no refusal.
bool is_reply(Speech speech, ByteView body);
/// What a meter says instead: a Modbus exception, an error word.
Bytes refusal(Speech speech, ByteView body, std::uint8_t code);
/// Makes registers of `reset` read 0 in a reply to `request`, or the item of that identifier.
void zero(Speech speech, ByteView request, const RegisterSpan& reset, Bytes& body);
/// The same of all it carries.
void zero_all(Speech speech, Bytes& body);
/// Gives an item's reply so many FE; nothing where the protocol has none.
void set_preamble(Speech speech, std::size_t count, Bytes& body);

}  // namespace steward::sim
