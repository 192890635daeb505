#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>

#include "drivers/modbus/frame.hpp"
#include "drivers/sim/fault_player.hpp"
#include "drivers/sim/item_frame.hpp"
#include "drivers/sim/modbus_answer.hpp"
#include "drivers/sim/modbus_device.hpp"
#include "kit/loop/asio.hpp"
#include "kit/loop/loop.hpp"

namespace asio = boost::asio;

namespace steward {
namespace {

constexpr std::size_t request_bytes = 8;  // unit, function, first, count, CRC
constexpr std::size_t most_waiting = 256;

/// A whole right request and what it is said in.
struct Heard {
  sim::Speech speech = sim::Speech::rtu;
  Bytes request;
};

bool rtu_right(ByteView request) {
  const auto sent = static_cast<std::uint16_t>(request[6] | (request[7] << 8));
  return crc16(request.first(request_bytes - 2)) == sent;
}

}  // namespace

struct PtySlave::Parts : std::enable_shared_from_this<PtySlave::Parts> {
  Parts(Loop& on, RegisterSource& from, int master, int slave, std::string name)
      : loop(on), source(from), descriptor(on.context(), master), slave_side(slave), path(std::move(name)) {}
  ~Parts() { ::close(slave_side); }

  static Awaitable<void> serve(std::shared_ptr<Parts> self) {
    Bytes waiting;
    std::array<std::uint8_t, most_waiting> buffer{};
    while (!self->stopped) {
      boost::system::error_code failed;
      auto into = asio::redirect_error(asio::use_awaitable, failed);
      const std::size_t count = co_await self->descriptor.async_read_some(asio::buffer(buffer), into);
      if (failed || self->stopped) break;
      // A master that was killed leaves its exclusive claim on the line, which on a
      // real port ends with its last descriptor; here we hold one ourselves.
      ::ioctl(self->slave_side, TIOCNXCL);
      waiting.insert(waiting.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(count));
      if (self->player) {
        if (const auto heard = self->whole_request(waiting)) self->play(*heard);
        continue;
      }
      const Bytes answer = self->answer(waiting);
      if (answer.empty()) continue;
      if (self->delay.count() > 0) co_await pause(self->delay);
      if (self->stopped) break;
      co_await asio::async_write(self->descriptor, asio::buffer(answer), into);
      if (failed) break;
    }
  }

  /// Gives what the plan says, when it says so, while `serve` takes the next request.
  static Awaitable<void> give(std::shared_ptr<Parts> self, std::shared_ptr<sim::FaultPlayer> player) {
    while (true) {
      const Bytes burst = co_await player->due();
      if (burst.empty() || self->stopped) break;
      boost::system::error_code failed;
      co_await asio::async_write(self->descriptor, asio::buffer(burst),
                                 asio::redirect_error(asio::use_awaitable, failed));
      if (failed) break;
    }
  }

  /// The request, if it is whole. What checks in no protocol of the line and could not become
  /// longer is dropped to the last byte, as a slave does that waits for the next silence.
  std::optional<Heard> whole_request(Bytes& waiting) const {
    bool may_grow = waiting.size() < request_bytes;
    std::optional<Heard> heard;
    if (waiting.size() == request_bytes && rtu_right(waiting)) heard = Heard{sim::Speech::rtu, waiting};
    for (const auto speech : {sim::Speech::dlt645, sim::Speech::cjt188}) {
      if (heard || !speaks(speech)) continue;
      const auto items = speech == sim::Speech::cjt188 ? sim::ItemSpeech::cjt188 : sim::ItemSpeech::dlt645;
      may_grow = may_grow || sim::item_length(items, waiting) > waiting.size();
      if (!sim::item_body(items, waiting).empty()) heard = Heard{speech, waiting};
    }
    if (heard || !may_grow) waiting.clear();
    return heard;
  }

  bool speaks(sim::Speech speech) const {
    return std::ranges::any_of(voices,
                               [&](const auto& one) { return sim::speech_of(one.first.protocol) == speech; });
  }

