#include "edge/app/swap_bus.hpp"

#include <iterator>

namespace steward {
namespace {

/// Above the longest read: a slow line's time-outs times the reads that may wait for it.
constexpr Milliseconds call_patience{60'000};

Error busy() { return {Fault::retry, "the bus is being restarted / 总线正在重启"}; }

}  // namespace

/// One call on its way through the bus, however it ends.
class SwapBus::Call {
 public:
  explicit Call(SwapBus& bus) : bus_(bus) { ++bus_.calls_; }
  ~Call() {
    if (--bus_.calls_ == 0) bus_.idle_.set();
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

 private:
  SwapBus& bus_;
};

SwapBus::SwapBus(Loop& loop, Make make) : make_(std::move(make)), bus_(make_()), idle_(loop) {}

Awaitable<Result<void>> SwapBus::restart() {
  if (restarting_) co_return busy();
  restarting_ = true;
  if (calls_ > 0) (void)co_await idle_.wait(Milliseconds{0});  // an old wake-up
  while (calls_ > 0) {
    const bool quiet = co_await idle_.wait(call_patience);
    if (quiet || calls_ == 0) continue;
    restarting_ = false;
    co_return Error{Fault::retry, "a read on this bus has not ended within a minute; the bus stays as it is"};
  }
  auto notices = bus_->take_notices();
  kept_.insert(kept_.end(), std::make_move_iterator(notices.begin()), std::make_move_iterator(notices.end()));
  bus_.reset();  // a serial line is opened for one at a time
  bus_ = make_();
  restarting_ = false;
  co_return Result<void>{};
}

Awaitable<Result<Words>> SwapBus::read(UnitAddress unit, RegisterSpan span) {
  if (restarting_) co_return busy();
  const Call call(*this);
  co_return co_await bus_->read(unit, span);
}

Awaitable<Result<Identity>> SwapBus::identify(UnitAddress unit) {
  if (restarting_) co_return busy();
  const Call call(*this);
  co_return co_await bus_->identify(unit);
}

Awaitable<Result<Surveyed>> SwapBus::survey(Survey survey) {
  if (restarting_) co_return busy();
  const Call call(*this);
  co_return co_await bus_->survey(survey);
}

std::vector<BusNotice> SwapBus::take_notices() {
  auto notices = std::exchange(kept_, {});
  auto now = bus_->take_notices();
  notices.insert(notices.end(), std::make_move_iterator(now.begin()), std::make_move_iterator(now.end()));
  return notices;
}

}  // namespace steward
