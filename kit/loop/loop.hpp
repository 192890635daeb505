#pragma once
#include <functional>
#include <memory>

#include "contract/nouns/clock.hpp"
#include "kit/loop/awaitable.hpp"

namespace boost::asio {
class io_context;
}

namespace steward {

class Deadlines;

/// The one thread that waits for sockets, timers and signals, and the only
/// place where coroutines run.
///
/// Thread: `post` and `stop` may be called from any thread; everything else from
/// the thread that calls `run`, or before it.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Works until `stop`; also when nothing is left to do, since other threads may post.
  void run();
  /// Works until `done` says so or `limit` of real time has passed; false when it passed.
  bool run_until(const std::function<bool()>& done, Milliseconds limit);
  /// `run` returns after the handler in hand.
  void stop();

  /// Runs `work` on the loop, later. The only door in for other threads.
  void post(std::function<void()> work);
  /// Starts a coroutine on the loop. An exception that leaves it is a bug of ours: it ends the program.
  void spawn(Awaitable<void> coroutine);
  /// Calls `handler` at SIGINT or SIGTERM, once per signal.
  void on_stop_signal(std::function<void()> handler);

  boost::asio::io_context& context();
  /// The time-outs of everything on this loop.
  Deadlines& deadlines();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Waits `length` of real time. Thread: loop.
Awaitable<void> pause(Milliseconds length);

/// Something that happens and that one coroutine at a time waits for.
/// Thread: loop.
class Signal {
 public:
  explicit Signal(Loop& loop);
  ~Signal();
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  /// Wakes the one who waits; if nobody does, the next `wait` returns at once.
  void set();
  /// Waits for `set`, at most `limit` of real time; false when it passed.
  Awaitable<bool> wait(Milliseconds limit);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace steward
