#include "drivers/dlt645/frame.hpp"

#include <algorithm>
#include <cassert>

#include "drivers/line/bcd_frame.hpp"

namespace steward::dlt645 {
namespace {

using bcd::hex;
using bcd::sum_of;

constexpr std::uint8_t offset = 0x33;
constexpr std::size_t head = 10;  // 68, address, 68, C, L
constexpr bcd::Shape shape{head, 9, 7, most_data};
constexpr std::uint8_t no_such_data = 0x02;  // error word, bit 1 (7.1.3)

void put_identifier(Bytes& data, std::uint32_t di) {
  for (int shift = 0; shift < 32; shift += 8) data.push_back(static_cast<std::uint8_t>(di >> shift));
}

Error malformed(std::string why) { return Error{Fault::malformed, std::move(why)}; }

}  // namespace

std::optional<Address> address_of(std::string_view digits) {
  Address address;
  if (!bcd::read_digits(digits, address.wire)) return std::nullopt;
  return address;
}

std::string text(const Address& address) { return bcd::text(address.wire); }

bool matches(const Address& asked, const Address& meter) { return bcd::matches(asked.wire, meter.wire); }

Bytes encode(const Frame& frame, std::size_t preamble) {
  assert(frame.data.size() <= most_data && preamble <= bcd::most_preamble);
  Bytes bytes(preamble, bcd::wakes);
  bytes.push_back(bcd::begins);
  bytes.insert(bytes.end(), frame.address.wire.begin(), frame.address.wire.end());
  bytes.push_back(bcd::begins);
  bytes.push_back(frame.control);
  bytes.push_back(static_cast<std::uint8_t>(frame.data.size()));
  for (const auto byte : frame.data) bytes.push_back(static_cast<std::uint8_t>(byte + offset));
  bytes.push_back(sum_of(ByteView(bytes).subspan(preamble)));
  bytes.push_back(bcd::ends);
  return bytes;
}

Frame request(const Asked& asked) {
  Frame frame{
      asked.address, static_cast<std::uint8_t>(asked.sequence == 0 ? Control::read : Control::read_more), {}};
  put_identifier(frame.data, asked.di);
  if (asked.sequence != 0) frame.data.push_back(asked.sequence);
  return frame;
}

std::optional<Frame> take_frame(ByteView& bytes) {
  const auto body = bcd::take_frame(shape, bytes);
  if (body.empty()) return std::nullopt;
  Frame frame;
  std::copy_n(body.begin() + 1, frame.address.wire.size(), frame.address.wire.begin());
  frame.control = body[8];
  for (const auto byte : body.subspan(head, body.size() - head - bcd::tail))
    frame.data.push_back(static_cast<std::uint8_t>(byte - offset));
  return frame;
}

Burst read_burst(ByteView bytes) {
  Burst burst;
  while (auto frame = take_frame(bytes)) burst.frames.push_back(std::move(*frame));
  burst.rest = bytes.size();
  return burst;
}

std::size_t burst_length(ByteView so_far) { return bcd::burst_length(shape, so_far); }

Error refusal(const Frame& frame) {
  if (frame.data.size() != 1)
    return malformed("a refusal of " + std::to_string(frame.data.size()) + " bytes");
  const auto bits = frame.data[0];
  if ((bits & no_such_data) != 0) return Error{Fault::unsupported, "the meter has no such data"};
  return Error{Fault::retry, "the meter refuses: error word 0x" + hex(bits, 2)};
}

Result<Reply> accept(const Asked& asked, const Frame& frame) {
  if (!matches(asked.address, frame.address))
    return malformed("meter " + text(frame.address) + " answers instead of " + text(asked.address));
  const auto open = request(asked);
  const auto control = static_cast<std::uint8_t>(frame.control & ~more_bit);
  if (control == (open.control | reply_bit | refusal_bit)) return refusal(frame);
  if (control != (open.control | reply_bit))
    return malformed("control 0x" + hex(frame.control, 2) + " does not answer 0x" + hex(open.control, 2));
  const std::size_t behind = asked.sequence == 0 ? 0 : 1;  // the sequence stands behind the data
  if (frame.data.size() < 4 + behind) return malformed("too short for its identifier");
  if (!std::equal(open.data.begin(), open.data.begin() + 4, frame.data.begin()))
    return malformed("the reply is about another identifier than " + hex(asked.di, 8));
  if (behind == 1 && frame.data.back() != asked.sequence)
    return malformed("part " + std::to_string(frame.data.back()) + " instead of " +
                     std::to_string(asked.sequence));
  const auto last = frame.data.end() - static_cast<std::ptrdiff_t>(behind);
  return Reply{frame.address, Bytes(frame.data.begin() + 4, last), (frame.control & more_bit) != 0};
}

Result<Address> accept_address(const Frame& frame) {
  if (frame.control != (static_cast<std::uint8_t>(Control::read_address) | reply_bit) ||
      frame.data.size() != 6)
    return malformed("not the reply to a read of the address");
  Address address;
  std::copy(frame.data.begin(), frame.data.end(), address.wire.begin());
  if (address != frame.address) return malformed("the meter says two addresses");
  return address;
}

std::optional<std::int64_t> decimal(ByteView low_first) {
  if (low_first.size() > 9) return std::nullopt;
  std::int64_t value = 0;
  for (std::size_t at = low_first.size(); at-- > 0;) {
    const int high = low_first[at] >> 4;
    const int low = low_first[at] & 0xF;
    if (high > 9 || low > 9) return std::nullopt;
    value = value * 100 + high * 10 + low;
  }
  return value;
}

}  // namespace steward::dlt645
