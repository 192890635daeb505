#include "drivers/sim/fault_player.hpp"

#include "drivers/sim/modbus_answer.hpp"
#include "kit/loop/clocks.hpp"

namespace steward::sim {
namespace {

constexpr Milliseconds idle_wait{60'000};  // looked again after: nothing depends on it

Ticks now() { return SystemClock().ticks(); }

}  // namespace

void FaultPlayer::ask(Speech speech, ByteView request, const HonestAnswer& honest) {
  line_.ask(speech, request, honest, now());
  woken_.set();
}

void FaultPlayer::ask(Speech speech, ByteView request, RegisterSource& source) {
  const ByteView body = body_of(speech, request);
  ask(speech, request, [&](UnitAddress as) {
    Bytes asked(body.begin(), body.end());
    asked[0] = as.byte();
    return modbus_answer(source, asked);
  });
}

Awaitable<Bytes> FaultPlayer::due() {
  while (!stopped_) {
    Bytes burst = line_.take(now());
    if (!burst.empty()) co_return burst;
    Milliseconds wait = idle_wait;
    if (const auto next = line_.next())
      wait = std::min(wait, std::max(Milliseconds(0), std::chrono::ceil<Milliseconds>(*next - now())));
    co_await woken_.wait(wait);
  }
  co_return Bytes{};
}

void FaultPlayer::stop() {
  stopped_ = true;
  woken_.set();
}

}  // namespace steward::sim
