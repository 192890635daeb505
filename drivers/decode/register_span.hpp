#pragma once
#include <compare>
#include <cstdint>

#include "contract/nouns/ids.hpp"

namespace steward {

/// What asks for data: Modbus's function code, or the control code of a Chinese meter.
enum class RegisterKind : std::uint8_t {
  holding = 0x03,      // MODBUS Application Protocol V1.1b3, 6.3
  input = 0x04,        // 6.4
  dlt645_item = 0x11,  // DL/T 645-2007, 7.1: read data
  cjt188_item = 0x01,  // CJ/T 188: read data
};

constexpr Protocol protocol_of(RegisterKind kind) {
  switch (kind) {
    case RegisterKind::dlt645_item: return Protocol::dlt645;
    case RegisterKind::cjt188_item: return Protocol::cjt188;
    case RegisterKind::holding:
    case RegisterKind::input: break;
  }
  return Protocol::modbus;
}

/// The most registers one request may ask for (V1.1b3, 6.3 and 6.4: 0x7D).
inline constexpr std::uint16_t max_span_words = 125;
/// The most data bytes of an item that are taken, over all its frames.
inline constexpr std::uint16_t max_item_bytes = 250;

/// What one request asks for: a run of neighbouring 16-bit registers, or a data item (数据标识)
/// of a Chinese meter, whose bytes are taken in pairs as if they were registers; an odd last one
/// is filled up with 0.
///   modbus  first = the address on the wire, 0x0000..0xFFFF; count = 1..125 registers
///   dlt645  first = the identifier as printed, 0x00010000: forward active total;
///           count = bytes of its data, 1..250
///   cjt188  first = SER x 0x10000 + the identifier as on the wire, first byte first: 0x901F
///           (2004) or 0x1F90 (2018 and many makers); count = bytes of its data, 1..250
struct RegisterSpan {
  RegisterKind kind = RegisterKind::holding;
  std::uint32_t first = 0;
  std::uint16_t count = 0;

  /// Of a run: what stands in the request.
  constexpr std::uint16_t address() const { return static_cast<std::uint16_t>(first); }
  /// How many words a reply brings.
  constexpr std::uint16_t words() const {
    return is_item() ? static_cast<std::uint16_t>((count + 1) / 2) : count;
  }

  /// One past the last address of a run; 0x10000 for a run that ends at 0xFFFF.
  constexpr std::uint32_t end() const { return first + count; }
  constexpr bool is_item() const { return protocol_of(kind) != Protocol::modbus; }
  /// Whether everything of `inner` is in this. An item holds itself and the same under another SER.
  constexpr bool holds(const RegisterSpan& inner) const {
    if (kind != inner.kind) return false;
    if (is_item()) return item() == inner.item() && inner.count <= count;
    return first <= inner.first && inner.end() <= end();
  }
  /// The identifier, SER taken off.
  constexpr std::uint32_t item() const { return kind == RegisterKind::cjt188_item ? first & 0xFFFF : first; }

  friend auto operator<=>(const RegisterSpan&, const RegisterSpan&) = default;
};

}  // namespace steward
