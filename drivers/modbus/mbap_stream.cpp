#include "drivers/modbus/mbap_stream.hpp"

#include "drivers/modbus/burst.hpp"

namespace steward {
namespace {

constexpr std::size_t length_bytes = 6;   // transaction, protocol, length
constexpr std::size_t most_length = 254;  // unit and PDU: V1.0b, 4.1
constexpr std::uint8_t exception_bit = 0x80;

std::uint16_t get16(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>((bytes[at] << 8) | bytes[at + 1]);
}

/// unit | function | byte count | registers, or unit | function + 0x80 | code.
std::optional<HeardFrame> frame_of(ByteView body) {
  HeardFrame frame;
  frame.unit = UnitAddress{body[0]};
  frame.function = body[1] & static_cast<std::uint8_t>(~exception_bit);
  if ((body[1] & exception_bit) != 0) {
    if (body.size() != 3) return std::nullopt;
    return exception_frame(frame.unit, frame.function, body[2]);
  }
  const bool registers = frame.function == 3 || frame.function == 4;
  if (!registers || body.size() < 5 || body[2] % 2 != 0 || body.size() != 3U + body[2]) return std::nullopt;
  frame.words.resize(body[2] / 2U);
  for (std::size_t at = 0; at < frame.words.size(); ++at) frame.words[at] = get16(body, 3 + 2 * at);
  frame.tag = register_tag(frame.function, frame.words.size());
  return frame;
}

}  // namespace

void MbapStream::add(ByteView bytes) {
  if (broken_) return;
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ = 0;
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

std::optional<MbapFrame> MbapStream::next() {
  const ByteView left = ByteView(bytes_).subspan(taken_);
  if (broken_ || left.size() < length_bytes) return std::nullopt;
  const std::size_t length = get16(left, 4);
  if (length < 3 || length > most_length || get16(left, 2) != 0) {
    broken_ = true;
    return std::nullopt;
  }
  if (left.size() < length_bytes + length) return std::nullopt;
  auto frame = frame_of(left.subspan(length_bytes, length));
  if (!frame) {
    broken_ = true;
    return std::nullopt;
  }
  taken_ += length_bytes + length;
  return MbapFrame{get16(left, 0), std::move(*frame)};
}

}  // namespace steward
