#include "kit/loop/loop.hpp"

#include <csignal>
#include <exception>

#include "kit/loop/asio.hpp"
#include "kit/loop/deadlines.hpp"

namespace asio = boost::asio;

namespace steward {

struct Loop::Parts {
  asio::io_context context{1};  // 1: one thread runs it, so Asio can leave locks out
  asio::executor_work_guard<asio::io_context::executor_type> busy{context.get_executor()};
  std::unique_ptr<asio::signal_set> signals;
  std::unique_ptr<Deadlines> deadlines;
};

Loop::Loop() : parts_(std::make_unique<Parts>()) { parts_->deadlines = std::make_unique<Deadlines>(*this); }
Loop::~Loop() = default;

void Loop::run() {
  parts_->context.restart();
  parts_->context.run();
}

bool Loop::run_until(const std::function<bool()>& done, Milliseconds limit) {
  parts_->context.restart();
  // An idle moment is not the end: another thread may be about to post.
  const auto waiting = asio::make_work_guard(parts_->context);
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= left.zero()) return false;
    if (parts_->context.run_one_for(left) == 0 && parts_->context.stopped())
      return done();  // stop() was called
  }
  return true;
}

void Loop::stop() { parts_->context.stop(); }

void Loop::post(std::function<void()> work) { asio::post(parts_->context, std::move(work)); }

void Loop::spawn(Awaitable<void> coroutine) {
  asio::co_spawn(parts_->context, std::move(coroutine), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

void Loop::on_stop_signal(std::function<void()> handler) {
  parts_->signals = std::make_unique<asio::signal_set>(parts_->context, SIGINT, SIGTERM);
  // Waits again after each signal: a second Ctrl-C must not kill a daemon that is flushing.
  struct Waiter {
    asio::signal_set* signals;
    std::function<void()> handler;
    void wait() const {
      signals->async_wait([self = *this](const boost::system::error_code& failed, int) {
        if (failed) return;
        self.wait();
        self.handler();
      });
    }
  };
  Waiter{parts_->signals.get(), std::move(handler)}.wait();
}

asio::io_context& Loop::context() { return parts_->context; }
Deadlines& Loop::deadlines() { return *parts_->deadlines; }

Awaitable<void> pause(Milliseconds length) {
  asio::steady_timer timer(co_await asio::this_coro::executor, length);
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

struct Signal::Parts {
  explicit Parts(asio::io_context& context) : timer(context) {}
  asio::steady_timer timer;
  bool set = false;
};

Signal::Signal(Loop& loop) : parts_(std::make_unique<Parts>(loop.context())) {}
Signal::~Signal() = default;

void Signal::set() {
  parts_->set = true;
  parts_->timer.cancel();
}

Awaitable<bool> Signal::wait(Milliseconds limit) {
  if (!parts_->set) {
    parts_->timer.expires_after(limit);
    boost::system::error_code ignored;
    co_await parts_->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_return std::exchange(parts_->set, false);
}

}  // namespace steward
