#pragma once
#include <memory>
#include <string>

#include "drivers/bus/line_wire.hpp"
#include "drivers/line/descriptor.hpp"
#include "drivers/line/direction.hpp"
#include "drivers/line/line_port.hpp"
#include "drivers/line/wire_time.hpp"

namespace steward {

/// A serial device that libmodbus opened and sends on; we receive from its
/// descriptor ourselves, because libmodbus takes whatever frame comes next for the
/// reply (measured: 4 of 4 wrong registers after one late reply).
/// Thread: the line's.
class RtuPort : public LinePort {
 public:
  /// Opens and claims the device. Faults: retry (not there, in use), broken (not
  /// serial, too many open files). wake: ends a wait for bytes; must outlive the port.
  static Result<std::unique_ptr<RtuPort>> open(const std::string& device, const LineFormat& format,
                                               const Wake* wake = nullptr);
  ~RtuPort() override;
  RtuPort(const RtuPort&) = delete;
  RtuPort& operator=(const RtuPort&) = delete;

  Ticks ticks() const override;
  /// An RTU frame goes out through libmodbus, which computes its CRC once more; other bytes as they are.
  Result<void> send(ByteView bytes) override;
  Result<bool> receive(Bytes& into, Ticks deadline) override;
  /// Of the device; open as long as this is.
  int descriptor() const;

 private:
  struct Context;
  explicit RtuPort(std::unique_ptr<Context> context);
  std::unique_ptr<Context> context_;
};

/// How a line at `device` is opened: the same adapter each time where its name does not say so
/// (AdapterMemory), turned as `direction` says. Faults: as RtuPort::open and with_direction.
OpenLine open_rtu(std::string device, const LineDirection& direction = {});

}  // namespace steward
