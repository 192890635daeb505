#include "tests/bench/raw_epoll.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "tests/bench/process_usage.hpp"

namespace steward::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t request_bytes = 12;

struct Unit {
  int socket = -1;
  std::uint16_t sent = 0;      // transactions sent
  std::uint16_t answered = 0;  // and answered, in order
  std::size_t have = 0;
  std::array<std::uint8_t, 2048> in;
};

int dial(std::uint16_t port) {
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (made < 0 || ::connect(made, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("raw epoll: cannot connect");
  const int yes = 1;
  ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return made;
}

void ask(Unit& unit, std::uint16_t registers, std::size_t requests) {
  std::array<std::uint8_t, request_bytes * 16> out;
  for (std::size_t i = 0; i < requests; ++i) {
    const std::uint16_t id = unit.sent++;
    const std::uint8_t frame[request_bytes] = {static_cast<std::uint8_t>(id >> 8),
                                               static_cast<std::uint8_t>(id & 0xFF),
                                               0,
                                               0,
                                               0,
                                               6,
                                               1,
                                               3,
                                               0,
                                               0,
                                               static_cast<std::uint8_t>(registers >> 8),
                                               static_cast<std::uint8_t>(registers & 0xFF)};
    std::memcpy(out.data() + i * request_bytes, frame, request_bytes);
  }
  if (::send(unit.socket, out.data(), requests * request_bytes, MSG_NOSIGNAL) < 0)
    throw std::runtime_error("raw epoll: the connection broke");
}

/// How many whole right replies came.
std::size_t hear(Unit& unit, std::size_t reply_bytes) {
  const auto came = ::recv(unit.socket, unit.in.data() + unit.have, unit.in.size() - unit.have, 0);
  if (came <= 0) throw std::runtime_error("raw epoll: the connection broke");
  unit.have += static_cast<std::size_t>(came);
  std::size_t replies = 0;
  std::size_t at = 0;
  for (; unit.have - at >= reply_bytes; at += reply_bytes, ++replies) {
    const std::uint8_t* frame = unit.in.data() + at;
    const auto id = static_cast<std::uint16_t>((frame[0] << 8) | frame[1]);
    const auto length = static_cast<std::size_t>((frame[4] << 8) | frame[5]);
    if (id != unit.answered++ || length + 6 != reply_bytes || frame[6] != 1 || frame[7] != 3 ||
        frame[8] + std::size_t{9} != reply_bytes)
      throw std::runtime_error("raw epoll: a wrong reply");
  }
  std::memmove(unit.in.data(), unit.in.data() + at, unit.have - at);
  unit.have -= at;
  return replies;
}

}  // namespace

Polled raw_epoll(std::uint16_t port, std::size_t units, std::uint16_t registers, std::size_t outstanding,
                 double seconds) {
  Polled polled{.rss_kb = -own_rss_kb(), .virtual_kb = -own_virtual_kb()};
  const std::size_t reply = 9 + std::size_t{2} * registers;
  const int set = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<Unit> all(units);
  for (std::size_t i = 0; i < units; ++i) {
    all[i].socket = dial(port);
    epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
    ::epoll_ctl(set, EPOLL_CTL_ADD, all[i].socket, &event);
  }
  for (auto& unit : all) ask(unit, registers, outstanding);
  std::array<epoll_event, 256> ready;
  double count = 0;
  double cpu = 0;
  auto begun = Clock::time_point::max();
  auto end = Clock::time_point::max();
  std::size_t warm = 0;
  while (true) {
    const int events = ::epoll_wait(set, ready.data(), static_cast<int>(ready.size()), -1);
    for (int i = 0; i < events; ++i) {
      Unit& unit = all[ready[static_cast<std::size_t>(i)].data.u64];
      const std::size_t replies = hear(unit, reply);
      if (replies > 0) ask(unit, registers, replies);
      count += static_cast<double>(replies);
    }
    if (warm < 2 * units * outstanding) {
      warm = static_cast<std::size_t>(count);
      if (warm < 2 * units * outstanding) continue;
      begun = Clock::now();
      end = begun + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
      cpu = own_cpu_s();
      count = 0;
    }
    if (Clock::now() >= end) break;
  }
  polled.requests = count;
  polled.seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  polled.cpu_s = own_cpu_s() - cpu;
  polled.rss_kb += own_rss_kb();
  polled.virtual_kb += own_virtual_kb();
  for (const auto& unit : all) ::close(unit.socket);
  ::close(set);
  return polled;
}

}  // namespace steward::bench
