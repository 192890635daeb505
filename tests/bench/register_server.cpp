#include "tests/bench/register_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <stdexcept>
#include <unordered_map>
#include <vector>

namespace steward::bench {
namespace {

constexpr std::size_t request_bytes = 12;
constexpr int most_events = 256;

/// One meter's answer to `request`, appended to `out`.
void answer(const std::uint8_t* request, std::vector<std::uint8_t>& out) {
  const std::uint32_t first = (std::uint32_t{request[8]} << 8U) | request[9];
  const std::uint32_t count = (std::uint32_t{request[10]} << 8U) | request[11];
  out.insert(out.end(), request, request + 4);
  out.push_back(0);
  out.push_back(static_cast<std::uint8_t>(3 + 2 * count));
  out.push_back(request[6]);
  out.push_back(request[7]);
  out.push_back(static_cast<std::uint8_t>(2 * count));
  for (std::uint32_t at = first; at < first + count; ++at) {
    out.push_back(static_cast<std::uint8_t>(served_word(at) >> 8));
    out.push_back(static_cast<std::uint8_t>(served_word(at) & 0xFF));
  }
}

struct Connection {
  std::array<std::uint8_t, 1024> in;
  std::size_t have = 0;
};

/// False when the peer has gone.
bool serve(int socket, Connection& connection, std::vector<std::uint8_t>& out) {
  const auto came = ::recv(socket, connection.in.data() + connection.have,
                           connection.in.size() - connection.have, MSG_DONTWAIT);
  if (came <= 0) return false;
  connection.have += static_cast<std::size_t>(came);
  out.clear();
  std::size_t at = 0;
  for (; connection.have - at >= request_bytes; at += request_bytes) answer(connection.in.data() + at, out);
  std::memmove(connection.in.data(), connection.in.data() + at, connection.have - at);
  connection.have -= at;
  return out.empty() || ::send(socket, out.data(), out.size(), MSG_NOSIGNAL) > 0;
}

void run(int listener) {
  const int set = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{.events = EPOLLIN, .data = {.fd = listener}};
  ::epoll_ctl(set, EPOLL_CTL_ADD, listener, &event);
  std::unordered_map<int, Connection> connections;
  std::vector<std::uint8_t> out;
  std::array<epoll_event, most_events> ready;
  while (true) {
    const int count = ::epoll_wait(set, ready.data(), most_events, -1);
    for (int i = 0; i < count; ++i) {
      const int socket = ready[static_cast<std::size_t>(i)].data.fd;
      if (socket == listener) {
        const int made = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (made < 0) continue;
        const int yes = 1;
        ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        epoll_event fresh{.events = EPOLLIN, .data = {.fd = made}};
        ::epoll_ctl(set, EPOLL_CTL_ADD, made, &fresh);
        connections[made];
      } else if (!serve(socket, connections[socket], out)) {
        connections.erase(socket);
        ::close(socket);
      }
    }
  }
}

}  // namespace

RegisterServer::RegisterServer() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      ::listen(listener, SOMAXCONN) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    throw std::runtime_error("cannot listen on 127.0.0.1");
  port_ = ntohs(address.sin_port);
  helper_ = std::make_unique<Helper>([listener] { run(listener); });
  ::close(listener);
}

}  // namespace steward::bench
