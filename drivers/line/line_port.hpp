#pragma once
#include "contract/nouns/bytes.hpp"
#include "contract/nouns/clock.hpp"
#include "contract/nouns/result.hpp"

namespace steward {

/// The most bytes a burst may have before it is cut off: two RTU frames of the
/// largest size (256, MODBUS over Serial Line V1.02, 2.5.1). More is babble.
inline constexpr std::size_t max_burst_bytes = 512;

/// Bytes and times of one open serial line: all that an exchange needs, so that
/// tests can be the wire and own its clock.
/// Thread: the line's.
class LinePort {
 public:
  virtual ~LinePort() = default;

  virtual Ticks ticks() const = 0;
  /// Hands all bytes to the device. Faults: retry (the device is gone).
  virtual Result<void> send(ByteView bytes) = 0;
  /// True when send() returns only after the last bit went out; else the kernel still has the bytes.
  virtual bool sends_whole() const { return false; }
  /// Appends what has arrived to `into`, waiting until `deadline` for the first of
  /// it; false when nothing came, or when woken early. Faults: retry (the device is gone).
  virtual Result<bool> receive(Bytes& into, Ticks deadline) = 0;
};

}  // namespace steward
