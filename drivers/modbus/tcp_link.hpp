#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/clock.hpp"
#include "contract/nouns/result.hpp"
#include "drivers/bus/turns.hpp"
#include "drivers/line/line_tap.hpp"
#include "kit/loop/awaitable.hpp"

namespace steward {

/// Where a TCP peer is and how long it is waited for.
struct TcpPlace {
  std::string host;  // name or address
  std::uint16_t port = 502;
  Milliseconds connect_timeout{3000};
  Milliseconds backoff_first{250};  // after a failed connect, doubled each time, +/- 20 %
  Milliseconds backoff_max{30'000};
  std::shared_ptr<LineTap> tap = {};  // who looks on sees its bytes there; may be none
};

/// A TCP connection that comes back: opened when it is needed, heard all the time it is open.
///
/// While the peer is away `open` fails at once until the back-off is over: a dead peer
/// costs nothing. Thread: loop. The loop must outlive it.
class TcpLink {
 public:
  /// Called on the loop, never from within `open`, `send` or `drop`.
  struct Handlers {
    std::function<void(ByteView, Ticks)> bytes;    // as they come, at most 2 KiB at a time
    std::function<void(const std::string&)> lost;  // the peer closed it, or it broke: one sentence
  };

  TcpLink(Loop& loop, TcpPlace place, Handlers handlers);
  ~TcpLink();
  TcpLink(const TcpLink&) = delete;
  TcpLink& operator=(const TcpLink&) = delete;

  bool is_open() const;
  /// Which connection this is: another number, another connection; 0: none yet.
  std::uint64_t number() const { return number_; }
  std::string where() const { return place_.host + ":" + std::to_string(place_.port); }

  /// Sees to it that a connection is there. Faults: retry (away: why, and when the next try is).
  Awaitable<Result<void>> open();
  /// Hands a request to the kernel; what it does not take at once is a fault, since
  /// requests have 12 bytes. Faults: retry (the link is then closed).
  Result<void> send(ByteView bytes);
  /// Closes it; nothing more is heard of it, `lost` is not called.
  void drop();

 private:
  struct Connection;
  static Awaitable<void> hear(std::shared_ptr<Connection> connection);
  Awaitable<std::string> dial(std::shared_ptr<Connection> connection);

  Loop& loop_;
  const TcpPlace place_;
  const std::shared_ptr<const Handlers> handlers_;
  std::minstd_rand dice_;
  Turns dialling_;
  std::shared_ptr<Connection> connection_;
  std::uint64_t number_ = 0;
  Milliseconds backoff_{0};
  Ticks next_try_{};
  std::string why_away_;
};

}  // namespace steward
