// libmodbus on the virtual line: its own modbus_read_registers, its own receiver, in virtual time.
// The four calls by which it reaches a tty are defined here, in the executable, where the dynamic
// linker finds them before libc's; for any other descriptor they go on to the kernel.
#undef _FORTIFY_SOURCE  // its inline read() would be a second definition
#include <fcntl.h>
#include <modbus.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>

#include "tests/fault/oracle.hpp"
#include "tests/fault/site.hpp"

namespace steward::fault {
namespace {

/// The line that a descriptor stands for, and what arrived on it unread.
struct Tty {
  VirtualLine* line = nullptr;
  int descriptor = -1;
  Bytes arrived;
};
Tty tty;

bool is_ours(int descriptor) { return tty.line != nullptr && descriptor == tty.descriptor; }

/// libmodbus with the tty it believes to have opened. One at a time.
class BareMaster {
 public:
  explicit BareMaster(VirtualLine& line) : modbus_(modbus_new_rtu("/dev/ttyS0", 19200, 'N', 8, 1)) {
    tty = {&line, ::open("/dev/null", O_RDWR | O_CLOEXEC), {}};
    assert(modbus_ != nullptr && tty.descriptor >= 0);
    modbus_set_socket(modbus_, tty.descriptor);
    modbus_set_response_timeout(modbus_, 0, 300'000);
  }
  BareMaster(const BareMaster&) = delete;
  BareMaster& operator=(const BareMaster&) = delete;
  ~BareMaster() {
    ::close(tty.descriptor);
    tty = {};
    modbus_free(modbus_);
  }

  /// returns: the words, or none where libmodbus reports an error.
  Words read(std::size_t unit, const RegisterSpan& span, bool flush) {
    modbus_set_slave(modbus_, static_cast<int>(unit + 1));
    if (flush) modbus_flush(modbus_);
    Words words(span.count);
    const int got = span.kind == RegisterKind::input
                        ? modbus_read_input_registers(modbus_, span.address(), span.count, words.data())
                        : modbus_read_registers(modbus_, span.address(), span.count, words.data());
    if (got != span.count) words.clear();
    return words;
  }

 private:
  modbus_t* modbus_;
};

}  // namespace

Tally run_bare(const Schedule& schedule, Shape shape, std::uint64_t seed, std::uint64_t exchanges,
               bool flush) {
  auto devices = devices_of(shape, schedule.faults.twins, Tongue::modbus);
  VirtualLine line(devices, schedule.faults, seed);
  const Oracle oracle{devices};
  BareMaster master(line);
  std::vector<UnitPlan> plans;
  for (std::size_t unit = 0; unit < units_of(shape); ++unit)
    plans.push_back(plan_of(shape, unit, 0, false, Protocol::modbus));
  Tally tally;
  for (std::size_t round = 0; tally.exchanges < exchanges; ++round) {
    for (std::size_t unit = 0; unit < plans.size(); ++unit) {
      auto span = plans[unit].blocks[round % plans[unit].blocks.size()];
      span.count = 8;  // a plan without a dictionary pads nothing
      const Ticks first_sent = line.ticks();
      const Words words = master.read(unit, span, flush);
      line.pass(std::chrono::milliseconds(2), false);  // T3.5
      ++tally.exchanges;
      if (words.empty()) continue;
      ++tally.accepted;
      ++tally.values;
      switch (oracle.judge(unit, span, words, first_sent)) {
        case Verdict::right: break;
        case Verdict::too_old: ++tally.too_old; break;
        case Verdict::wrong_unit:
        case Verdict::wrong_register: ++tally.wrong_register; break;
        case Verdict::chance: ++tally.chance; break;
      }
    }
  }
  tally.faults = line.faults_done();
  return tally;
}

}  // namespace steward::fault

// --- what libmodbus calls -----------------------------------------------------

using steward::fault::is_ours;
using steward::fault::tty;

extern "C" ssize_t write(int descriptor, const void* bytes, size_t count) {
  if (!is_ours(descriptor)) return syscall(SYS_write, descriptor, bytes, count);
  const auto* first = static_cast<const std::uint8_t*>(bytes);
  return tty.line->send({first, count}) ? static_cast<ssize_t>(count) : -1;
}

extern "C" ssize_t read(int descriptor, void* bytes, size_t count) {
  if (!is_ours(descriptor)) return syscall(SYS_read, descriptor, bytes, count);
  const auto take = static_cast<std::ptrdiff_t>(std::min(count, tty.arrived.size()));
  std::copy_n(tty.arrived.begin(), take, static_cast<std::uint8_t*>(bytes));
  tty.arrived.erase(tty.arrived.begin(), tty.arrived.begin() + take);
  return take;
}

extern "C" int select(int count, fd_set* readable, fd_set* writable, fd_set* other, timeval* timeout) {
  if (tty.line == nullptr || readable == nullptr || !FD_ISSET(tty.descriptor, readable)) {
    timespec wait{};
    if (timeout != nullptr) wait = {timeout->tv_sec, timeout->tv_usec * 1000};
    return pselect(count, readable, writable, other, timeout == nullptr ? nullptr : &wait, nullptr);
  }
  if (!tty.arrived.empty()) return 1;
  const auto wait = std::chrono::seconds(timeout->tv_sec) + std::chrono::microseconds(timeout->tv_usec);
  const auto came = tty.line->receive(tty.arrived, tty.line->ticks() + wait);
  if (came && *came) return 1;
  FD_ZERO(readable);
  return 0;
}

extern "C" int tcflush(int descriptor, int) {
  if (!is_ours(descriptor)) return -1;
  tty.arrived.clear();
  steward::Bytes waiting;
  while (*tty.line->receive(waiting, tty.line->ticks())) waiting.clear();
  return 0;
}
