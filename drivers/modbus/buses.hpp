#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "contract/nouns/clock.hpp"
#include "drivers/bus/guard_book.hpp"
#include "drivers/bus/line_guard.hpp"
#include "drivers/bus/line_wire.hpp"
#include "drivers/bus/register_bus.hpp"
#include "drivers/line/wire_time.hpp"
#include "drivers/modbus/tcp_link.hpp"

namespace steward {

class Loop;

/// A meter with a network plug of its own.
struct TcpBusSetup {
  std::string host;  // name or address
  std::uint16_t port = 502;
  Milliseconds connect_timeout{3000};
  Milliseconds reply_timeout{1000};
  Milliseconds backoff_first{250};  // after a failed connect, doubled each time, +/- 20 %
  Milliseconds backoff_max{30'000};
  std::uint16_t first_transaction = 1;  // goes round after 65535
  std::size_t pipeline = 1;             // requests the device takes at once (its profile says); at most 16
  std::vector<GuardedUnit> units;       // who must be identified; others are read as they are
  std::shared_ptr<LineTap> tap;         // who looks on sees its bytes there; may be none

  TcpPlace place() const { return {host, port, connect_timeout, backoff_first, backoff_max, tap}; }
};

/// A bus over one TCP connection to the device itself, opened at the first read and again after a loss.
///
/// Each request carries a new transaction id, which alone says what a reply is to; one
/// that is not open, or a reply that does not fit its request (protocol, unit, function,
/// length), is never a value and the connection is dropped, because what follows it
/// cannot be told apart. On each connection a unit of `units` is identified anew;
/// nothing is quarantined for a time, since nothing old can arrive on a fresh connection.
/// While the peer is away a read fails at once with `retry` until the back-off is over.
/// NOT for a gateway with a line behind it: that wraps a late RTU reply in the new id.
/// book: keeps serials; may be nullptr. Thread: loop. The bus must outlive its reads; the
/// loop must outlive the bus.
std::unique_ptr<RegisterBus> make_tcp_bus(Loop& loop, TcpBusSetup setup, GuardBook* book = nullptr);

/// A line behind a TCP peer.
struct GatewayBusSetup {
  TcpPlace place;
  bool rtu_frames = false;  // RTU frames over the connection (a serial device server), else Modbus TCP
  const LineCodec* codec = nullptr;  // rtu_frames: of all that is spoken there; none: RTU; outlives the bus
  Milliseconds reply_timeout{1000};  // the longest
  std::vector<GuardedUnit> units;    // every unit that is ever asked
  std::int64_t probe_permille = 40;  // of line time, for the probes of all quarantined units
};

/// A bus over a TCP connection to a line of meters: the same guard as on a line, since a
/// gateway has the line's hole behind its transaction id, and a device server has no id.
/// A reply to an id of ours that is no longer open is heard as what it is, a late one; any
/// other id, protocol or length drops the connection and quarantines every unit.
/// book: must outlive the bus. Thread: loop.
std::unique_ptr<RegisterBus> make_gateway_bus(Loop& loop, GatewayBusSetup setup, GuardBook& book);

/// One RS-485 line, opened by libmodbus.
/// setup: `open` is filled in, and `codec` where there is none: RTU meters alone. book: must outlive the bus.
std::unique_ptr<RegisterBus> make_rtu_bus(Loop& loop, LineBusSetup setup, GuardBook& book);

}  // namespace steward
