#include "drivers/readers/serial_reader.hpp"

#include <sys/ioctl.h>

#include <array>
#include <deque>
#include <optional>
#include <utility>

#include "drivers/readers/tty.hpp"
#include "kit/loop/asio.hpp"
#include "kit/loop/loop.hpp"

namespace asio = boost::asio;
using boost::system::error_code;

namespace steward {
namespace {
constexpr Milliseconds look_around{3'600'000};  // a wait without an end, cut into hours
}

/// Outlives the reader until its last handlers have come back.
struct SerialReader::Parts : std::enable_shared_from_this<Parts> {
  Parts(Loop& loop, const Clock& clock_in, SerialReaderSetup setup_in)
      : setup(std::move(setup_in)),
        clock(clock_in),
        port(loop.context()),
        silence(loop.context()),
        again(loop.context()),
        news(loop),
        splitter(setup.end) {}

  void open() {
    const Result<int> descriptor = open_tty(setup.device, setup.baud);
    if (!descriptor) {
      lost(descriptor.error().message);
      return;
    }
    port.assign(*descriptor);
    if (was_lost) ++counters.reopened;
    was_lost = false;
    listen();
  }

  void listen() {
    port.async_read_some(asio::buffer(bytes),
                         [self = shared_from_this()](const error_code& failed, std::size_t length) {
                           if (self->closed) return;
                           if (failed) {
                             self->lost(self->setup.device + ": " + failed.message());
                             return;
                           }
                           self->take(ByteView(self->bytes.data(), length));
                           self->listen();
                         });
  }

  void take(ByteView received) {
    silence.cancel();
    for (auto& code : splitter.take(received)) keep(std::move(code));
    if (splitter.pending()) await_silence();
  }

  void await_silence() {
    silence.expires_after(splitter.silence_ends_code() ? setup.idle : setup.stale);
    silence.async_wait([self = shared_from_this()](const error_code& stopped) {
      if (stopped || self->closed || !self->splitter.pending()) return;
      // It was this program that was late, not the reader that was silent.
      if (self->bytes_waiting()) {
        self->await_silence();
      } else if (auto code = self->splitter.idle()) {
        self->keep(*std::move(code));
      }
    });
  }

  bool bytes_waiting() {
    int waiting = 0;
    return port.is_open() && ioctl(port.native_handle(), FIONREAD, &waiting) == 0 && waiting > 0;
  }

  void keep(std::string code) {
    ++counters.codes;
    if (codes.size() >= setup.queue) {
      ++counters.dropped;
      return;
    }
    codes.push_back({std::move(code), clock.now()});
    news.set();
  }

  /// Says so once, and tries to open the device until it is there again.
  void lost(std::string why) {
    error_code ignored;
    if (port.is_open()) port.close(ignored);
    silence.cancel();
    splitter.reset();
    if (!was_lost) trouble = std::move(why);
    was_lost = true;
    news.set();
    again.expires_after(setup.reopen_every);
    again.async_wait([self = shared_from_this()](const error_code& stopped) {
      if (!stopped && !self->closed) self->open();
    });
  }

  SerialReaderSetup setup;
  const Clock& clock;
  asio::posix::stream_descriptor port;
  asio::steady_timer silence;
  asio::steady_timer again;
  Signal news;
  CodeSplitter splitter;
  std::array<std::uint8_t, 256> bytes{};
  std::deque<ScannedCode> codes;
  std::optional<std::string> trouble;  // to be said by next()
  ReaderCounters counters;
  bool was_lost = false;
  bool closed = false;
};

SerialReader::SerialReader(std::shared_ptr<Parts> parts) : parts_(std::move(parts)) {}

SerialReader::~SerialReader() { close(); }

Result<std::unique_ptr<SerialReader>> SerialReader::make(Loop& loop, const Clock& clock,
                                                         SerialReaderSetup setup) {
  if (!is_reader_baud(setup.baud)) {
    return Error{Fault::refused, setup.device + ": no reader speaks " + std::to_string(setup.baud) + " baud"};
  }
  auto parts = std::make_shared<Parts>(loop, clock, std::move(setup));
  parts->open();
  return std::unique_ptr<SerialReader>(new SerialReader(std::move(parts)));
}

Awaitable<Result<ScannedCode>> SerialReader::next() {
  const auto parts = parts_;  // a close() from elsewhere must not pull the floor away
  while (true) {
    if (!parts->codes.empty()) {
      ScannedCode code = std::move(parts->codes.front());
      parts->codes.pop_front();
      co_return code;
    }
    if (parts->closed) co_return Error{Fault::broken, parts->setup.device + ": closed"};
    if (parts->trouble) {
      Error error{Fault::retry, *std::exchange(parts->trouble, std::nullopt)};
      co_return error;
    }
    co_await parts->news.wait(look_around);
  }
}

void SerialReader::close() {
  if (std::exchange(parts_->closed, true)) return;
  error_code ignored;
  if (parts_->port.is_open()) parts_->port.close(ignored);
  parts_->silence.cancel();
  parts_->again.cancel();
  parts_->news.set();
}

bool SerialReader::online() const { return parts_->port.is_open(); }

ReaderCounters SerialReader::counters() const {
  ReaderCounters counters = parts_->counters;
  counters.discarded = parts_->splitter.discarded();
  return counters;
}

}  // namespace steward
