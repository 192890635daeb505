#include "tests/bench/paced_line.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <new>
#include <stdexcept>
#include <vector>

#include "drivers/modbus/frame.hpp"

namespace steward::bench {
namespace {

using std::chrono::nanoseconds;
using Time = std::chrono::steady_clock::time_point;
constexpr std::size_t request_bytes = 8;
constexpr nanoseconds spun{60'000};
constexpr nanoseconds overslept{2'000'000};
constexpr nanoseconds due_window{400'000};  // how long a request is waited for by spinning

Time now() { return std::chrono::steady_clock::now(); }

class Slave {
 public:
  Slave(int master, const LineFormat& format, std::uint8_t units, const std::bitset<248>& dead,
        nanoseconds turn_around, LineTally& tally)
      : master_(master),
        character_(characters(format, 1)),
        silence_(frame_silence(format)),
        turn_around_(turn_around),
        units_(units),
        dead_(dead),
        tally_(tally),
        last_end_(now()) {}

  void run() {
    while (true) {
      wait_for_request();
      const auto came = ::read(master_, in_.data(), in_.size());
      if (came > 0) hear(now(), static_cast<std::size_t>(came));
    }
  }

 private:
  bool readable(nanoseconds limit) const {
    pollfd file{master_, POLLIN, 0};
    const timespec length{limit.count() / 1'000'000'000, limit.count() % 1'000'000'000};
    return ::ppoll(&file, 1, limit.count() < 0 ? nullptr : &length, nullptr) > 0;
  }

  void wait_for_request() const {
    const Time due = last_end_ + silence_ - spun;
    while (now() < due) {
      if (readable(due - now())) return;
    }
    while (now() < due + due_window) {
      if (readable(nanoseconds(0))) return;
    }
    readable(nanoseconds(-1));
  }

  void hear(Time begun, std::size_t count) {
    const auto gap = begun - last_end_;
    const Time end = begun + static_cast<std::int64_t>(count) * character_;
    last_end_ = std::max(last_end_, begun) + static_cast<std::int64_t>(count) * character_;
    if (gap < silence_) {
      ++(late_ ? tally_.excused : tally_.violations);
      if (!late_) note_gap(gap);
      return;
    }
    const ByteView frame(in_.data(), count);
    if (count != request_bytes || crc16(frame.first(6)) != (frame[6] | (frame[7] << 8))) {
      tally_.garbage += count;
      return;
    }
    note_gap(gap);
    ++tally_.requests;
    const std::int64_t words = (frame[4] << 8) | frame[5];
    const bool identity = ((frame[2] << 8) | frame[3]) >= PacedLine::first_identity;
    const auto wire = (13 + 2 * words) * character_ + 2 * silence_ + turn_around_;
    (identity ? tally_.probe_wire_ns : tally_.data_wire_ns) += wire.count();
    if (!identity) {
      tally_.data_words += words;
      ++tally_.data_requests;
    }
    if (frame[0] == 0 || frame[0] > units_ || dead_[frame[0]]) return;
    ++tally_.answered;
    give(reply_to(frame), end + silence_ + turn_around_);
  }

  void note_gap(nanoseconds gap) {
    if (gap.count() < tally_.least_gap_ns) tally_.least_gap_ns = gap.count();
  }

  static Bytes reply_to(ByteView frame) {
    const std::uint32_t first = (std::uint32_t{frame[2]} << 8U) | frame[3];
    const std::uint32_t count = (std::uint32_t{frame[4]} << 8U) | frame[5];
    Bytes reply{frame[0], frame[1], static_cast<std::uint8_t>(2 * count)};
    for (std::uint32_t at = first; at < first + count; ++at) {
      reply.push_back(static_cast<std::uint8_t>(line_word(frame[0], at) >> 8));
      reply.push_back(static_cast<std::uint8_t>(line_word(frame[0], at) & 0xFF));
    }
    const std::uint16_t crc = crc16(reply);
    reply.push_back(static_cast<std::uint8_t>(crc & 0xFF));
    reply.push_back(static_cast<std::uint8_t>(crc >> 8));
    return reply;
  }

  void give(const Bytes& reply, Time start) {
    std::size_t given = 0;
    late_ = false;
    while (given < reply.size()) {
      const bool last = given + 1 == reply.size();
      const Time due = start + static_cast<std::int64_t>(given + 1) * character_;
      const auto left = due - (last ? spun : nanoseconds(0)) - now();
      if (left.count() > 0 && readable(left)) {
        ++(late_ ? tally_.excused
                 : tally_.collisions);  // the master did not wait: its bytes are lost in ours
        if (::read(master_, in_.data(), in_.size()) <= 0) return;
        continue;
      }
      if (last) {
        while (now() < due) continue;
      }
      // What is due has left the wire: one byte, or more when we were late ourselves.
      const auto done = static_cast<std::size_t>((now() - start) / character_);
      const std::size_t to = std::clamp(done, given + 1, reply.size());
      if (now() < due) continue;
      late_ = late_ || now() - due > overslept;
      if (::write(master_, reply.data() + given, to - given) < 0) return;
      given = to;
    }
    last_end_ = start + static_cast<std::int64_t>(reply.size()) * character_;
  }

  const int master_;
  const nanoseconds character_;
  const nanoseconds silence_;
  const nanoseconds turn_around_;
  const std::uint8_t units_;
  const std::bitset<248> dead_;
  LineTally& tally_;
  Time last_end_;
  bool late_ = false;  // the last reply left late
  std::array<std::uint8_t, 512> in_{};
};

}  // namespace

PacedLine::PacedLine(const LineFormat& format, std::uint8_t units, const std::bitset<248>& dead,
                     std::chrono::nanoseconds turn_around) {
  void* shared =
      ::mmap(nullptr, sizeof(LineTally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) throw std::runtime_error("no shared memory");
  tally_ = new (shared) LineTally;
  reset();
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  std::array<char, 128> name{};
  if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0 ||
      ::ptsname_r(master, name.data(), name.size()) != 0)
    throw std::runtime_error("no pseudo-terminal");
  device_ = name.data();
  // Held open: without any slave side open, the master reads errors instead of waiting.
  slave_side_ = ::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  termios raw{};
  ::tcgetattr(slave_side_, &raw);
  ::cfmakeraw(&raw);
  ::tcsetattr(slave_side_, TCSANOW, &raw);
  helper_ = std::make_unique<Helper>([&] {
    be_punctual(20);
    Slave(master, format, units, dead, turn_around, *tally_).run();
  });
  ::close(master);
}

PacedLine::~PacedLine() {
  helper_.reset();
  ::close(slave_side_);
  ::munmap(tally_, sizeof(LineTally));
}

void PacedLine::reset() {
  for (auto* one : {&tally_->requests, &tally_->answered, &tally_->violations, &tally_->garbage,
                    &tally_->collisions, &tally_->excused})
    *one = 0;
  for (auto* one :
       {&tally_->data_wire_ns, &tally_->probe_wire_ns, &tally_->data_words, &tally_->data_requests})
    *one = 0;
  tally_->least_gap_ns = std::numeric_limits<std::int64_t>::max();
}

std::chrono::nanoseconds ideal_cycle(const LineFormat& format, std::int64_t registers) {
  return characters(format, 13 + 2 * registers) + 2 * frame_silence(format);
}

void be_punctual(int priority) {
  sched_param wanted{};
  wanted.sched_priority = priority;
  ::sched_setscheduler(0, SCHED_RR, &wanted);
  ::prctl(PR_SET_TIMERSLACK, 1);
}

}  // namespace steward::bench
