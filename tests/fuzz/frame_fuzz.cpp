// Any burst against any open request, RTU and TCP: what is accepted is exactly
// the reply that carries these words, byte for byte.
#include <cstdlib>

#include "drivers/modbus/frame.hpp"

using namespace steward;

namespace {

Bytes right_reply(const OpenRequest& open, const Words& words) {
  Bytes reply;
  if (open.framing == Framing::mbap) {
    const auto length = static_cast<std::uint8_t>(3 + 2 * words.size());
    reply = {static_cast<std::uint8_t>(open.transaction >> 8),
             static_cast<std::uint8_t>(open.transaction & 0xFF),
             0,
             0,
             0,
             length};
  }
  reply.push_back(open.unit.byte());
  reply.push_back(static_cast<std::uint8_t>(open.span.kind));
  reply.push_back(static_cast<std::uint8_t>(2 * words.size()));
  for (const auto word : words) {
    reply.push_back(static_cast<std::uint8_t>(word >> 8));
    reply.push_back(static_cast<std::uint8_t>(word & 0xFF));
  }
  if (open.framing == Framing::rtu) {
    const auto crc = crc16(reply);
    reply.push_back(static_cast<std::uint8_t>(crc & 0xFF));
    reply.push_back(static_cast<std::uint8_t>(crc >> 8));
  }
  return reply;
}

void check(const OpenRequest& open, const Bytes& burst) {
  const auto words = accept_reply(open, burst);
  if (!words) {
    if (words.error().message.empty()) std::abort();
    return;
  }
  if (words->size() != open.span.count || right_reply(open, *words) != burst) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 6) return 0;
  OpenRequest open;
  open.framing = (data[0] & 1) != 0 ? Framing::mbap : Framing::rtu;
  open.transaction = data[1];
  open.unit = UnitAddress{static_cast<std::uint8_t>(1 + data[2] % 247)};
  open.span = {(data[0] & 2) != 0 ? RegisterKind::input : RegisterKind::holding, data[3],
               static_cast<std::uint16_t>(1 + data[4] % 125)};
  const bool edited = (data[0] & 4) != 0;
  Bytes burst(data + 5, data + size);
  if (edited) {  // a right reply with some bytes changed: random bytes hardly ever have a CRC
    burst = right_reply(open, Words(open.span.count, data[5]));
    for (std::size_t at = 6; at + 1 < size; at += 2) burst[data[at] % burst.size()] = data[at + 1];
    if ((data[0] & 8) != 0) burst.resize(burst.size() - 1 - data[5] % burst.size());
    if ((data[0] & 16) != 0) burst.push_back(data[5]);
  }
  if (open.framing == Framing::rtu && (data[0] & 32) != 0 && burst.size() >= 2) {  // its CRC made right again
    const auto crc = crc16(ByteView(burst).first(burst.size() - 2));
    burst[burst.size() - 2] = static_cast<std::uint8_t>(crc & 0xFF);
    burst[burst.size() - 1] = static_cast<std::uint8_t>(crc >> 8);
  }
  check(open, burst);
  return 0;
}
