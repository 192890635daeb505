#include "drivers/modbus/tcp_link.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "kit/loop/asio.hpp"
#include "kit/loop/deadlines.hpp"
#include "kit/loop/loop.hpp"

namespace asio = boost::asio;
using asio::ip::tcp;

namespace steward {
namespace {

constexpr std::size_t most_at_once = 2048;
/// Everything that reads from one peer may also want to dial it.
constexpr std::size_t most_dialling = 64;

/// A device server that lost its power says nothing: without this a connection that nothing is sent on
/// looks open for hours. Asked after half a minute, given up after another (tcp(7)).
void keep_alive(tcp::socket& socket, boost::system::error_code& failed) {
  socket.set_option(asio::socket_base::keep_alive(true), failed);
  const auto set = [&](int option, int value) {
    if (!failed && ::setsockopt(socket.native_handle(), IPPROTO_TCP, option, &value, sizeof value) != 0)
      failed.assign(errno, boost::system::system_category());
  };
  set(TCP_KEEPIDLE, 30);
  set(TCP_KEEPINTVL, 10);
  set(TCP_KEEPCNT, 3);
}

Ticks now() { return Ticks(std::chrono::steady_clock::now().time_since_epoch()); }

}  // namespace

/// Shared with the coroutine that hears it, which may outlive the link.
struct TcpLink::Connection {
  Connection(asio::io_context& context, std::shared_ptr<const Handlers> handlers_,
             std::shared_ptr<LineTap> tap_)
      : socket(context), resolver(context), handlers(std::move(handlers_)), tap(std::move(tap_)) {}

  tcp::socket socket;
  tcp::resolver resolver;
  std::shared_ptr<const Handlers> handlers;
  std::shared_ptr<LineTap> tap;
  bool expired = false;
  bool dropped = false;
};

TcpLink::TcpLink(Loop& loop, TcpPlace place, Handlers handlers)
    : loop_(loop),
      place_(std::move(place)),
      handlers_(std::make_shared<const Handlers>(std::move(handlers))),
      dice_(std::random_device{}()),
      dialling_(loop, most_dialling) {}

TcpLink::~TcpLink() { drop(); }

bool TcpLink::is_open() const { return connection_ && !connection_->dropped; }

void TcpLink::drop() {
  if (!connection_) return;
  connection_->dropped = true;
  boost::system::error_code ignored;
  connection_->socket.close(ignored);
  connection_.reset();
}

Awaitable<Result<void>> TcpLink::open() {
  if (is_open()) co_return Result<void>{};
  const auto turn = co_await dialling_.take();
  if (!turn) co_return Error{Fault::full, "too many wait for the connection"};
  if (is_open()) co_return Result<void>{};
  if (now() < next_try_) {
    const auto left = std::chrono::duration_cast<Milliseconds>(next_try_ - now()).count();
    co_return Error{Fault::retry, "is away (" + why_away_ + "); next try in " + std::to_string(left) + " ms"};
  }
  const auto connection = std::make_shared<Connection>(loop_.context(), handlers_, place_.tap);
  why_away_ = co_await dial(connection);
  if (why_away_.empty()) {
    connection_ = connection;
    ++number_;
    backoff_ = Milliseconds{0};
    loop_.spawn(hear(connection));
    co_return Result<void>{};
  }
  backoff_ = backoff_.count() == 0 ? place_.backoff_first : std::min(2 * backoff_, place_.backoff_max);
  // Gateways behind one lost switch must not all come back in the same instant.
  std::uniform_int_distribution<std::int64_t> jitter(80, 120);
  next_try_ = now() + backoff_ * jitter(dice_) / 100;
  co_return Error{Fault::retry, "is away: " + why_away_};
}

/// Why there is no connection; empty: there is one.
Awaitable<std::string> TcpLink::dial(std::shared_ptr<Connection> connection) {
  const auto limit = loop_.deadlines().set(place_.connect_timeout, [weak = std::weak_ptr(connection)] {
    const auto late = weak.lock();
    if (!late) return;
    late->expired = true;
    late->resolver.cancel();
    boost::system::error_code ignored;
    late->socket.close(ignored);
  });
  boost::system::error_code failed;
  auto into = asio::redirect_error(asio::use_awaitable, failed);
  std::vector<tcp::endpoint> endpoints;
  const auto address = asio::ip::make_address(place_.host, failed);
  if (!failed) {
    endpoints.emplace_back(address, place_.port);
  } else {
    const auto found =
        co_await connection->resolver.async_resolve(place_.host, std::to_string(place_.port), into);
    for (const auto& entry : found) endpoints.push_back(entry.endpoint());
  }
  for (const tcp::endpoint& endpoint : endpoints) {
    if (connection->expired) break;
    boost::system::error_code ignored;
    connection->socket.close(ignored);
    co_await connection->socket.async_connect(endpoint, into);
    if (!failed) break;
  }
  if (connection->expired)
    co_return "no connection in " + std::to_string(place_.connect_timeout.count()) + " ms";
  if (!failed) connection->socket.set_option(tcp::no_delay(true), failed);
  if (!failed) keep_alive(connection->socket, failed);
  if (!failed) connection->socket.non_blocking(true, failed);
  if (failed) co_return failed.message();
  if (endpoints.empty()) co_return std::string("the name has no address");
  co_return std::string{};
}

Result<void> TcpLink::send(ByteView bytes) {
  if (!is_open()) return Error{Fault::retry, "the connection is closed"};
  boost::system::error_code failed;
  const auto sent = connection_->socket.send(asio::buffer(bytes.data(), bytes.size()), 0, failed);
  if (!failed && sent == bytes.size()) {
    if (place_.tap) place_.tap->sent(bytes, now());
    return {};
  }
  drop();
  return Error{Fault::retry, "the connection broke: " + (failed ? failed.message() : "its buffer is full")};
}

/// Waits for readability and then reads: one system call for each burst, and no buffer
/// for a connection that is silent.
Awaitable<void> TcpLink::hear(std::shared_ptr<Connection> connection) {
  boost::system::error_code failed;
  while (!connection->dropped) {
    auto into = asio::redirect_error(asio::use_awaitable, failed);
    co_await connection->socket.async_wait(tcp::socket::wait_read, into);
    if (connection->dropped) co_return;
    std::array<std::uint8_t, most_at_once> bytes;
    std::size_t came = 0;
    if (!failed) came = connection->socket.receive(asio::buffer(bytes), 0, failed);
    if (failed == asio::error::would_block || failed == asio::error::interrupted) continue;
    if (failed || came == 0) {
      connection->dropped = true;
      boost::system::error_code ignored;
      connection->socket.close(ignored);
      connection->handlers->lost("the connection broke: " +
                                 (failed ? failed.message() : "the peer closed it"));
      co_return;
    }
    const auto at = now();
    if (connection->tap) connection->tap->heard({bytes.data(), came}, at);
    connection->handlers->bytes({bytes.data(), came}, at);
  }
}

}  // namespace steward
