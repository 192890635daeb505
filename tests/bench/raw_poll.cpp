#include "tests/bench/raw_poll.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <stdexcept>
#include <thread>

#include "drivers/modbus/frame.hpp"
#include "tests/bench/process_usage.hpp"

namespace steward::bench {
namespace {

using Clock = std::chrono::steady_clock;

int dial(std::uint16_t port) {
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const int yes = 1;
  ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (::connect(made, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return made;
  ::close(made);
  return -1;
}

bool ask(int socket, const RawRead& read) {
  std::array<std::uint8_t, 512> reply;
  if (::send(socket, read.request.data(), read.request.size(), MSG_NOSIGNAL) < 0) return false;
  std::size_t came = 0;
  while (came < read.reply) {
    const auto more = ::recv(socket, reply.data() + came, reply.size() - came, 0);
    if (more <= 0) return false;
    came += static_cast<std::size_t>(more);
    if (came >= 9 && came < read.reply && (reply[7] & 0x80) != 0) return false;  // an exception
  }
  return came == read.reply;
}

void wait_for(Clock::time_point due) {
  for (auto left = due - Clock::now(); left.count() > 0; left = due - Clock::now()) {
    idle_ms(static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count()));
  }
}

}  // namespace

RawPoll::RawPoll(const SiteSetup& setup, const std::vector<BusPlan>& plans) {
  for (const auto& plan : plans) {
    const auto bus = std::ranges::find(setup.buses, plan.bus, &BusSetup::bus);
    RawLane lane{bus->tcp.port, {}};
    for (const auto& meter : plan.meters) {
      for (const auto& read : meter.round_reads) {
        const OpenRequest open{Framing::mbap, static_cast<std::uint16_t>(lane.reads.size()), meter.unit,
                               read.span};
        lane.reads.push_back({encode_request(open), reply_bytes(open)});
        registers_ += read.span.count;
        readings_ += read.channels.size();
      }
    }
    lanes_.push_back(std::move(lane));
  }
}

std::size_t RawPoll::requests() const {
  std::size_t sum = 0;
  for (const auto& lane : lanes_) sum += lane.reads.size();
  return sum;
}

void RawPoll::run(int rounds, Clock::time_point start, std::chrono::milliseconds every) const {
  std::atomic<bool> failed = false;
  {
    std::vector<std::jthread> threads;
    for (const auto& lane : lanes_) {
      threads.emplace_back([&lane, &failed, rounds, start, every] {
        const int socket = dial(lane.port);
        for (int round = 0; socket >= 0 && round < rounds && !failed; ++round) {
          wait_for(start + round * every);
          for (const auto& read : lane.reads) {
            if (!ask(socket, read)) failed = true;
            if (failed) break;
          }
        }
        if (socket < 0) failed = true;
        ::close(socket);
      });
    }
  }
  if (failed) throw std::runtime_error("raw poll: a simulated meter did not answer as it should");
}

}  // namespace steward::bench
