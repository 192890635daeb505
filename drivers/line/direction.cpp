#include "drivers/line/direction.hpp"

#include <linux/serial.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <optional>
#include <utility>

#include "drivers/line/descriptor.hpp"

namespace steward {
namespace {

/// A frame that is not out after twice its time and this will not be: flow control, or a hung adapter.
constexpr std::chrono::milliseconds longest_hold_up{500};
/// How often the transmitter is asked whether it is empty: a third of a character at 9600 baud.
constexpr std::chrono::microseconds glance{300};

Error refused(const std::string& device, const std::string& en, const std::string& zh) {
  return Error{Fault::broken, device + ": " + en + " / " + zh};
}

class RealControl final : public SerialControl {
 public:
  explicit RealControl(int descriptor) : descriptor_(descriptor) {}

  int control(unsigned long request, void* argument) override {
    return ::ioctl(descriptor_, request, argument) == 0 ? 0 : errno;
  }
  Ticks ticks() const override { return steady_ticks(); }
  void wait_until(Ticks until) override {
    const auto since_boot = until.time_since_epoch();  // steady_clock is CLOCK_MONOTONIC (libstdc++)
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since_boot);
    timespec time{};
    time.tv_sec = static_cast<decltype(time.tv_sec)>(seconds.count());
    time.tv_nsec = static_cast<decltype(time.tv_nsec)>((since_boot - seconds).count());
    while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr) == EINTR) {
    }
  }

 private:
  int descriptor_;
};

/// What both kinds pass on.
class TurnedPort : public LinePort {
 public:
  TurnedPort(std::unique_ptr<LinePort> port, std::unique_ptr<SerialControl> control)
      : port_(std::move(port)), control_(std::move(control)) {}

  Ticks ticks() const override { return port_->ticks(); }
  Result<void> send(ByteView bytes) override { return port_->send(bytes); }
  Result<bool> receive(Bytes& into, Ticks deadline) override { return port_->receive(into, deadline); }

 protected:
  std::unique_ptr<LinePort> port_;  // its descriptor is what control_ speaks to
  std::unique_ptr<SerialControl> control_;
};

class KernelTurned final : public TurnedPort {
 public:
  using TurnedPort::TurnedPort;
  ~KernelTurned() override {
    if (found_) control_->control(TIOCSRS485, &*found_);
  }

  Result<void> enable(const std::string& device, const LineDirection& direction) {
    serial_rs485 now{};
    if (control_->control(TIOCGRS485, &now) == 0) found_ = now;
    now.flags |= SER_RS485_ENABLED;
    // Both or neither is no polarity; RTS while sending is what transceivers are wired for.
    const bool on_send = (now.flags & SER_RS485_RTS_ON_SEND) != 0;
    const bool after_send = (now.flags & SER_RS485_RTS_AFTER_SEND) != 0;
    if (on_send == after_send) {
      now.flags |= SER_RS485_RTS_ON_SEND;
      now.flags &= ~static_cast<decltype(now.flags)>(SER_RS485_RTS_AFTER_SEND);
    }
    now.delay_rts_before_send = static_cast<decltype(now.delay_rts_before_send)>(direction.before.count());
    now.delay_rts_after_send = static_cast<decltype(now.delay_rts_after_send)>(direction.after.count());
    serial_rs485 wanted = now;
    if (const int failed = control_->control(TIOCSRS485, &wanted); failed != 0) {
      found_.reset();
      return refused(device,
                     std::string("its driver cannot switch RS-485 direction (") + std::strerror(failed) +
                         "); set \"direction\" to \"auto\" if the converter turns by itself, as most USB "
                         "adapters do, or to \"rts\"",
                     "驱动不支持 RS-485 方向切换；若转换器自动换向（多数 USB 转换器如此），请将 "
                     "\"direction\" 设为 \"auto\"，否则设为 \"rts\"");
    }
    // The driver says what it made of it: what it does not know, it takes out (linux/serial.h).
    serial_rs485 taken = wanted;
    control_->control(TIOCGRS485, &taken);
    if ((taken.flags & SER_RS485_ENABLED) == 0)
      return refused(device,
                     "its driver took the RS-485 setting and left it off; set \"direction\" to "
                     "\"auto\" or \"rts\"",
                     "驱动接受了 RS-485 设置但并未启用；请将 \"direction\" 设为 \"auto\" 或 \"rts\"");
    if (taken.delay_rts_before_send != now.delay_rts_before_send ||
        taken.delay_rts_after_send != now.delay_rts_after_send)
      return refused(device,
                     "its driver grants other delays than asked for (" +
                         std::to_string(taken.delay_rts_before_send) + " and " +
                         std::to_string(taken.delay_rts_after_send) +
                         " ms); set \"rts_before_ms\" and \"rts_after_ms\" to these, or \"direction\" to "
                         "\"rts\"",
                     "驱动不支持所设延时（实际为 " + std::to_string(taken.delay_rts_before_send) + " 和 " +
                         std::to_string(taken.delay_rts_after_send) +
                         " 毫秒）；请按此设置 \"rts_before_ms\" 和 \"rts_after_ms\"，或将 \"direction\" 设为 "
                         "\"rts\"");
    return {};
  }

