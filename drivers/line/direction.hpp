#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "drivers/line/line_port.hpp"
#include "drivers/line/wire_time.hpp"

namespace steward {

/// Who turns an RS-485 transceiver from listening to sending and back.
enum class DirectionMode : std::uint8_t {
  automatic,     // the converter, by itself: nothing is set
  kernel,        // the serial driver (TIOCSRS485), from its transmit interrupt
  rts,           // we: RTS is raised while sending
  rts_inverted,  // we: RTS is lowered while sending
};

/// The longest rest that the kernel's serial core grants (serial_core.c, RS485_MAX_RTS_DELAY: 100 ms).
inline constexpr Milliseconds max_direction_delay{100};

struct LineDirection {
  DirectionMode mode = DirectionMode::automatic;
  Milliseconds before{0};  // sending is on for so long before the first bit; 0..100
  Milliseconds after{0};   // and after the last one; the meter must not answer within it; 0..100

  friend bool operator==(const LineDirection&, const LineDirection&) = default;
};

/// What turning a line needs of its driver and its clock; a test is both. Thread: the line's.
class SerialControl {
 public:
  virtual ~SerialControl() = default;

  /// ioctl(2) on the line's descriptor: 0, or errno.
  virtual int control(unsigned long request, void* argument) = 0;
  virtual Ticks ticks() const = 0;
  /// Returns at `until`, to the microsecond.
  virtual void wait_until(Ticks until) = 0;
};

/// The real one. descriptor: stays open as long as it is used.
std::unique_ptr<SerialControl> serial_control(int descriptor);

/// Puts a turn around everything that is sent through `port`.
///
/// kernel: what the board's device tree says of polarity and echo is kept, and put back at the end.
/// rts: send() returns when the last bit is out and the line turned back, never before: an early turn
/// cuts off the frame's end. Not by libmodbus' RTS mode: it reckons when the bytes are out
/// and does not ask the driver (3.1.6, modbus-rtu.c), and its closing rest is added to that, so that a
/// meter which answers within some ms is not heard. Nor by tcdrain(3) alone, which may come 25 ms late for
/// the same reason: after the reckoned time the transmitter itself is asked (TIOCSERGETLSR, else TIOCOUTQ).
/// device: for messages. Faults: broken (the driver cannot turn it, or not with these delays;
/// the message says what to do, in English and Chinese). Thread: the line's.
Result<std::unique_ptr<LinePort>> with_direction(std::unique_ptr<LinePort> port,
                                                 std::unique_ptr<SerialControl> control,
                                                 const std::string& device, const LineFormat& format,
                                                 const LineDirection& direction);

}  // namespace steward