  /// What all that live here say to it; of two that answer, the first.
  Bytes honest(const Heard& heard) {
    if (heard.speech == sim::Speech::rtu) return rtu_answer(source, heard.request);
    for (const auto& [unit, voice] : voices) {
      if (sim::speech_of(unit.protocol) != heard.speech) continue;
      if (Bytes said = voice(heard.request); !said.empty()) return said;
    }
    return {};
  }

  void play(const Heard& heard) {
    if (heard.speech == sim::Speech::rtu) return player->ask(heard.speech, heard.request, source);
    player->ask(heard.speech, heard.request, [&](UnitAddress as) -> std::optional<Bytes> {
      Heard asked = heard;
      if (as.value != 0) {
        const ByteView body = sim::body_of(heard.speech, heard.request);
        Bytes other(body.begin(), body.end());
        sim::readdress(heard.speech, as, other);
        asked.request = sim::wrapped(heard.speech, {}, other);
      }
      const Bytes said = honest(asked);
      const ByteView body = sim::body_of(heard.speech, said);
      if (body.empty()) return std::nullopt;
      return Bytes(body.begin(), body.end());
    });
  }

  Bytes answer(Bytes& waiting) {
    const auto heard = whole_request(waiting);
    if (!heard) return {};
    Bytes frame = honest(*heard);
    return frame.empty() || !change ? frame : change(std::move(frame));
  }

  Loop& loop;
  RegisterSource& source;
  std::map<UnitAddress, LineVoice> voices;
  asio::posix::stream_descriptor descriptor;
  int slave_side;
  std::string path;
  ReplyChange change;
  std::shared_ptr<sim::FaultPlayer> player;
  Milliseconds delay{0};
  bool stopped = false;
};

Result<std::unique_ptr<PtySlave>> PtySlave::open(Loop& loop, RegisterSource& source) {
  const auto failed = [](const char* what) {
    return Error{Fault::broken, std::string(what) + ": " + std::strerror(errno)};
  };
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (master < 0) return failed("no pseudo-terminal");
  std::array<char, 128> name{};
  if (::grantpt(master) != 0 || ::unlockpt(master) != 0 ||
      ::ptsname_r(master, name.data(), name.size()) != 0) {
    const auto why = failed("cannot use the pseudo-terminal");
    ::close(master);
    return why;
  }
  // Held open: without any slave side open, the master reads errors instead of waiting.
  const int slave = ::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0) {
    const auto why = failed(name.data());
    ::close(master);
    return why;
  }
  termios raw{};
  ::tcgetattr(slave, &raw);
  ::cfmakeraw(&raw);
  ::tcsetattr(slave, TCSANOW, &raw);
  auto parts = std::make_shared<Parts>(loop, source, master, slave, name.data());
  loop.spawn(Parts::serve(parts));
  return std::unique_ptr<PtySlave>(new PtySlave(std::move(parts)));
}

PtySlave::PtySlave(std::shared_ptr<Parts> parts) : parts_(std::move(parts)) {}
PtySlave::~PtySlave() {
  parts_->stopped = true;
  if (parts_->player) parts_->player->stop();
  boost::system::error_code ignored;
  parts_->descriptor.close(ignored);
}

const std::string& PtySlave::path() const { return parts_->path; }
void PtySlave::delay_replies(Milliseconds delay) { parts_->delay = delay; }
void PtySlave::play(std::shared_ptr<sim::FaultPlan> plan) {
  if (parts_->player) parts_->player->stop();
  parts_->player = std::make_shared<sim::FaultPlayer>(parts_->loop, std::move(plan));
  parts_->loop.spawn(Parts::give(parts_, parts_->player));
}
void PtySlave::add(UnitAddress unit, LineVoice voice) {
  assert(unit.protocol != Protocol::modbus);
  parts_->voices[unit] = std::move(voice);
}
void PtySlave::change_replies(ReplyChange change) { parts_->change = std::move(change); }

}  // namespace steward
