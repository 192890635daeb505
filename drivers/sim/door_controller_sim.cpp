#include "drivers/sim/door_controller_sim.hpp"

#include <array>
#include <utility>
#include <vector>

#include "kit/loop/asio.hpp"
#include "kit/loop/loop.hpp"

namespace asio = boost::asio;
using asio::ip::udp;
using boost::system::error_code;

namespace steward::sim {
namespace {
constexpr Milliseconds look_at_clock_every{20};
}

/// Outlives the sim until its last handlers have come back.
struct DoorControllerSim::Parts : std::enable_shared_from_this<Parts> {
  Parts(asio::io_context& context_in, const Clock& clock_in, DoorBoard board_in, DoorNetwork network_in)
      : context(context_in),
        clock(clock_in),
        board(std::move(board_in)),
        network(std::move(network_in)),
        socket(context),
        tick(context) {}

  void listen() {
    socket.async_receive_from(asio::buffer(bytes), sender,
                              [self = shared_from_this()](const error_code& failed, std::size_t length) {
                                if (!self->socket.is_open()) return;
                                if (!failed) self->serve(ByteView(self->bytes.data(), length));
                                self->listen();
                              });
  }

  void serve(ByteView packet) {
    ++asked;
    const std::uint8_t function = packet.size() > 1 ? packet[1] : 0;
    const ReplyFate fate = network.fate ? network.fate(asked, function) : ReplyFate::send;
    if (fate == ReplyFate::lose_request) return;
    const auto reply = board.answer(packet, clock.now());
    push_newest();
    if (!reply || fate == ReplyFate::lose_reply) return;
    if (fate == ReplyFate::late) {
      send_later(*reply, sender);
      return;
    }
    send(*reply, sender);
    if (fate == ReplyFate::twice) send(*reply, sender);
  }

  void send(const ut0311::Packet& packet, const udp::endpoint& to) {
    error_code ignored;  // as on the wire: nobody is told
    socket.send_to(asio::buffer(packet), to, 0, ignored);
  }

  void send_later(const ut0311::Packet& packet, const udp::endpoint& to) {
    auto timer = std::make_shared<asio::steady_timer>(context, network.late_by);
    timer->async_wait([self = shared_from_this(), timer, packet, to](const error_code&) {
      if (self->socket.is_open()) self->send(packet, to);
    });
  }

  void push_newest() {
    const std::uint32_t newest = board.newest();
    if (std::exchange(pushed, newest) == newest || newest == 0) return;
    const EventListener& listener = board.listener();
    if (listener.port == 0) return;
    const udp::endpoint to(asio::ip::address_v4(listener.address), listener.port);
    send(ut0311::encode_push(board.serial(), ++sequence, board.status(clock.now()), network.push_as_old_type),
         to);
  }

  void follow_clock() {
    tick.expires_after(look_at_clock_every);
    tick.async_wait([self = shared_from_this()](const error_code& stopped) {
      if (stopped || !self->socket.is_open()) return;
      self->board.advance(self->clock.now());
      self->push_newest();
      self->follow_clock();
    });
  }

  asio::io_context& context;
  const Clock& clock;
  DoorBoard board;
  DoorNetwork network;
  udp::socket socket;
  asio::steady_timer tick;
  udp::endpoint sender;
  std::array<std::uint8_t, 2048> bytes{};
  std::uint64_t asked = 0;
  std::uint32_t pushed = 0;
  std::uint32_t sequence = 0;
};

std::uint16_t unused_udp_port(Loop& loop) {
  // Held until the function ends, so that a second try cannot meet the first's port.
  std::vector<udp::socket> tried;
  for (int i = 0; i < 2; ++i) {
    error_code failed;
    auto& socket = tried.emplace_back(loop.context());
    socket.open(udp::v4(), failed);
    if (!failed) socket.bind({asio::ip::address_v4::loopback(), 0}, failed);
    if (failed) return 0;
    const auto port = socket.local_endpoint(failed).port();
    if (port != ut0311::controller_port) return port;
  }
  return 0;
}

DoorControllerSim::DoorControllerSim(std::shared_ptr<Parts> parts) : parts_(std::move(parts)) {}

DoorControllerSim::~DoorControllerSim() {
  error_code ignored;
  parts_->socket.close(ignored);
  parts_->tick.cancel();
}

Result<std::unique_ptr<DoorControllerSim>> DoorControllerSim::open(Loop& loop, const Clock& clock,
                                                                   DoorBoard board, std::uint16_t port,
                                                                   DoorNetwork network) {
  auto parts = std::make_shared<Parts>(loop.context(), clock, std::move(board), std::move(network));
  error_code failed;
  parts->socket.open(udp::v4(), failed);
  if (!failed) parts->socket.bind({asio::ip::address_v4::loopback(), port}, failed);
  if (failed) {
    return Error{Fault::broken,
                 "simulated controller, port " + std::to_string(port) + ": " + failed.message()};
  }
  parts->listen();
  parts->follow_clock();
  return std::unique_ptr<DoorControllerSim>(new DoorControllerSim(std::move(parts)));
}

std::uint16_t DoorControllerSim::port() const {
  error_code ignored;
  return parts_->socket.local_endpoint(ignored).port();
}
std::uint64_t DoorControllerSim::asked() const { return parts_->asked; }
DoorBoard& DoorControllerSim::board() { return parts_->board; }

}  // namespace steward::sim
