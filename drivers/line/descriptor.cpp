#include "drivers/line/descriptor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>

namespace steward {
namespace {

Error gone(const std::string& why) { return Error{Fault::retry, "the serial device is gone: " + why}; }

/// Waits for readability until the deadline, to the nanosecond: T3.5 is 1.75 ms.
/// The device's events; 0 after the deadline or a wake; below 0: errno says.
int wait_readable(int descriptor, Ticks deadline, const Wake* wake) {
  const auto left = std::max(deadline - steady_ticks(), std::chrono::nanoseconds(0));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  timespec time{};
  time.tv_sec = static_cast<decltype(time.tv_sec)>(seconds.count());
  time.tv_nsec = static_cast<decltype(time.tv_nsec)>((left - seconds).count());
  std::array<pollfd, 2> waiting{
      {{descriptor, POLLIN, 0}, {wake == nullptr ? -1 : wake->descriptor(), POLLIN, 0}}};
  const int ready = ::ppoll(waiting.data(), waiting.size(), &time, nullptr);
  if (ready <= 0) return ready;
  // A wake that comes together with bytes is kept: whoever takes the bytes may wait again at once.
  if (waiting[1].revents != 0 && waiting[0].revents == 0) {
    std::uint64_t wakes = 0;
    (void)!::read(wake->descriptor(), &wakes, sizeof wakes);
  }
  return waiting[0].revents;
}

}  // namespace

Result<void> claim_line(int descriptor) {
  if (descriptor >= first_unusable_descriptor)
    return Error{Fault::broken, "too many open files: serial lines need a descriptor below 1024"};
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0)
    return Error{Fault::retry, "another program uses the serial device"};
  if (::ioctl(descriptor, TIOCEXCL) != 0)
    return Error{Fault::broken, std::string("not a serial device: ") + std::strerror(errno)};
  return {};
}

void release_line(int descriptor) {
  ::ioctl(descriptor, TIOCNXCL);
  ::flock(descriptor, LOCK_UN);
}

Wake::Wake() : descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) { assert(descriptor_ >= 0); }
Wake::~Wake() { ::close(descriptor_); }

void Wake::wake() {
  const std::uint64_t one = 1;
  (void)!::write(descriptor_, &one, sizeof one);
}

Result<bool> receive_until(int descriptor, Bytes& into, Ticks deadline, const Wake* wake) {
  const int ready = wait_readable(descriptor, deadline, wake);
  if (ready < 0) {
    if (errno == EINTR) return false;
    return gone(std::strerror(errno));
  }
  if (ready == 0) return false;
  std::array<std::uint8_t, 512> buffer;
  const auto count = ::read(descriptor, buffer.data(), buffer.size());
  if (count > 0) {
    into.insert(into.end(), buffer.begin(), buffer.begin() + count);
    return true;
  }
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  return gone(count == 0 ? "it hung up" : std::strerror(errno));
}

Result<void> send_all(int descriptor, ByteView bytes) {
  constexpr int patience_ms = 1000;
  while (!bytes.empty()) {
    const auto count = ::write(descriptor, bytes.data(), bytes.size());
    if (count > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(count));
      continue;
    }
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno != EAGAIN) return gone(std::strerror(errno));
    pollfd room{descriptor, POLLOUT, 0};
    if (::poll(&room, 1, patience_ms) <= 0) return gone("it takes no bytes");
  }
  return {};
}

void wait_to_the_microsecond() { ::prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL); }

Ticks steady_ticks() { return Ticks(std::chrono::steady_clock::now().time_since_epoch()); }

}  // namespace steward
