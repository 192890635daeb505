#pragma once
#include <deque>
#include <optional>

#include "drivers/bus/line_guard.hpp"
#include "drivers/modbus/mbap_stream.hpp"
#include "tests/fault/virtual_line.hpp"

namespace steward::fault {

/// A Modbus TCP gateway before the virtual line, and the master's end of its connection.
///
///   master ── MBAP, transaction ids ── gateway ── RTU ── line of devices
///
/// The gateway is of the worst kind: it forwards one request after the other, waits 100 to 600 ms of
/// its own, whatever the master's time-out is, then says 0x0B; it wraps the first frame that comes in
/// the transaction it has open, looking at neither unit nor function; and every second time it keeps
/// what came too late in its buffer for the next request.
/// The master's end takes the stream apart by the product's MbapStream and follows GatewayWire: the open
/// transaction's frame may answer, an older one's is a stray.
class VirtualGateway {
 public:
  /// keeps: whether it may keep late bytes at all. Kept until somebody asks, a reply is later than any D, so
  /// a gateway on a line without order must not, or neither of the time proof's assumptions holds.
  VirtualGateway(VirtualLine& line, std::uint64_t seed, bool keeps)
      : line_(line), dice_(seed), keeps_(keeps) {}

  Heard hear(const Sending& sending);
  /// Nobody asks until then; what comes is kept for the next request.
  void idle(Ticks until) { pump(until, std::nullopt); }
  /// The connection is new: what was asked on the old one is not answered on it.
  void reconnect();

 private:
  struct Forwarded {
    std::optional<std::uint16_t> transaction;  // none: of an older connection
    Bytes rtu;
    Ticks until;
  };
  std::optional<HeardFrame> pump(Ticks until, std::optional<std::uint16_t> wanted);
  std::optional<HeardFrame> answer(Bytes frame, std::optional<std::uint16_t> wanted);
  Bytes take_frame();

  VirtualLine& line_;
  Dice dice_;
  const bool keeps_;
  std::uint16_t transaction_ = 0;
  std::deque<Forwarded> queue_;
  std::optional<Forwarded> open_;
  Bytes buffer_;
  MbapStream stream_;
  std::vector<StrayFrame> strays_;
};

}  // namespace steward::fault
