#include "kit/loop/loop.hpp"
#include "kit/loop/deadlines.hpp"
#include "kit/loop/wakeup.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <optional>
#include <thread>
#include <vector>

#include "kit/loop/bounded_queue.hpp"
#include "kit/loop/clocks.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace steward;

TEST_SUITE("kit/loop") {
  TEST_CASE("work posted from another thread runs on the loop's thread, in order") {
    Loop loop;
    std::vector<int> seen;
    std::optional<std::thread::id> ran_on;
    std::jthread other([&] {
      for (int i = 0; i < 3; ++i) {
        loop.post([&, i] {
          seen.push_back(i);
          ran_on = std::this_thread::get_id();
        });
      }
    });
    REQUIRE(loop.run_until([&] { return seen.size() == 3; }, Milliseconds{5000}));
    CHECK(seen == std::vector{0, 1, 2});
    CHECK(ran_on == std::this_thread::get_id());
  }

  TEST_CASE("a signal set before the wait is not lost, and is used up by one wait") {
    Loop loop;
    Signal signal(loop);
    std::vector<bool> woken;
    loop.spawn([](Signal& bell, std::vector<bool>& log) -> Awaitable<void> {
      bell.set();
      log.push_back(co_await bell.wait(Milliseconds{60'000}));
      log.push_back(co_await bell.wait(Milliseconds{1}));
    }(signal, woken));
    REQUIRE(loop.run_until([&] { return woken.size() == 2; }, Milliseconds{5000}));
    CHECK(woken == std::vector{true, false});
  }

  TEST_CASE("a signal wakes who waits") {
    Loop loop;
    Signal signal(loop);
    std::optional<bool> woken;
    loop.spawn([](Signal& bell, std::optional<bool>& out) -> Awaitable<void> {
      out = co_await bell.wait(Milliseconds{60'000});
    }(signal, woken));
    loop.post([&] { signal.set(); });
    REQUIRE(loop.run_until([&] { return woken.has_value(); }, Milliseconds{5000}));
    CHECK(*woken);
  }

  TEST_CASE("SIGTERM reaches the handler, also the second time") {
    Loop loop;
    int asked = 0;
    loop.on_stop_signal([&] {
      if (++asked == 1) std::raise(SIGTERM);
    });
    std::raise(SIGTERM);
    CHECK(loop.run_until([&] { return asked == 2; }, Milliseconds{5000}));
  }
}

TEST_SUITE("kit/bounded_queue") {
  TEST_CASE("full and closed queues refuse; what was pushed still comes out") {
    BoundedQueue<int> queue(2);
    CHECK(queue.push(1));
    CHECK(queue.push(2));
    CHECK_FALSE(queue.push(3));
    CHECK(queue.pop() == 1);
    queue.close();
    CHECK_FALSE(queue.push(4));
    CHECK(queue.pop() == 2);
    CHECK(queue.pop() == std::nullopt);
  }

  TEST_CASE("ten thousand values cross two threads, none lost, none doubled, in order") {
    BoundedQueue<int> queue(16);
    std::vector<int> got;
    std::jthread taker([&] {
      while (auto value = queue.pop()) got.push_back(*value);
    });
    for (int i = 0; i < 10'000; ++i) {
      while (!queue.push(i)) std::this_thread::yield();
    }
    queue.close();
    taker.join();
    REQUIRE(got.size() == 10'000);
    for (int i = 0; i < 10'000; ++i) REQUIRE(got[static_cast<std::size_t>(i)] == i);
  }
}

TEST_SUITE("kit/stepped_clock") {
  TEST_CASE("a reader in another mapping sees each step at once, and cannot be fooled by a short file") {
    const TemporaryFolder folder;
    const auto file = folder.path() / "clock";
    CHECK(SteppedClock::open(file).error().fault == Fault::retry);
    auto writer = SteppedClock::create(file, instant_from_ms(1000));
    REQUIRE(writer);
    auto reader = SteppedClock::open(file);
    REQUIRE(reader);
    CHECK((*reader)->now() == instant_from_ms(1000));
    (*writer)->step_to(instant_from_ms(4'102'444'800'000));  // 2100-01-01
    CHECK((*reader)->now() == instant_from_ms(4'102'444'800'000));
    CHECK((*reader)->trust() == ClockTrust::stepped);
    auto second = SteppedClock::create(file, instant_from_ms(2000));
    REQUIRE(second);
    CHECK((*reader)->now() == instant_from_ms(2000));  // taken over, not replaced
    std::filesystem::resize_file(file, 4);
    CHECK(SteppedClock::open(file).error().fault == Fault::broken);
    std::filesystem::resize_file(file, 8);
  }

  TEST_CASE("a wakeup is not lost, whoever comes first") {
    Loop loop;
    Wakeup wakeup;
    int woken = 0;
    const auto wait_twice = [](Wakeup& one, int& count) -> Awaitable<void> {
      co_await one.wait();
      ++count;
      co_await one.wait();
      ++count;
    };
    wakeup.set();
    loop.spawn(wait_twice(wakeup, woken));
    REQUIRE(loop.run_until([&] { return woken == 1; }, Milliseconds(10'000)));
    loop.post([&] { wakeup.set(); });
    REQUIRE(loop.run_until([&] { return woken == 2; }, Milliseconds(10'000)));
  }

  TEST_CASE("limits pass in the order of their length, and a lifted one never does") {
    Loop loop;
    std::vector<int> passed;
    auto longer = loop.deadlines().set(Milliseconds(60), [&] { passed.push_back(60); });
    auto shorter = loop.deadlines().set(Milliseconds(1), [&] { passed.push_back(1); });
    {
      const auto lifted = loop.deadlines().set(Milliseconds(1), [&] { passed.push_back(-1); });
    }
    REQUIRE(loop.run_until([&] { return passed.size() == 2; }, Milliseconds(10'000)));
    CHECK(passed == std::vector{1, 60});
  }

  TEST_CASE("a limit that is lifted by another one that passes does not pass") {
    Loop loop;
    bool over = false;
    Deadlines::Limit second;
    auto first = loop.deadlines().set(Milliseconds(1), [&] { second = {}; });
    second = loop.deadlines().set(Milliseconds(1), [&] { FAIL("it was lifted"); });
    auto last = loop.deadlines().set(Milliseconds(60), [&] { over = true; });
    REQUIRE(loop.run_until([&] { return over; }, Milliseconds(10'000)));
  }

  TEST_CASE("a limit may outlive its loop") {
    Deadlines::Limit limit;
    {
      Loop loop;
      limit = loop.deadlines().set(Milliseconds(1), [] { FAIL("the loop is gone"); });
    }
    CHECK_NOTHROW(limit = {});
  }
}
