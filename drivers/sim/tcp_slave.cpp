#include <array>
#include <list>

#include "drivers/sim/fault_player.hpp"
#include "drivers/sim/modbus_answer.hpp"
#include "drivers/sim/modbus_device.hpp"
#include "kit/loop/asio.hpp"
#include "kit/loop/loop.hpp"

namespace asio = boost::asio;
using asio::ip::tcp;

namespace steward {
namespace {

constexpr std::size_t header_bytes = 7;  // transaction, protocol, length, unit
constexpr std::size_t most_body = 254;   // unit and PDU: MODBUS Messaging on TCP/IP V1.0b, 4.1
constexpr std::size_t most_connections = 512;

}  // namespace

struct TcpSlave::Parts : std::enable_shared_from_this<TcpSlave::Parts> {
  Parts(Loop& on, RegisterSource& from) : loop(on), source(from), acceptor(on.context()) {}

  /// One connection: a request in, its answer out, until either side ends it.
  /// `self` keeps these parts alive; `stopped` says that source is not to be asked any more.
  static Awaitable<void> serve(std::shared_ptr<Parts> self, std::shared_ptr<tcp::socket> socket) {
    boost::system::error_code failed;
    auto into = asio::redirect_error(asio::use_awaitable, failed);
    std::shared_ptr<sim::FaultPlayer> player;
    while (!self->stopped) {
      std::array<std::uint8_t, header_bytes> header{};
      co_await asio::async_read(*socket, asio::buffer(header), into);
      const std::size_t body = static_cast<std::size_t>((header[4] << 8) | header[5]);
      if (failed || self->stopped || header[2] != 0 || header[3] != 0 || body < 2 || body > most_body) break;
      Bytes request(body);
      request[0] = header[6];
      co_await asio::async_read(*socket, asio::buffer(request.data() + 1, body - 1), into);
      if (failed || self->stopped) break;
      if (self->plan) {
        if (!player) {
          player = std::make_shared<sim::FaultPlayer>(self->loop, self->plan);
          self->loop.spawn(give(self, socket, player));
        }
        Bytes frame(header.begin(), header.end() - 1);
        frame.insert(frame.end(), request.begin(), request.end());
        player->ask(sim::Speech::mbap, frame, self->source);
        continue;
      }
      const Bytes answer = self->answer(header, request);
      if (answer.empty()) continue;
      if (self->delay.count() > 0) co_await pause(self->delay);
      if (self->stopped) break;
      co_await asio::async_write(*socket, asio::buffer(answer), into);
      if (failed) break;
    }
    if (player) player->stop();
    boost::system::error_code ignored;
    socket->close(ignored);
    self->sockets.remove(socket);
  }

  /// Gives what the plan says, when it says so, while `serve` takes the next request.
  static Awaitable<void> give(std::shared_ptr<Parts> self, std::shared_ptr<tcp::socket> socket,
                              std::shared_ptr<sim::FaultPlayer> player) {
    while (true) {
      const Bytes burst = co_await player->due();
      if (burst.empty() || self->stopped) break;
      boost::system::error_code failed;
      co_await asio::async_write(*socket, asio::buffer(burst),
                                 asio::redirect_error(asio::use_awaitable, failed));
      if (failed) break;
    }
  }

  Bytes answer(const std::array<std::uint8_t, header_bytes>& header, ByteView request) {
    const Bytes body = modbus_answer(source, request).value_or(no_answer_exception(request));
    Bytes frame{header[0], header[1], 0, 0, 0, static_cast<std::uint8_t>(body.size())};
    frame.insert(frame.end(), body.begin(), body.end());
    return change ? change(std::move(frame)) : frame;
  }

  static Awaitable<void> accept(std::shared_ptr<Parts> self) {
    while (!self->stopped) {
      boost::system::error_code failed;
      auto socket = std::make_shared<tcp::socket>(self->loop.context());
      co_await self->acceptor.async_accept(*socket, asio::redirect_error(asio::use_awaitable, failed));
      if (failed || self->stopped) break;
      if (self->sockets.size() >= most_connections) continue;  // closes it
      boost::system::error_code ignored;
      socket->set_option(tcp::no_delay(true), ignored);
      self->sockets.push_back(socket);
      self->loop.spawn(serve(self, socket));
    }
  }

  void stop() {
    stopped = true;
    boost::system::error_code ignored;
    acceptor.close(ignored);
    for (const auto& socket : sockets) socket->close(ignored);
  }

  Loop& loop;
  RegisterSource& source;
  tcp::acceptor acceptor;
  std::list<std::shared_ptr<tcp::socket>> sockets;
  ReplyChange change;
  std::shared_ptr<sim::FaultPlan> plan;
  Milliseconds delay{0};
  bool stopped = false;
};

Result<std::unique_ptr<TcpSlave>> TcpSlave::listen(Loop& loop, RegisterSource& source, std::uint16_t port) {
  auto parts = std::make_shared<Parts>(loop, source);
  const tcp::endpoint where(asio::ip::address_v4::loopback(), port);
  boost::system::error_code failed;
  parts->acceptor.open(where.protocol(), failed);
  if (!failed) parts->acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
  if (!failed) parts->acceptor.bind(where, failed);
  if (!failed) parts->acceptor.listen(asio::socket_base::max_listen_connections, failed);
  if (failed)
    return Error{Fault::broken,
                 "cannot listen on 127.0.0.1:" + std::to_string(port) + ": " + failed.message()};
  loop.spawn(Parts::accept(parts));
  return std::unique_ptr<TcpSlave>(new TcpSlave(std::move(parts)));
}

TcpSlave::TcpSlave(std::shared_ptr<Parts> parts) : parts_(std::move(parts)) {}
TcpSlave::~TcpSlave() { parts_->stop(); }

std::uint16_t TcpSlave::port() const {
  boost::system::error_code ignored;
  return parts_->acceptor.local_endpoint(ignored).port();
}
void TcpSlave::delay_replies(Milliseconds delay) { parts_->delay = delay; }
void TcpSlave::change_replies(ReplyChange change) { parts_->change = std::move(change); }
void TcpSlave::play(std::shared_ptr<sim::FaultPlan> plan) { parts_->plan = std::move(plan); }
void TcpSlave::stop() { parts_->stop(); }

}  // namespace steward
