#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "drivers/bus/guard_book.hpp"
#include "drivers/bus/line_codec.hpp"
#include "drivers/bus/register_bus.hpp"
#include "drivers/bus/wire.hpp"
#include "drivers/line/descriptor.hpp"
#include "drivers/line/direction.hpp"
#include "drivers/line/line_port.hpp"
#include "drivers/line/line_tap.hpp"
#include "drivers/line/wire_time.hpp"

namespace steward {

class Loop;

/// Opens a serial device; wake ends a wait for bytes and outlives the port.
/// Faults: retry (not there, in use), broken (not serial). Thread: the line's.
using OpenLine = std::function<Result<std::unique_ptr<LinePort>>(const LineFormat& format, const Wake* wake)>;

/// One RS-485 line.
struct LineBusSetup {
  std::string device;  // "/dev/ttyS1"; for messages
  OpenLine open;
  std::shared_ptr<LineTap> tap;  // who looks on sees it there; may be none
  LineFormat format;
  LineDirection direction;           // who turns the transceiver
  const LineCodec* codec = nullptr;  // of all that is spoken on it; outlives the bus
  Milliseconds reply_timeout{1000};  // from the request's last byte to the reply's first
  Milliseconds gap{0};               // rest between requests, where it is longer than T3.5
  std::vector<GuardedUnit> units;    // every unit that is ever asked
  std::int64_t probe_permille = 40;  // of line time, for the probes of all quarantined units
};

/// A bus over one serial line, with its own thread; the device is opened at the
/// first read, exclusively, and again after it went away (an unplugged adapter).
/// Between requests the thread keeps hearing: a late reply is stamped when it comes.
///
/// We receive by length (drivers/line). Before each request the line was silent for
/// T3.5 (or `gap`), after each reply it must stay so: what arrives then spoils the
/// reply. One request is open at a time, behind the guard.
/// Thread: loop for `read`; the line's own std::jthread behind it.
/// book: must outlive the bus, as must the loop.
std::unique_ptr<RegisterBus> make_line_bus(Loop& loop, LineBusSetup setup, GuardBook& book);

}  // namespace steward
