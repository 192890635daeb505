#include "tests/fault/device.hpp"

namespace steward::fault {
namespace {

constexpr std::size_t request_bytes = 8;

std::uint16_t two(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] * 256 + bytes[at + 1]);
}

/// The rest of dividing one nibble by the polynomial, for all sixteen: four steps of the
/// standard's loop at a time.
constexpr std::array<std::uint16_t, 16> nibble_rests() {
  std::array<std::uint16_t, 16> rests{};
  for (unsigned nibble = 0; nibble < 16; ++nibble) {
    unsigned rest = nibble;
    for (int step = 0; step < 4; ++step) rest = rest % 2 == 1 ? rest / 2 ^ 0xA001U : rest / 2;
    rests[nibble] = static_cast<std::uint16_t>(rest);
  }
  return rests;
}
constexpr auto rests = nibble_rests();

}  // namespace

std::optional<int> key_of(RegisterKind kind, std::uint32_t address) {
  if (kind == RegisterKind::dlt645_item) {
    if (address == dlt645_date) return 50;
    if (address == dlt645_time) return 53;
    if ((address & 0xFFFF00FFU) != dlt645_item_base || (address >> 8 & 0xFFU) >= 40) return std::nullopt;
    return static_cast<int>(address >> 8 & 0xFFU);
  }
  if (kind == RegisterKind::cjt188_item) {
    const std::uint32_t item = address & 0xFFFFU;
    if (item < cjt188_item_base || item >= cjt188_item_base + 64) return std::nullopt;
    return static_cast<int>(item - cjt188_item_base);
  }
  if (kind == RegisterKind::input)
    return address < 8 ? std::optional(static_cast<int>(40 + address)) : std::nullopt;
  if (address < 40 || (address >= 48 && address < 64)) return static_cast<int>(address);
  return std::nullopt;
}

std::uint16_t plain_crc(ByteView bytes) {
  unsigned crc = 0xFFFF;
  for (const auto byte : bytes) {
    crc ^= byte;
    crc = crc / 16 ^ rests[crc % 16];
    crc = crc / 16 ^ rests[crc % 16];
  }
  return static_cast<std::uint16_t>(crc);
}

void seal(Bytes& bytes) {
  const auto crc = plain_crc(bytes);
  bytes.push_back(static_cast<std::uint8_t>(crc % 256));
  bytes.push_back(static_cast<std::uint8_t>(crc / 256));
}

bool Device::hears(ByteView request) const {
  if (!speaks(Protocol::modbus)) return item_hears(unit_, request);
  if (request.size() != request_bytes || request[0] != unit_.value) return false;
  if (request[1] != 3 && request[1] != 4) return false;
  const auto crc = plain_crc(request.first(request_bytes - 2));
  return request[6] == crc % 256 && request[7] == crc / 256;
}

Bytes Device::answer(ByteView request, Ticks at, bool garbled) {
  if (!speaks(Protocol::modbus)) return item_answer(request, at, garbled);
  const auto kind = static_cast<RegisterKind>(request[1]);
  const auto first = two(request, 2);
  const auto count = two(request, 4);
  if (count == 0 || count > 125) return refuse(request, 3);
  if (first + count > 64 || !key_of(kind, first) ||
      !key_of(kind, static_cast<std::uint16_t>(first + count - 1)))
    return refuse(request, 2);
  ++dial_;
  samples_[dial_ % samples_kept] = {at, garbled};
  Bytes frame{static_cast<std::uint8_t>(unit_.value), request[1], static_cast<std::uint8_t>(2 * count)};
  frame.reserve(5 + 2 * std::size_t{count});
  for (unsigned offset = 0; offset < count; ++offset) {
    const auto key = key_of(kind, static_cast<std::uint16_t>(first + offset));
    const unsigned said = key ? word(*key, dial_) : 0;
    frame.push_back(static_cast<std::uint8_t>(said / 256));
    frame.push_back(static_cast<std::uint8_t>(said % 256));
  }
  seal(frame);
  return frame;
}

Bytes Device::refuse(ByteView request, std::uint8_t code) const {
  if (!speaks(Protocol::modbus)) return item_refuse(request, code);
  Bytes frame{static_cast<std::uint8_t>(unit_.value), static_cast<std::uint8_t>(request[1] | 0x80), code};
  seal(frame);
  return frame;
}

std::uint16_t Device::word(int key, std::uint32_t sample) const {
  if (key == serial_register) return static_cast<std::uint16_t>(0xE000U + number_);
  if (key == serial_register + 1) return static_cast<std::uint16_t>(0xF000U + 0x111U * number_);
  const unsigned half = key % 2 == 0 ? sample % 64 : sample / 64 % 64;
  return static_cast<std::uint16_t>(number_ * 0x1000U + static_cast<unsigned>(key) * 64U + half);
}

}  // namespace steward::fault
