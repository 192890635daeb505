#include "drivers/readers/tty.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace steward {
namespace {

std::optional<speed_t> speed_of(std::uint32_t baud) {
  switch (baud) {
    case 1200: return B1200;
    case 2400: return B2400;
    case 4800: return B4800;
    case 9600: return B9600;
    case 19200: return B19200;
    case 38400: return B38400;
    case 57600: return B57600;
    case 115200: return B115200;
    default: return std::nullopt;
  }
}

/// Everything a terminal would do to the bytes is switched off.
bool make_raw(int descriptor, speed_t speed) {
  termios settings{};
  if (tcgetattr(descriptor, &settings) != 0) return false;
  cfmakeraw(&settings);
  settings.c_cflag |= CLOCAL | CREAD;
  settings.c_cflag &= ~static_cast<tcflag_t>(CRTSCTS | CSTOPB | PARENB);
  cfsetispeed(&settings, speed);
  cfsetospeed(&settings, speed);
  return tcsetattr(descriptor, TCSANOW, &settings) == 0;
}

}  // namespace

bool is_reader_baud(std::uint32_t baud) { return speed_of(baud).has_value(); }

Result<int> open_tty(const std::string& device, std::uint32_t baud) {
  const auto speed = speed_of(baud);
  if (!speed) return Error{Fault::refused, device + ": no reader speaks " + std::to_string(baud) + " baud"};
  const int descriptor = ::open(device.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return Error{Fault::retry, device + ": " + std::strerror(errno)};
  std::optional<Error> failed;
  if (isatty(descriptor) == 0) {
    failed = Error{Fault::refused, device + ": is not a serial port"};
  } else if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    failed = Error{Fault::retry, device + ": another program is using it"};
  } else if (!make_raw(descriptor, *speed)) {
    failed = Error{Fault::retry, device + ": " + std::strerror(errno)};
  }
  if (!failed) return descriptor;
  ::close(descriptor);
  return *failed;
}

}  // namespace steward
