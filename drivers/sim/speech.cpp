#include "drivers/sim/speech.hpp"

#include <algorithm>

#include "drivers/modbus/frame.hpp"
#include "drivers/sim/item_frame.hpp"

namespace steward::sim {
namespace {

constexpr std::size_t mbap_header = 6;  // before the unit: transaction, protocol, length
constexpr std::size_t tail_bytes = 2;   // CRC; sum and 16
constexpr std::size_t read_request = 6;
constexpr std::uint8_t exception_bit = 0x80;
constexpr std::uint8_t reply_bit = 0x80;
constexpr std::uint8_t refusal_bit = 0x40;
constexpr std::uint8_t wakes = 0xFE;
constexpr std::uint8_t masked = 0x33;  // DL/T 645 adds it to data
constexpr std::uint64_t last_unit = 247;

bool modbus(Speech speech) { return speech == Speech::rtu || speech == Speech::mbap; }
ItemSpeech items_of(Speech speech) {
  return speech == Speech::cjt188 ? ItemSpeech::cjt188 : ItemSpeech::dlt645;
}

std::size_t preamble_of(ByteView body) {
  return static_cast<std::size_t>(std::ranges::find_if(body, [](auto byte) { return byte != wakes; }) -
                                  body.begin());
}
ByteView from_68(ByteView body) { return body.subspan(preamble_of(body)); }

/// Where an item's data begins behind its identifier (and SER).
std::size_t item_data_at(Speech speech, ByteView body) {
  return preamble_of(body) + data_at(items_of(speech)) + (speech == Speech::cjt188 ? 3 : 4);
}

std::uint32_t identifier_in(Speech speech, ByteView body) {
  const ByteView data = from_68(body).subspan(data_at(items_of(speech)));
  if (speech == Speech::cjt188) return data.size() < 2 ? 0U : data[0] * 256U + data[1];
  std::uint32_t identifier = 0;
  for (std::size_t at = std::min<std::size_t>(data.size(), 4); at-- > 0;)
    identifier = identifier * 256U + static_cast<std::uint8_t>(data[at] - masked);
  return identifier;
}

}  // namespace

Bytes wrapped(Speech speech, ByteView request, ByteView body) {
  if (!modbus(speech)) return item_frame(from_68(body), preamble_of(body));
  Bytes frame;
  frame.reserve(mbap_header + body.size() + tail_bytes);
  if (speech == Speech::mbap) {
    const auto length = static_cast<std::uint16_t>(body.size());
    const std::uint8_t header[mbap_header] = {request[0],
                                              request[1],
                                              0,
                                              0,
                                              static_cast<std::uint8_t>(length >> 8),
                                              static_cast<std::uint8_t>(length & 0xFF)};
    for (const std::uint8_t byte : header) frame.push_back(byte);
  }
  for (const std::uint8_t byte : body) frame.push_back(byte);
  if (speech == Speech::rtu) {
    const std::uint16_t crc = crc16(body);
    frame.push_back(static_cast<std::uint8_t>(crc & 0xFF));
    frame.push_back(static_cast<std::uint8_t>(crc >> 8));
  }
  return frame;
}

ByteView body_of(Speech speech, ByteView request) {
  if (!modbus(speech)) {
    if (item_body(items_of(speech), request).empty()) return {};
    return request.first(request.size() - tail_bytes);
  }
  const std::size_t around = speech == Speech::mbap ? mbap_header : tail_bytes;
  if (request.size() < around + 2) return {};
  return speech == Speech::mbap ? request.subspan(mbap_header) : request.first(request.size() - tail_bytes);
}

UnitAddress unit_in(Speech speech, ByteView body) {
  if (modbus(speech)) return UnitAddress{body[0]};
  const auto protocol = speech == Speech::cjt188 ? Protocol::cjt188 : Protocol::dlt645;
  return {number_in(items_of(speech), from_68(body)).value_or(0), protocol};
}

void readdress(Speech speech, UnitAddress unit, Bytes& body) {
  if (modbus(speech)) {
    body[0] = unit.byte();
    return;
  }
  const std::size_t preamble = preamble_of(body);
  Bytes bare(body.begin() + static_cast<std::ptrdiff_t>(preamble), body.end());
  put_number(items_of(speech), unit.value, bare);
  std::ranges::copy(bare, body.begin() + static_cast<std::ptrdiff_t>(preamble));
}

UnitAddress next_unit(UnitAddress unit) {
  if (unit.protocol == Protocol::modbus) return UnitAddress{unit.value % last_unit + 1};
  return {unit.value + 1, unit.protocol};
}

bool is_reply(Speech speech, ByteView body) {
  if (modbus(speech)) return body.size() >= 3 && (body[1] & exception_bit) == 0;
  const ByteView bare = from_68(body);
  if (bare.size() <= data_at(items_of(speech))) return false;
  return (bare[control_at(items_of(speech))] & (reply_bit | refusal_bit)) == reply_bit;
}

Bytes refusal(Speech speech, ByteView body, std::uint8_t code) {
  if (modbus(speech)) return {body[0], static_cast<std::uint8_t>(body[1] | exception_bit), code};
  const std::size_t control = preamble_of(body) + control_at(items_of(speech));
  Bytes refused(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(control + 2));
  refused[control] = static_cast<std::uint8_t>((body[control] & 0x1F) | reply_bit | refusal_bit);
  const Bytes why =
      speech == Speech::cjt188 ? Bytes{0, code, 0} : Bytes{static_cast<std::uint8_t>(code + masked)};
  refused[control + 1] = static_cast<std::uint8_t>(why.size());
  refused.insert(refused.end(), why.begin(), why.end());
  return refused;
}

void zero(Speech speech, ByteView request, const RegisterSpan& reset, Bytes& body) {
  if (!is_reply(speech, body)) return;
  if (!modbus(speech)) {
    if (reset.is_item() && identifier_in(speech, request) == reset.item()) zero_all(speech, body);
    return;
  }
  if (request.size() != read_request || body[1] != static_cast<std::uint8_t>(reset.kind)) return;
  const std::uint32_t first = (std::uint32_t{request[2]} << 8U) | request[3];
  for (std::size_t at = 3; at + 1 < body.size(); at += 2) {
    const auto address = first + static_cast<std::uint32_t>((at - 3) / 2);
    if (address >= reset.first && address < reset.end()) body[at] = body[at + 1] = 0;
  }
}

void zero_all(Speech speech, Bytes& body) {
  if (!is_reply(speech, body)) return;
  const std::size_t first = modbus(speech) ? 3 : item_data_at(speech, body);
  const std::uint8_t none = speech == Speech::dlt645 ? masked : std::uint8_t{0};
  for (std::size_t at = first; at < body.size(); ++at) body[at] = none;
}

void set_preamble(Speech speech, std::size_t count, Bytes& body) {
  if (modbus(speech)) return;
  body.erase(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(preamble_of(body)));
  body.insert(body.begin(), count, wakes);
}

}  // namespace steward::sim
