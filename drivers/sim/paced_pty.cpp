#include "drivers/sim/paced_pty.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>

#include "drivers/line/descriptor.hpp"
#include "drivers/modbus/frame.hpp"
#include "drivers/sim/modbus_answer.hpp"
#include "drivers/sim/seeded.hpp"

namespace steward::sim {
namespace {

constexpr std::chrono::nanoseconds piece{2'000'000};
constexpr std::size_t most_heard = 512;

struct Speed {
  speed_t name;
  std::uint32_t baud;
};
constexpr Speed speeds[] = {{B300, 300},     {B600, 600},      {B1200, 1200},   {B2400, 2400},
                            {B4800, 4800},   {B9600, 9600},    {B19200, 19200}, {B38400, 38400},
                            {B57600, 57600}, {B115200, 115200}};

}  // namespace

std::optional<LineFormat> format_of(int descriptor) {
  termios set{};
  if (::tcgetattr(descriptor, &set) != 0) return std::nullopt;
  const auto found = std::ranges::find(speeds, ::cfgetospeed(&set), &Speed::name);
  if (found == std::end(speeds)) return std::nullopt;
  LineFormat format{.baud = found->baud};
  if ((set.c_iflag & INPCK) != 0 || (set.c_cflag & PARENB) != 0)
    format.parity = (set.c_cflag & PARODD) != 0 ? Parity::odd : Parity::even;
  format.stop_bits = (set.c_cflag & CSTOPB) != 0 ? 2 : 1;
  return format;
}

struct PacedPty::Parts {
  ~Parts() {
    stopping = true;
    wake.wake();
    if (thread.joinable()) thread.join();
    if (slave >= 0) ::close(slave);
    if (master >= 0) ::close(master);
  }

  void run() {
    wait_to_the_microsecond();
    while (!stopping) {
      Bytes heard;
      const auto came = receive_until(master, heard, steady_ticks() + std::chrono::seconds(60), &wake);
      if (!came) return;
      if (*came && !stopping) serve(std::move(heard), steady_ticks());
    }
  }

  /// begun: when the first bytes were seen, which is when a UART would have begun to send them.
  void serve(Bytes heard, Ticks begun) {
    // A master that was killed leaves its exclusive claim on the line.
    ::ioctl(slave, TIOCNXCL);
    const auto format = format_of(slave);
    if (!format) return;
    const auto end_of = [&] { return begun + characters(*format, static_cast<std::int64_t>(heard.size())); };
    const auto silence = frame_silence(*format);
    while (heard.size() < most_heard && !stopping) {
      const auto more = receive_until(master, heard, end_of() + silence, &wake);
      if (!more || (!*more && steady_ticks() >= end_of() + silence)) break;
    }
    ++tally.bursts;
    tally.asked_bytes += heard.size();
    std::chrono::nanoseconds thought{0};
    const Bytes said = said_to(heard, *format, thought);
    if (said.empty()) return;
    ++tally.answered;
    give(said, *format, std::max(end_of() + thought, steady_ticks()));
  }

  Bytes said_to(const Bytes& heard, const LineFormat& format, std::chrono::nanoseconds& thought) {
    Bytes said;
    for (const PacedDevice& device : devices) {
      const bool hears = device.format.baud == format.baud && device.format.parity == format.parity;
      const Bytes one = hears ? device.voice(heard) : noise_of(device.noise);
      if (one.empty()) continue;
      if (said.empty()) {
        said = one;
        thought = device.thinks;
        continue;
      }
      ++tally.clashes;
      if (said.size() < one.size()) said.resize(one.size(), 0xFF);
      for (std::size_t at = 0; at < one.size(); ++at) said[at] &= one[at];
      thought = std::min(thought, device.thinks);
    }
    return said;
  }

  Bytes noise_of(std::size_t count) {
    Bytes noise(count);
    for (auto& byte : noise) byte = static_cast<std::uint8_t>(dice.below(256));
    return noise;
  }

  void give(const Bytes& said, const LineFormat& format, Ticks start) {
    const auto character = characters(format, 1);
    const auto most = std::max<std::int64_t>(1, piece / character);
    std::size_t given = 0;
    while (given < said.size() && !stopping) {
      const std::size_t to = std::min(said.size(), given + static_cast<std::size_t>(most));
      const auto due = start + characters(format, static_cast<std::int64_t>(to));
      Bytes lost;
      while (steady_ticks() < due && !stopping) {
        if (!receive_until(master, lost, due, &wake)) return;
      }
      tally.talked_over += lost.size();
      if (::write(master, said.data() + given, to - given) < 0) return;
      tally.given_bytes += to - given;
      given = to;
    }
  }

  std::vector<PacedDevice> devices;
  int master = -1;
  int slave = -1;  // held open: without any slave side open, the master reads errors instead of waiting
  std::string path;
  PacedTally tally;
  Draws dice{0x5EED};
  Wake wake;
  std::atomic<bool> stopping = false;
  std::jthread thread;
};

Result<std::unique_ptr<PacedPty>> PacedPty::open(std::vector<PacedDevice> devices) {
  auto parts = std::make_unique<Parts>();
  const auto failed = [] {
    return Error{Fault::broken, std::string("no pseudo-terminal: ") + std::strerror(errno)};
  };
  std::array<char, 128> name{};
  parts->devices = std::move(devices);
  parts->master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (parts->master < 0 || ::grantpt(parts->master) != 0 || ::unlockpt(parts->master) != 0 ||
      ::ptsname_r(parts->master, name.data(), name.size()) != 0)
    return failed();
  parts->slave = ::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (parts->slave < 0) return failed();
  termios raw{};
  ::tcgetattr(parts->slave, &raw);
  ::cfmakeraw(&raw);
  ::tcsetattr(parts->slave, TCSANOW, &raw);
  parts->path = name.data();
  parts->thread = std::jthread([&line = *parts] { line.run(); });
  return std::unique_ptr<PacedPty>(new PacedPty(std::move(parts)));
}

PacedPty::PacedPty(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
PacedPty::~PacedPty() = default;

const std::string& PacedPty::path() const { return parts_->path; }
const PacedTally& PacedPty::tally() const { return parts_->tally; }

LineVoice modbus_voice(std::uint8_t unit, std::function<Result<Words>(RegisterSpan)> read) {
  struct OneUnit : RegisterSource {
    OneUnit(std::uint8_t at, std::function<Result<Words>(RegisterSpan)> by)
        : lives(at), reads(std::move(by)) {}
    Result<Words> registers(UnitAddress asked, RegisterSpan span) override {
      if (asked.value != lives) return {Fault::retry, "nobody lives there"};
      return reads(span);
    }
    std::uint8_t lives;
    std::function<Result<Words>(RegisterSpan)> reads;
  };
  return [source = std::make_shared<OneUnit>(unit, std::move(read))](ByteView heard) {
    return rtu_answer(*source, heard);
  };
}

LineVoice item_voice(ItemSpeech speech, const ItemManners& manners, ItemSource item) {
  return [speech, manners, item = std::move(item)](ByteView heard) {
    return speech == ItemSpeech::dlt645 ? dlt645_answer(manners, heard, item)
                                        : cjt188_answer(manners, heard, item);
  };
}

}  // namespace steward::sim
