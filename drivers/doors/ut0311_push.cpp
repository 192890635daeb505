#include <algorithm>
#include <utility>

#include "drivers/doors/ut0311.hpp"
#include "kit/loop/asio.hpp"
#include "kit/loop/loop.hpp"

namespace asio = boost::asio;
using asio::ip::udp;
using boost::system::error_code;

namespace steward {

/// Outlives the listener until its last receive has come back.
struct Ut0311PushListener::Parts : std::enable_shared_from_this<Parts> {
  Parts(asio::io_context& context, std::vector<Source> from, std::function<void(std::uint32_t)> handler)
      : socket(context), sources(std::move(from)), heard(std::move(handler)) {}

  void listen() {
    socket.async_receive_from(asio::buffer(bytes), sender,
                              [self = shared_from_this()](const error_code& failed, std::size_t length) {
                                if (failed == asio::error::operation_aborted) return;
                                if (!failed) self->judge(ByteView(self->bytes.data(), length));
                                if (self->socket.is_open()) self->listen();
                              });
  }

  void judge(ByteView packet) {
    const auto push = ut0311::decode_push(packet);
    if (!push) {
      ++counters.malformed;
      return;
    }
    const std::string from = sender.address().to_string();
    const bool known = std::any_of(sources.begin(), sources.end(), [&](const Source& source) {
      return source.serial == push->serial && source.host == from;
    });
    ++(known ? counters.heard : counters.foreign);
    if (known) heard(push->serial);
  }

  udp::socket socket;
  udp::endpoint sender;
  std::array<std::uint8_t, ut0311::packet_bytes + 1> bytes{};
  std::vector<Source> sources;
  std::function<void(std::uint32_t)> heard;
  Counters counters;
};

Ut0311PushListener::Ut0311PushListener(std::shared_ptr<Parts> parts) : parts_(std::move(parts)) {}

Ut0311PushListener::~Ut0311PushListener() {
  error_code ignored;
  parts_->socket.close(ignored);
}

Result<std::unique_ptr<Ut0311PushListener>> Ut0311PushListener::open(
    Loop& loop, std::uint16_t port, std::vector<Source> sources, std::function<void(std::uint32_t)> heard) {
  if (port == ut0311::controller_port) {
    return Error{Fault::refused, "port 60000 is the controllers' own: choose another, 60001 is usual"};
  }
  auto parts = std::make_shared<Parts>(loop.context(), std::move(sources), std::move(heard));
  error_code failed;
  parts->socket.open(udp::v4(), failed);
  if (!failed) parts->socket.bind({udp::v4(), port}, failed);
  if (failed) {
    return Error{Fault::broken, "door event port " + std::to_string(port) + ": " + failed.message()};
  }
  parts->listen();
  return std::unique_ptr<Ut0311PushListener>(new Ut0311PushListener(std::move(parts)));
}

std::uint16_t Ut0311PushListener::port() const {
  error_code ignored;
  return parts_->socket.local_endpoint(ignored).port();
}

const Ut0311PushListener::Counters& Ut0311PushListener::counters() const { return parts_->counters; }

}  // namespace steward
