#include "drivers/dlt645/codec.hpp"

#include <cassert>

#include "contract/text/unit_text.hpp"
#include "drivers/dlt645/frame.hpp"

namespace steward {
namespace {

constexpr std::size_t identifier_bytes = 4;
constexpr std::uint8_t flags = dlt645::reply_bit | dlt645::refusal_bit | dlt645::more_bit;
constexpr auto read_code = static_cast<std::uint8_t>(dlt645::Control::read);
constexpr auto more_code = static_cast<std::uint8_t>(dlt645::Control::read_more);

UnitAddress unit_of(const dlt645::Address& address) {
  const auto unit = read_unit_text(Protocol::dlt645, dlt645::text(address));
  return unit.value_or(UnitAddress{any_digits, Protocol::dlt645});
}

HeardFrame heard(const dlt645::Frame& frame) {
  HeardFrame heard;
  heard.unit = unit_of(frame.address);
  heard.function = static_cast<std::uint8_t>(frame.control & ~flags);
  if ((frame.control & dlt645::reply_bit) == 0) {
    heard.kind = HeardFrame::Kind::request;
    return heard;
  }
  if ((frame.control & dlt645::refusal_bit) != 0) {
    heard.kind = HeardFrame::Kind::exception;
    heard.exception = frame.data.empty() ? std::uint8_t{0} : frame.data[0];
    auto error = dlt645::refusal(frame);
    heard.refusal = error.fault;
    heard.why = std::move(error.message);
    return heard;
  }
  const bool follows = heard.function == more_code;
  const std::size_t least = identifier_bytes + (follows ? 1 : 0);
  if ((heard.function != read_code && !follows) || frame.data.size() < least) {
    heard.tag = item_tag(heard.function, 0);
    return heard;
  }
  std::uint32_t di = 0;
  for (std::size_t at = identifier_bytes; at-- > 0;) di = (di << 8) | frame.data[at];
  const std::uint8_t sequence = follows ? frame.data.back() : std::uint8_t{0};
  heard.tag = item_tag(heard.function, di, sequence);
  heard.more = (frame.control & dlt645::more_bit) != 0;
  const ByteView data(frame.data);
  put_pairs(heard, data.subspan(identifier_bytes, data.size() - least));
  return heard;
}

class Dlt645Codec final : public LineCodec {
 public:
  Bytes encode(const Asked& asked) const override {
    const auto address = dlt645::address_of(unit_text(asked.unit));
    assert(address);
    return dlt645::encode(dlt645::request({*address, asked.span.first, asked.sequence}));
  }
  std::optional<HeardFrame> take(ByteView& bytes) const override {
    const auto frame = dlt645::take_frame(bytes);
    if (!frame) return std::nullopt;
    return heard(*frame);
  }
  std::size_t length(ByteView bytes) const override { return dlt645::burst_length(bytes); }
};

}  // namespace

const LineCodec& dlt645_codec() {
  static const Dlt645Codec codec;
  return codec;
}

}  // namespace steward
