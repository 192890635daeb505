#include "drivers/modbus/rtu_codec.hpp"

#include "drivers/modbus/burst.hpp"
#include "drivers/modbus/frame.hpp"

namespace steward {
namespace {

class RtuCodec final : public LineCodec {
 public:
  Bytes encode(const Asked& asked) const override {
    return encode_request({Framing::rtu, 0, asked.unit, asked.span});
  }
  std::optional<HeardFrame> take(ByteView& bytes) const override { return take_rtu(bytes); }
  std::size_t length(ByteView bytes) const override { return rtu_length(bytes); }
  Burst read_burst(ByteView request, ByteView bytes) const override {
    return steward::read_burst(request, bytes);
  }
  std::size_t burst_length(const Asked& asked, ByteView request, ByteView so_far) const override {
    return steward::burst_length(asked, request, so_far);
  }
};

}  // namespace

const LineCodec& rtu_codec() {
  static const RtuCodec codec;
  return codec;
}

}  // namespace steward
