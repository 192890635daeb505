#pragma once
#include <cstdint>
#include <optional>

#include "contract/nouns/bytes.hpp"
#include "drivers/modbus/burst.hpp"

namespace steward {

/// A Modbus TCP frame with what it answers.
struct MbapFrame {
  std::uint16_t transaction = 0;
  HeardFrame frame;
};

/// Cuts a TCP stream into Modbus TCP frames, however it was split on its way.
///
///   00 07 | 00 00 | 00 07 | 01 | 04 04 43 66 33 34
///   trans.  proto   length  unit PDU                 MODBUS Messaging on TCP/IP V1.0b, 3.1.3
///
/// Bounded: holds less than one frame (260 bytes) between calls of `next`.
/// Pure. Thread: any, one at a time.
class MbapStream {
 public:
  /// bytes: at most 4 KiB between two times that `next` was called until it gave nothing.
  void add(ByteView bytes);
  /// The next whole frame; nothing: more must come, or the stream is broken.
  std::optional<MbapFrame> next();
  /// Something came that is no reply: what follows cannot be told apart.
  bool is_broken() const { return broken_; }

 private:
  Bytes bytes_;
  std::size_t taken_ = 0;
  bool broken_ = false;
};

}  // namespace steward
