#include "kit/loop/wakeup.hpp"

#include <boost/asio/async_result.hpp>
#include <cassert>

#include "kit/loop/asio.hpp"

namespace asio = boost::asio;

namespace steward {

struct Wakeup::Waiter {
  virtual ~Waiter() = default;
  virtual void go_on() = 0;
};

template <class Handler>
struct Wakeup::WaiterOf final : Wakeup::Waiter {
  explicit WaiterOf(Handler&& given) : handler(std::move(given)) {}
  // Posted, never called: who sets must not find the coroutine's work done in its middle.
  void go_on() override { asio::post(std::move(handler)); }
  Handler handler;
};

Wakeup::Wakeup() = default;
Wakeup::~Wakeup() = default;
Wakeup::Wakeup(Wakeup&&) noexcept = default;

void Wakeup::set() {
  if (!waiter_) {
    set_ = true;
    return;
  }
  const auto waiter = std::move(waiter_);
  waiter->go_on();
}

Awaitable<void> Wakeup::wait() {
  if (!set_) {
    assert(!waiter_);
    const auto initiate = [this](auto&& handler) {
      using Handler = std::decay_t<decltype(handler)>;
      waiter_ = std::make_unique<WaiterOf<Handler>>(std::forward<decltype(handler)>(handler));
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(initiate, asio::use_awaitable);
  }
  set_ = false;
}

}  // namespace steward