 private:
  std::optional<serial_rs485> found_;  // to be put back
};

class RtsTurned final : public TurnedPort {
 public:
  RtsTurned(std::unique_ptr<LinePort> port, std::unique_ptr<SerialControl> control, const LineFormat& format,
            const LineDirection& direction)
      : TurnedPort(std::move(port), std::move(control)), format_(format), direction_(direction) {}

  bool sends_whole() const override { return true; }

  Result<void> listen(const std::string& device) {
    const int failed = turn(false);
    if (failed == 0) return {};
    return refused(device,
                   std::string("RTS cannot be set (") + std::strerror(failed) +
                       "); set \"direction\" to \"auto\" if the converter turns by itself, or to \"kernel\"",
                   "无法控制 RTS；若转换器自动换向，请将 \"direction\" 设为 \"auto\"，否则设为 \"kernel\"");
  }

  Result<void> send(ByteView bytes) override {
    if (const int failed = turn(true); failed != 0) return gone(failed);
    if (direction_.before.count() > 0) control_->wait_until(control_->ticks() + direction_.before);
    const Ticks began = control_->ticks();
    auto sent = port_->send(bytes);
    if (sent) await_last_bit(began, static_cast<std::int64_t>(bytes.size()));
    if (direction_.after.count() > 0) control_->wait_until(control_->ticks() + direction_.after);
    const int failed = turn(false);  // whatever became of the frame: the meters must be heard
    if (sent && failed != 0) return gone(failed);
    return sent;
  }

 private:
  static Error gone(int failed) {
    return Error{Fault::retry, std::string("RTS cannot be set: ") + std::strerror(failed)};
  }
  int turn(bool sending) {
    int rts = TIOCM_RTS;
    const bool raise = sending == (direction_.mode == DirectionMode::rts);
    return control_->control(raise ? TIOCMBIS : TIOCMBIC, &rts);
  }
  /// Never before the reckoned end: an adapter's own buffer is not in the driver's count.
  void await_last_bit(Ticks began, std::int64_t count) {
    const auto length = characters(format_, count);
    control_->wait_until(began + length);
    const Ticks give_up = began + 2 * length + longest_hold_up;
    while (control_->ticks() < give_up && !is_out()) control_->wait_until(control_->ticks() + glance);
  }
  bool is_out() {
    unsigned int state = 0;
    if (control_->control(TIOCSERGETLSR, &state) == 0) return (state & TIOCSER_TEMT) != 0;
    int waiting = 0;
    return control_->control(TIOCOUTQ, &waiting) != 0 || waiting == 0;
  }

  const LineFormat format_;
  const LineDirection direction_;
};

}  // namespace

std::unique_ptr<SerialControl> serial_control(int descriptor) {
  return std::make_unique<RealControl>(descriptor);
}

Result<std::unique_ptr<LinePort>> with_direction(std::unique_ptr<LinePort> port,
                                                 std::unique_ptr<SerialControl> control,
                                                 const std::string& device, const LineFormat& format,
                                                 const LineDirection& direction) {
  if (direction.mode == DirectionMode::automatic) return port;
  if (direction.mode == DirectionMode::kernel) {
    auto turned = std::make_unique<KernelTurned>(std::move(port), std::move(control));
    if (auto enabled = turned->enable(device, direction); !enabled) return std::move(enabled.error());
    return std::unique_ptr<LinePort>(std::move(turned));
  }
  auto turned = std::make_unique<RtsTurned>(std::move(port), std::move(control), format, direction);
  if (auto listens = turned->listen(device); !listens) return std::move(listens.error());
  return std::unique_ptr<LinePort>(std::move(turned));
}

}  // namespace steward
