#include "tests/support/chaos_proxy.hpp"

#include <array>
#include <atomic>
#include <list>
#include <thread>

#include "kit/loop/asio.hpp"
#include "kit/loop/loop.hpp"

namespace steward {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr Milliseconds glance{1};  // how often a held link looks at the weather
constexpr std::size_t slow_bytes = 2048;
constexpr std::size_t most_bytes = 16 * 1024;

/// RST instead of FIN: what was under way is thrown away.
void abort_socket(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

}  // namespace

std::string_view word(Weather weather) {
  constexpr std::string_view words[] = {"clear", "refused", "held", "swallowed", "one_way", "slow", "pieces"};
  return words[static_cast<std::size_t>(weather)];
}

struct ChaosProxy::Parts {
  struct Link : std::enable_shared_from_this<Link> {
    explicit Link(asio::io_context& context) : client(context), server(context) {}
    tcp::socket client;
    tcp::socket server;
    bool holed = false;  // bytes of it were swallowed

    void abort() {
      abort_socket(client);
      abort_socket(server);
    }
  };

  explicit Parts(std::uint16_t server_port)
      : acceptor(loop.context(), tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        server(asio::ip::address_v4::loopback(), server_port),
        port(acceptor.local_endpoint().port()) {
    loop.spawn(accept());
    thread = std::jthread([this] { loop.run(); });
  }

  Awaitable<void> accept() {
    for (;;) {
      auto link = std::make_shared<Link>(loop.context());
      error_code failed;
      co_await acceptor.async_accept(link->client, asio::redirect_error(asio::use_awaitable, failed));
      if (failed) co_return;
      if (weather == Weather::refused) {
        ++turned_away;
        abort_socket(link->client);
        continue;
      }
      co_await link->server.async_connect(server, asio::redirect_error(asio::use_awaitable, failed));
      if (failed) {  // nobody listens there: the client finds out as it would without us
        abort_socket(link->client);
        continue;
      }
      error_code ignored;
      link->client.set_option(tcp::no_delay(true), ignored);
      link->server.set_option(tcp::no_delay(true), ignored);
      ++accepted;
      links.remove_if([](const auto& old) { return old.expired(); });
      links.push_back(link);
      loop.spawn(carry(link, link->client, link->server, true));
      loop.spawn(carry(link, link->server, link->client, false));
    }
  }

  std::size_t at_most() const {
    if (weather == Weather::slow) return slow_bytes;
    return weather == Weather::pieces ? 1 + carried % 7 : most_bytes;
  }
  bool swallows(bool from_client) const {
    return weather == Weather::swallowed || (weather == Weather::one_way && from_client);
  }

  /// One direction of one link, until either end closes.
  Awaitable<void> carry(std::shared_ptr<Link> link, tcp::socket& from, tcp::socket& to, bool from_client) {
    std::array<char, most_bytes> bytes{};
    for (;;) {
      error_code failed;
      const auto got = co_await from.async_read_some(asio::buffer(bytes.data(), at_most()),
                                                     asio::redirect_error(asio::use_awaitable, failed));
      if (failed) break;
      if (weather == Weather::held) held += got;
      while (weather == Weather::held && to.is_open()) co_await pause(glance);
      if (swallows(from_client)) {
        swallowed += got;
        link->holed = true;
        continue;
      }
      if (weather == Weather::slow) co_await pause(glance);
      co_await asio::async_write(to, asio::buffer(bytes.data(), got),
                                 asio::redirect_error(asio::use_awaitable, failed));
      if (failed) break;
      carried += got;
    }
    error_code ignored;
    // The other end is told only what it could know: on a half-open link, nothing.
    while (swallows(from_client) && to.is_open()) co_await pause(glance);
    to.shutdown(tcp::socket::shutdown_send, ignored);
    from.close(ignored);
  }

  template <class Which>
  void abort_links(Which which) {
    for (const auto& link : links) {
      if (const auto open = link.lock(); open && which(*open)) open->abort();
    }
  }

  Loop loop;
  tcp::acceptor acceptor;
  tcp::endpoint server;
  std::uint16_t port;
  std::list<std::weak_ptr<Link>> links;  // loop
  std::atomic<Weather> weather{Weather::clear};
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> turned_away{0};
  std::atomic<std::uint64_t> carried{0};
  std::atomic<std::uint64_t> swallowed{0};
  std::atomic<std::uint64_t> held{0};
  std::jthread thread;
};

ChaosProxy::ChaosProxy(std::uint16_t server) : parts_(std::make_unique<Parts>(server)) {}

ChaosProxy::~ChaosProxy() {
  set(Weather::clear);
  parts_->loop.post([this] {
    parts_->abort_links([](const auto&) { return true; });
    error_code ignored;
    parts_->acceptor.close(ignored);
    parts_->loop.stop();
  });
  parts_->thread.join();
}

std::uint16_t ChaosProxy::port() const { return parts_->port; }

void ChaosProxy::set(Weather weather) {
  parts_->weather = weather;
  parts_->loop.post([this] {
    const auto now = parts_->weather.load();
    if (now == Weather::swallowed || now == Weather::one_way) return;
    parts_->abort_links([](const auto& link) { return link.holed; });
  });
}

void ChaosProxy::reset() {
  parts_->loop.post([this] { parts_->abort_links([](const auto&) { return true; }); });
}

std::uint64_t ChaosProxy::accepted() const { return parts_->accepted; }
std::uint64_t ChaosProxy::turned_away() const { return parts_->turned_away; }
std::uint64_t ChaosProxy::carried() const { return parts_->carried; }
std::uint64_t ChaosProxy::swallowed() const { return parts_->swallowed; }
std::uint64_t ChaosProxy::held() const { return parts_->held; }

}  // namespace steward
