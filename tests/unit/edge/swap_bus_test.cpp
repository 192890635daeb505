#include "edge/app/swap_bus.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace steward;
using namespace std::chrono_literals;

namespace {

/// Answers when it is let; knows how many of it are open at once.
class SlowBus final : public RegisterBus {
 public:
  SlowBus(Loop& loop, int& open, int number) : go(loop), number_(number), open_(open) { ++open_; }
  ~SlowBus() override { --open_; }
  Awaitable<Result<Words>> read(UnitAddress, RegisterSpan) override {
    if (holds) (void)co_await go.wait(20s);
    co_return Words{static_cast<std::uint16_t>(number_)};
  }
  Awaitable<Result<Identity>> identify(UnitAddress) override { co_return Error{Fault::retry, "silent"}; }
  UnitStatus status(UnitAddress) const override { return {}; }
  std::vector<BusNotice> take_notices() override { return std::vector<BusNotice>(notices); }
  UnitCounters counters(UnitAddress) const override { return {}; }
  void unlatch(UnitAddress) override {}

  Signal go;
  bool holds = false;
  std::size_t notices = 0;

 private:
  int number_;
  int& open_;
};

}  // namespace

TEST_SUITE("edge/swap_bus") {
  TEST_CASE(
      "a bus is closed before it is opened anew, a read in hand ends first, and nothing found out is lost") {
    Loop loop;
    int open = 0;
    int most = 0;
    int made = 0;
    SlowBus* now = nullptr;
    SwapBus bus(loop, [&] {
      auto next = std::make_unique<SlowBus>(loop, open, ++made);
      now = next.get();
      most = std::max(most, open);
      return next;
    });
    now->holds = true;
    now->notices = 3;
    std::optional<Result<Words>> in_hand;
    std::optional<Result<Words>> meanwhile;
    std::optional<Result<void>> restarted;
    std::optional<Result<void>> twice;
    const auto ask = [&](std::optional<Result<Words>>& out) {
      loop.spawn([](SwapBus& one, std::optional<Result<Words>>& got) -> Awaitable<void> {
        got = co_await one.read({1}, {});
      }(bus, out));
    };
    const auto restart = [&](std::optional<Result<void>>& out) {
      loop.spawn([](SwapBus& one, std::optional<Result<void>>& got) -> Awaitable<void> {
        got = co_await one.restart();
      }(bus, out));
    };
    ask(in_hand);
    restart(restarted);
    ask(meanwhile);
    restart(twice);
    REQUIRE(loop.run_until([&] { return meanwhile && twice; }, 20s));
    CHECK(meanwhile->error().fault == Fault::retry);
    CHECK(twice->error().fault == Fault::retry);
    CHECK_FALSE(restarted);
    CHECK_FALSE(in_hand);
    now->go.set();
    REQUIRE(loop.run_until([&] { return restarted.has_value(); }, 20s));
    CHECK(*restarted);
    CHECK(**in_hand == Words{1});
    CHECK(made == 2);
    CHECK(most == 1);
    CHECK(bus.take_notices().size() == 3);
    CHECK(bus.take_notices().empty());
    std::optional<Result<Words>> after;
    ask(after);
    REQUIRE(loop.run_until([&] { return after.has_value(); }, 20s));
    CHECK(**after == Words{2});
  }
}
