#include "drivers/sim/reader_sim.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <utility>

#include "drivers/sim/seeded.hpp"
#include "kit/loop/asio.hpp"
#include "kit/loop/loop.hpp"

namespace asio = boost::asio;

namespace steward::sim {
namespace {

constexpr Milliseconds look_at_clock_every{20};
constexpr std::size_t max_waiting = 4'096;

/// Closes what it holds.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;

  int number() const { return number_; }
  bool ok() const { return number_ >= 0; }

 private:
  int number_;
};

/// The slave's path, made raw; empty when anything failed (errno says what).
std::string prepare_slave(const Descriptor& master) {
  std::array<char, 128> path{};
  if (grantpt(master.number()) != 0 || unlockpt(master.number()) != 0) return {};
  if (ptsname_r(master.number(), path.data(), path.size()) != 0) return {};
  return path.data();
}

bool make_raw(int slave) {
  termios settings{};
  if (tcgetattr(slave, &settings) != 0) return false;
  cfmakeraw(&settings);  // or the terminal would send each code back to the reader
  return tcsetattr(slave, TCSANOW, &settings) == 0;
}

}  // namespace

std::vector<ScheduledScan> patrol_scans(std::uint64_t seed, const std::vector<std::string>& checkpoints,
                                        Instant from, Instant to, Milliseconds every, Milliseconds step) {
  assert(every.count() > 0 && step.count() > 0);
  Draws draws(seed);
  std::vector<ScheduledScan> scans;
  const auto past = from.time_since_epoch() % every;
  Instant round = past.count() == 0 ? from : from - past + every;
  for (; round < to; round += every) {
    Instant at = round;
    for (const auto& code : checkpoints) {
      at += step / 2 + Milliseconds{draws.below(step.count())};
      const bool missed = draws.below(40) == 0;
      if (!missed && at < to) scans.push_back({at, code});
    }
  }
  return scans;
}

/// Outlives the sim until its last handler has come back.
struct ReaderSim::Parts : std::enable_shared_from_this<Parts> {
  Parts(Loop& loop, const Clock& clock_in, Descriptor master_in, Descriptor slave_in, std::string path)
      : clock(clock_in),
        master(std::move(master_in)),
        slave(std::move(slave_in)),
        device(std::move(path)),
        tick(loop.context()) {}

  void follow_clock() {
    while (played < schedule.size() && schedule[played].at <= clock.now())
      send(schedule[played++].code + line_end);
    flush();
    tick.expires_after(look_at_clock_every);
    tick.async_wait([self = shared_from_this()](const boost::system::error_code& stopped) {
      if (!stopped && !self->closed) self->follow_clock();
    });
  }

  void send(std::string bytes) {
    if (waiting.size() < max_waiting) waiting.push_back(std::move(bytes));
  }

  void flush() {
    while (!waiting.empty()) {
      auto& bytes = waiting.front();
      const auto written = ::write(master.number(), bytes.data(), bytes.size());
      if (written < 0) return;  // no room: at the next tick
      bytes.erase(0, static_cast<std::size_t>(written));
      if (!bytes.empty()) return;
      waiting.pop_front();
    }
  }

  const Clock& clock;
  Descriptor master;
  Descriptor slave;  // held open, so that a reader may come and go
  std::string device;
  asio::steady_timer tick;
  std::vector<ScheduledScan> schedule;
  std::size_t played = 0;
  std::string line_end;
  std::deque<std::string> waiting;
  bool closed = false;
};

ReaderSim::ReaderSim(std::shared_ptr<Parts> parts) : parts_(std::move(parts)) {}

ReaderSim::~ReaderSim() {
  parts_->closed = true;
  parts_->tick.cancel();
}

Result<std::unique_ptr<ReaderSim>> ReaderSim::open(Loop& loop, const Clock& clock,
                                                   std::vector<ScheduledScan> schedule,
                                                   std::string line_end) {
  Descriptor master(posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  const std::string path = master.ok() ? prepare_slave(master) : std::string();
  Descriptor slave(path.empty() ? -1 : ::open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!slave.ok() || !make_raw(slave.number())) {
    return Error{Fault::broken, std::string("simulated reader: ") + std::strerror(errno)};
  }
  auto parts = std::make_shared<Parts>(loop, clock, std::move(master), std::move(slave), path);
  parts->schedule = std::move(schedule);
  parts->line_end = std::move(line_end);
  parts->follow_clock();
  return std::unique_ptr<ReaderSim>(new ReaderSim(std::move(parts)));
}

const std::string& ReaderSim::device() const { return parts_->device; }

void ReaderSim::scan(std::string_view code) { write(std::string(code) + parts_->line_end); }

void ReaderSim::write(std::string_view bytes) {
  parts_->send(std::string(bytes));
  parts_->flush();
}

}  // namespace steward::sim
