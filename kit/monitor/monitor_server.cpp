#include "kit/monitor/monitor_server.hpp"

#include <algorithm>
#include <set>

#include "kit/loop/asio.hpp"
#include "kit/loop/deadlines.hpp"
#include "kit/monitor/http_request.hpp"

namespace steward {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using Socket = std::shared_ptr<Tcp::socket>;

std::string_view reason(int status) {
  switch (status) {
    case 200: return "OK";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 421: return "Misdirected Request";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Bad Request";
  }
}

/// A name that means this machine whatever a name server says.
bool is_loopback_host(std::string_view host) {
  const auto colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find_first_not_of("0123456789", colon + 1) == host.npos)
    host = host.substr(0, colon);
  return host == "localhost" || host == "127.0.0.1";
}

std::string response(const MonitorAnswer& answer, bool head) {
  auto text = "HTTP/1.1 " + std::to_string(answer.status) + " " + std::string(reason(answer.status)) + "\r\n";
  if (answer.status == 405) text += "Allow: GET, HEAD\r\n";
  text += "Content-Type: " + std::string(answer.type) +
          "\r\nContent-Length: " + std::to_string(answer.body.size()) +
          "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n";
  return head ? text : text + answer.body;
}

MonitorAnswer refusal(int status) {
  return {status, "text/plain; charset=utf-8", std::string(reason(status)) + "\n"};
}

}  // namespace

struct MonitorServer::Parts : std::enable_shared_from_this<Parts> {
  Parts(Loop& on, Answer how) : loop(on), answer(std::move(how)), acceptor(on.context()) {}

  Awaitable<void> accept();
  Awaitable<void> serve(Socket socket);

  Loop& loop;
  Answer answer;
  Tcp::acceptor acceptor;
  std::set<Socket> clients;
  Milliseconds patience = monitor_patience;
  bool loopback = true;
  bool stopped = false;
};

Awaitable<void> MonitorServer::Parts::serve(Socket socket) {
  const auto keep = shared_from_this();
  const auto limit = loop.deadlines().set(patience, [socket] {
    boost::system::error_code ignored;
    socket->close(ignored);
  });
  std::string received;
  HttpParse parse;
  boost::system::error_code error;
  while (!error && parse.state == HttpParse::State::more) {
    char piece[1024];
    const auto count = co_await socket->async_read_some(asio::buffer(piece),
                                                        asio::redirect_error(asio::use_awaitable, error));
    received.append(piece, count);
    parse = parse_http_request(received);
  }
  if (!stopped && parse.state != HttpParse::State::more) {
    const auto& request = parse.request;
    if (parse.state == HttpParse::State::done && loopback && !request.host.empty() &&
        !is_loopback_host(request.host)) {
      parse = {HttpParse::State::bad, 421, {}};
    }
    const auto text = response(
        parse.state == HttpParse::State::done ? answer(request.path) : refusal(parse.status), request.head);
    co_await asio::async_write(*socket, asio::buffer(text), asio::redirect_error(asio::use_awaitable, error));
    socket->shutdown(Tcp::socket::shutdown_both, error);
  }
  socket->close(error);
  clients.erase(socket);
}

Awaitable<void> MonitorServer::Parts::accept() {
  const auto keep = shared_from_this();
  while (!stopped) {
    auto socket = std::make_shared<Tcp::socket>(loop.context());
    boost::system::error_code error;
    co_await acceptor.async_accept(*socket, asio::redirect_error(asio::use_awaitable, error));
    if (stopped) break;
    if (error) {
      co_await pause(Milliseconds(100));  // out of descriptors: not a busy loop
      continue;
    }
    if (clients.size() >= max_monitor_clients) continue;  // the socket closes with its last owner
    clients.insert(socket);
    loop.spawn(serve(std::move(socket)));
  }
}

MonitorServer::MonitorServer(std::shared_ptr<Parts> parts) : parts_(std::move(parts)) {}

MonitorServer::~MonitorServer() {
  parts_->stopped = true;
  boost::system::error_code ignored;
  parts_->acceptor.close(ignored);
  for (const auto& client : parts_->clients) client->close(ignored);
}

std::uint16_t MonitorServer::port() const { return parts_->acceptor.local_endpoint().port(); }

Result<std::unique_ptr<MonitorServer>> MonitorServer::open(Loop& loop, const MonitorAt& at, Answer answer,
                                                           Milliseconds patience) {
  const asio::ip::address_v4 address({at.address[0], at.address[1], at.address[2], at.address[3]});
  const auto name = address.to_string() + ":" + std::to_string(at.port);
  if (!address.is_loopback() && !at.beyond_loopback) {
    return Error{Fault::refused, "monitoring on " + name +
                                     " could be read by others on the network; use 127.0.0.1, or say that it "
                                     "may (beyond_loopback) / 监控端口 " +
                                     name + " 将对网络开放；请使用 127.0.0.1，或明确允许（beyond_loopback）"};
  }
  auto parts = std::make_shared<Parts>(loop, std::move(answer));
  parts->loopback = address.is_loopback();
  parts->patience = patience;
  boost::system::error_code error;
  parts->acceptor.open(Tcp::v4(), error);
  if (!error) parts->acceptor.set_option(Tcp::acceptor::reuse_address(true), error);
  if (!error) parts->acceptor.bind({address, at.port}, error);
  if (!error) parts->acceptor.listen(static_cast<int>(max_monitor_clients), error);
  if (error) {
    return Error{Fault::broken, "cannot listen for monitoring on " + name + ": " + error.message() +
                                    " / 无法在 " + name + " 提供监控"};
  }
  loop.spawn(parts->accept());
  return std::unique_ptr<MonitorServer>(new MonitorServer(std::move(parts)));
}

}  // namespace steward
