#include "drivers/cjt188/codec.hpp"

#include <cassert>

#include "contract/text/unit_text.hpp"
#include "drivers/cjt188/frame.hpp"
#include "drivers/line/bcd_frame.hpp"

namespace steward {
namespace {

constexpr std::size_t tag_bytes = 3;    // identifier, SER
constexpr std::size_t preamble = 4;     // two to four wake every meter
constexpr std::size_t type_digits = 3;  // "10:" of the unit's text
constexpr std::uint8_t flags = cjt188::reply_bit | cjt188::refusal_bit;

UnitAddress unit_of(const cjt188::Address& address) {
  const auto text = bcd::hex(address.type, 2) + ':' + cjt188::text(address);
  return read_unit_text(Protocol::cjt188, text).value_or(UnitAddress{any_digits, Protocol::cjt188});
}

HeardFrame heard(const cjt188::Frame& frame) {
  HeardFrame heard;
  heard.unit = unit_of(frame.address);
  heard.function = static_cast<std::uint8_t>(frame.control & ~flags);
  if ((frame.control & cjt188::reply_bit) == 0) {
    heard.kind = HeardFrame::Kind::request;
    return heard;
  }
  if ((frame.control & cjt188::refusal_bit) != 0) {
    heard.kind = HeardFrame::Kind::exception;
    heard.exception = frame.data.empty() ? std::uint8_t{0} : frame.data.back();
    heard.why = "the meter refuses the read";
    return heard;
  }
  if (frame.data.size() < tag_bytes) {
    heard.tag = item_tag(heard.function, 0);
    return heard;
  }
  const auto di = (std::uint32_t{frame.data[0]} << 8) | frame.data[1];
  heard.tag = item_tag(heard.function, (std::uint32_t{frame.data[2]} << 16) | di);
  put_pairs(heard, ByteView(frame.data).subspan(tag_bytes));
  return heard;
}

class Cjt188Codec final : public LineCodec {
 public:
  Bytes encode(const Asked& asked) const override {
    const auto address = cjt188::address_of(cjt188_type(asked.unit),
                                            std::string_view(unit_text(asked.unit)).substr(type_digits));
    assert(address);
    // The identifier goes out as the span has it, whichever byte the profile puts first.
    return cjt188::encode(cjt188::request({*address, static_cast<std::uint16_t>(asked.span.item()),
                                           static_cast<std::uint8_t>(asked.span.first >> 16),
                                           cjt188::IdentifierOrder::high_first}),
                          preamble);
  }
  std::optional<HeardFrame> take(ByteView& bytes) const override {
    const auto frame = cjt188::take_frame(bytes);
    if (!frame) return std::nullopt;
    return heard(*frame);
  }
  std::size_t length(ByteView bytes) const override { return cjt188::burst_length(bytes); }
};

}  // namespace

const LineCodec& cjt188_codec() {
  static const Cjt188Codec codec;
  return codec;
}

}  // namespace steward
