#pragma once
#include <optional>
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "drivers/bus/heard.hpp"

namespace steward {

/// How a protocol's frames look on a serial line. Pure; values in, values out. Thread: any.
class LineCodec {
 public:
  virtual ~LineCodec() = default;

  virtual Bytes encode(const Asked& asked) const = 0;
  /// Takes the whole frame with a good checksum that stands at the front; nothing, and `bytes`
  /// stays, where none does. A frame is never searched for at an offset.
  virtual std::optional<HeardFrame> take(ByteView& bytes) const = 0;
  /// How many bytes the frame that begins here has, as far as can be told; at most what is
  /// there already: nothing more is waited for.
  virtual std::size_t length(ByteView bytes) const = 0;

  /// Everything received since our request's last byte, taken apart; request: our bytes, or empty.
  virtual Burst read_burst(ByteView request, ByteView bytes) const;
  /// How many bytes a burst must have before it can be judged: up to the end of the frame that
  /// answers `asked`, or of the next frame begun. `so_far.size()` when it can be.
  virtual std::size_t burst_length(const Asked& asked, ByteView request, ByteView so_far) const;
};

/// Several protocols on one line, where baud rate and parity agree.
///
/// A burst may hold frames of each, one behind the other. Bytes that are a whole frame of two
/// protocols at once are a frame of none.
class MixedCodec final : public LineCodec {
 public:
  struct Member {
    Protocol protocol;
    const LineCodec* codec;  // outlives this
  };
  explicit MixedCodec(std::vector<Member> members) : members_(std::move(members)) {}

  Bytes encode(const Asked& asked) const override;
  std::optional<HeardFrame> take(ByteView& bytes) const override;
  std::size_t length(ByteView bytes) const override;

 private:
  std::vector<Member> members_;
};

}  // namespace steward
