#include "drivers/cjt188/frame.hpp"

#include <algorithm>
#include <cassert>

#include "drivers/line/bcd_frame.hpp"

namespace steward::cjt188 {
namespace {

using bcd::hex;
using bcd::sum_of;

constexpr std::size_t head = 11;  // 68, type, address, C, L
constexpr bcd::Shape shape{head, 10, 0, most_data};
constexpr std::size_t tag_bytes = 3;  // identifier and SER

Error malformed(std::string why) { return Error{Fault::malformed, std::move(why)}; }

}  // namespace

std::optional<Address> address_of(std::uint8_t type, std::string_view digits) {
  Address address;
  address.type = type;
  if (!bcd::read_digits(digits, address.wire)) return std::nullopt;
  return address;
}

std::string text(const Address& address) { return bcd::text(address.wire); }

bool matches(const Address& asked, const Address& meter) {
  return (asked.type == bcd::any || asked.type == meter.type) && bcd::matches(asked.wire, meter.wire);
}

Bytes encode(const Frame& frame, std::size_t preamble) {
  assert(frame.data.size() <= most_data && preamble <= bcd::most_preamble);
  Bytes bytes(preamble, bcd::wakes);
  bytes.push_back(bcd::begins);
  bytes.push_back(frame.address.type);
  bytes.insert(bytes.end(), frame.address.wire.begin(), frame.address.wire.end());
  bytes.push_back(frame.control);
  bytes.push_back(static_cast<std::uint8_t>(frame.data.size()));
  bytes.insert(bytes.end(), frame.data.begin(), frame.data.end());
  bytes.push_back(sum_of(ByteView(bytes).subspan(preamble)));
  bytes.push_back(bcd::ends);
  return bytes;
}

Frame request(const Asked& asked) {
  const auto high = static_cast<std::uint8_t>(asked.di >> 8);
  const auto low = static_cast<std::uint8_t>(asked.di & 0xFF);
  const bool high_first = asked.order == IdentifierOrder::high_first;
  return {asked.address,
          static_cast<std::uint8_t>(Control::read),
          {high_first ? high : low, high_first ? low : high, asked.serial}};
}

std::optional<Frame> take_frame(ByteView& bytes) {
  const auto body = bcd::take_frame(shape, bytes);
  if (body.empty()) return std::nullopt;
  Frame frame;
  frame.address.type = body[1];
  std::copy_n(body.begin() + 2, frame.address.wire.size(), frame.address.wire.begin());
  frame.control = body[9];
  const auto data = body.subspan(head, body.size() - head - bcd::tail);
  frame.data.assign(data.begin(), data.end());
  return frame;
}

Burst read_burst(ByteView bytes) {
  Burst burst;
  while (auto frame = take_frame(bytes)) burst.frames.push_back(std::move(*frame));
  burst.rest = bytes.size();
  return burst;
}

std::size_t burst_length(ByteView so_far) { return bcd::burst_length(shape, so_far); }

Result<Reply> accept(const Asked& asked, const Frame& frame) {
  if (!matches(asked.address, frame.address))
    return malformed("meter " + text(frame.address) + " answers instead of " + text(asked.address));
  const auto open = request(asked);
  if (frame.control == (open.control | reply_bit | refusal_bit))
    return Error{Fault::retry, "the meter refuses the read"};
  if (frame.control != (open.control | reply_bit))
    return malformed("control 0x" + hex(frame.control, 2) + " does not answer 0x" + hex(open.control, 2));
  if (frame.data.size() < tag_bytes) return malformed("too short for its identifier");
  if (!std::equal(open.data.begin(), open.data.begin() + 2, frame.data.begin()))
    return malformed("the reply is about another identifier than " + hex(asked.di, 4));
  if (frame.data[2] != asked.serial)
    return malformed("the reply to request " + std::to_string(frame.data[2]) + " instead of " +
                     std::to_string(asked.serial));
  return Reply{frame.address, Bytes(frame.data.begin() + tag_bytes, frame.data.end())};
}

Result<Address> accept_address(const Frame& frame) {
  const bool answers = frame.control == (static_cast<std::uint8_t>(Control::read_address) | reply_bit);
  if (!answers || frame.data.size() != tag_bytes) return malformed("not the reply to a read of the address");
  return frame.address;
}

}  // namespace steward::cjt188
