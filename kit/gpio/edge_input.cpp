#include "kit/gpio/edge_input.hpp"

#include <gpiod.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "kit/loop/asio.hpp"
#include "kit/loop/loop.hpp"

namespace steward {
namespace {

namespace asio = boost::asio;

struct CloseChip {
  void operator()(gpiod_chip* chip) const { gpiod_chip_close(chip); }  // lets its lines go, too
};
using Chip = std::unique_ptr<gpiod_chip, CloseChip>;

std::string place_of(const GpioLine& line) { return line.chip + " line " + std::to_string(line.line); }

/// An edge of an hour ago was not waiting in a queue of 16: it is another clock's.
constexpr std::chrono::hours oldest_edge{1};

class GpioInput final : public EdgeInput {
 public:
  GpioInput(Loop& loop, const GpioLine& line, Chip chip, gpiod_line* requested, int descriptor)
      : place_(place_of(line)),
        chip_(std::move(chip)),
        line_(requested),
        edges_(loop.context(), descriptor),
        deadline_(loop.context()) {}

  Awaitable<Result<InputEdges>> next(Milliseconds limit) override {
    deadline_.expires_after(limit);
    // Asio 1.74 cannot cancel one operation: the descriptor's only one is this wait.
    // An expiry that is queued already cannot be cancelled: it may run when this is gone.
    deadline_.async_wait([this, here = std::weak_ptr<bool>(here_)](const boost::system::error_code& stopped) {
      if (stopped || here.expired()) return;
      boost::system::error_code ignored;
      edges_.cancel(ignored);
    });
    boost::system::error_code failed;
    co_await edges_.async_wait(asio::posix::stream_descriptor::wait_read,
                               asio::redirect_error(asio::use_awaitable, failed));
    if (failed == asio::error::operation_aborted) co_return InputEdges{};
    deadline_.cancel();
    if (failed) co_return Error{Fault::retry, place_ + ": " + failed.message()};
    co_return take();
  }

  Result<bool> is_active() override {
    const int level = gpiod_line_get_value(line_);
    if (level < 0) return Error{Fault::retry, place_ + ": " + std::strerror(errno)};
    return level == 1;
  }

 private:
  Result<InputEdges> take() {
    std::array<gpiod_line_event, max_queued_edges> events{};
    const int count = gpiod_line_event_read_multiple(line_, events.data(), max_queued_edges);
    if (count < 0) return Error{Fault::retry, place_ + ": " + std::strerror(errno)};
    InputEdges taken;
    taken.full = static_cast<std::size_t>(count) == max_queued_edges;
    const Ticks now(std::chrono::steady_clock::now().time_since_epoch());
    for (int at = 0; at < count; ++at) {
      const auto& event = events[static_cast<std::size_t>(at)];
      const Ticks when(std::chrono::seconds(event.ts.tv_sec) + std::chrono::nanoseconds(event.ts.tv_nsec));
      if (when > now || now - when > oldest_edge)
        return Error{Fault::broken,
                     place_ +
                         ": the kernel stamps edges with another clock than the monotonic one; "
                         "Linux 5.7 or later is needed"};
      taken.edges.push_back({event.event_type == GPIOD_LINE_EVENT_RISING_EDGE, when});
    }
    return taken;
  }

  std::string place_;
  Chip chip_;         // before the descriptor, which is a copy
  gpiod_line* line_;  // the chip's
  asio::posix::stream_descriptor edges_;
  asio::steady_timer deadline_;
  std::shared_ptr<bool> here_ = std::make_shared<bool>(true);
};

int flags_of(const GpioLine& line) {
  int flags = line.active_low ? GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW : 0;
  switch (line.bias) {
    case InputBias::as_is: break;
    case InputBias::pull_up: flags |= GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP; break;
    case InputBias::pull_down: flags |= GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN; break;
    case InputBias::none: flags |= GPIOD_LINE_REQUEST_FLAG_BIAS_DISABLE; break;
  }
  return flags;
}

}  // namespace

Result<std::unique_ptr<EdgeInput>> open_gpio(Loop& loop, const GpioLine& line) {
  const auto away = [&] { return Error{Fault::retry, place_of(line) + ": " + std::strerror(errno)}; };
  Chip chip(gpiod_chip_open(line.chip.c_str()));
  if (!chip) return away();
  gpiod_line* requested = gpiod_chip_get_line(chip.get(), line.line);
  if (requested == nullptr) return away();
  if (gpiod_line_request_both_edges_events_flags(requested, "steward", flags_of(line)) != 0) {
    if (errno == EBUSY) return Error{Fault::retry, place_of(line) + ": another program uses it"};
    return Error{Fault::unsupported,
                 place_of(line) + ": it cannot tell edges, or not with this bias: " + std::strerror(errno)};
  }
  // The stream descriptor closes what it is given; libgpiod closes its own.
  const int copy = ::dup(gpiod_line_event_get_fd(requested));
  if (copy < 0) return away();
  return std::unique_ptr<EdgeInput>(
      std::make_unique<GpioInput>(loop, line, std::move(chip), requested, copy));
}

}  // namespace steward
