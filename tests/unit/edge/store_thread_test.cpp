#include <doctest/doctest.h>

#include "edge/app/outbox_sinks.hpp"
#include "edge/store/store_thread.hpp"
#include "tests/unit/edge/store_helpers.hpp"

using namespace steward;

namespace {

struct Stored {
  Stored() {
    auto opened = Outbox::open(outbox_setup(folder), edge_key());
    REQUIRE(opened);
    thread.emplace(loop, std::move(*opened), [this](const LogMarks& marks) {
      ++commits;
      last = marks;
    });
  }
  void wait(const std::function<bool()>& done) { REQUIRE(loop.run_until(done, std::chrono::seconds(20))); }
  template <class T>
  T result_of(Awaitable<T> task) {
    std::optional<T> result;
    loop.spawn([](Awaitable<T> waited, std::optional<T>& out) -> Awaitable<void> {
      out = co_await std::move(waited);
    }(std::move(task), result));
    wait([&] { return result.has_value(); });
    return std::move(*result);
  }

  TemporaryFolder folder;
  Loop loop;
  LogMarks last{};
  int commits = 0;
  std::optional<StoreThread> thread;
};

Batch unfit() {
  auto odd = reading_of(1, 2);
  odd.raw = Words(9, 0);  // more than a reading may carry
  return batch_of({odd});
}

}  // namespace

TEST_SUITE("edge/store_thread") {
  TEST_CASE("answers come on the loop in the order of the jobs, after the commit was told") {
    Stored stored;
    std::vector<int> order;
    for (int at = 0; at < 20; ++at) {
      stored.thread->append({batch_of({reading_of(1, at)})}, [&, at](Result<void> result) {
        CHECK(result);
        CHECK(stored.last[0].last.value >= static_cast<std::uint64_t>(at + 1));
        order.push_back(at);
      });
    }
    stored.wait([&] { return order.size() == 20; });
    CHECK(std::is_sorted(order.begin(), order.end()));
    CHECK(stored.commits <= 20);  // those that waited together shared a transaction
    CHECK(stored.last[0].last == Seq{20});
  }

  TEST_CASE("a batch the format refuses does not take its neighbours with it") {
    Stored stored;
    std::vector<bool> kept;
    const auto note = [&](Result<void> result) { kept.push_back(static_cast<bool>(result)); };
    stored.thread->append({batch_of({reading_of(1, 1)})}, note);
    stored.thread->append({unfit()}, note);
    stored.thread->append({batch_of({reading_of(1, 2)})}, note);
    stored.wait([&] { return kept.size() == 3; });
    CHECK(kept == std::vector{true, false, true});
    CHECK(stored.last[0].last == Seq{2});
  }

  TEST_CASE("what was asked before stop is done, acks included") {
    Stored stored;
    stored.thread->append({batch_of({reading_of(1, 1), reading_of(1, 2)})}, {});
    stored.thread->acknowledge(Stream::readings, Seq{2});
    stored.thread->stop();
    stored.thread.reset();
    auto reopened = Outbox::open(outbox_setup(stored.folder), edge_key());
    REQUIRE(reopened);
    CHECK((*reopened)->marks()[0].last == Seq{2});
    CHECK((*reopened)->marks()[0].acked == Seq{2});
  }

  TEST_CASE("after stop an append says so instead of vanishing") {
    Stored stored;
    stored.thread->stop();
    std::optional<Result<void>> result;
    stored.thread->append({batch_of({reading_of(1, 1)})},
                          [&](Result<void> given) { result = std::move(given); });
    stored.wait([&] { return result.has_value(); });
    REQUIRE_FALSE(*result);
    CHECK(result->error().fault == Fault::full);
  }
}

TEST_SUITE("edge/outbox_sinks") {
  TEST_CASE("a cursor reads back as it was written, and nothing else does") {
    const DoorCursor cursor{405419896, 2, 4294967295, 0xFFFF'FFFF'FFFF'FFFF};
    CHECK(cursor_text(cursor) == "405419896 2 4294967295 18446744073709551615");
    CHECK(read_cursor(cursor_text(cursor)) == cursor);
    for (const auto* text :
         {"", "1 2 3", "1 2 3 4 5", "1  2 3 4", "4294967296 0 0 0", "1 2 x 4", "1 2 3 4 "}) {
      CAPTURE(text);
      CHECK_FALSE(read_cursor(text));
    }
  }

  TEST_CASE("a door's events, remarks and cursor are in the outbox together or not at all") {
    Stored stored;
    std::vector<std::string> noted;
    OutboxSinks sinks(
        *stored.thread,
        [] {
          return ClockStamp{{}, round_instant(0), 5, ClockTrust::synced};
        },
        [&](const EdgeEvent& event) { noted.push_back(event.kind); });
    const auto first = stored.result_of(sinks.cursor("gate"));
    REQUIRE(first);
    CHECK_FALSE(first->has_value());

    DoorHarvest harvest;
    harvest.controller = "gate";
    DoorEvent event;
    event.controller = "gate";
    event.serial = 405419896;
    event.index = 7;
    event.received_at = round_instant(0);
    event.raw = std::vector<std::uint8_t>(64, 1);
    harvest.events = {event};
    harvest.remarks = {event_of("door_gap")};
    harvest.cursor = {405419896, 0, 7, 9};
    REQUIRE(stored.result_of(sinks.store(harvest)));
    CHECK(noted == std::vector<std::string>{"door_gap"});
    CHECK(**stored.result_of(sinks.cursor("gate")) == harvest.cursor);
    const auto doors = static_cast<std::size_t>(Stream::doors);
    CHECK(stored.last[doors].last == Seq{1});
    CHECK(stored.last[static_cast<std::size_t>(Stream::events)].last == Seq{1});

    auto refused = harvest;
    refused.cursor.index = 8;
    refused.events[0].raw = std::vector<std::uint8_t>(65, 1);  // no packet is that long
    REQUIRE_FALSE(stored.result_of(sinks.store(refused)));
    CHECK(noted.size() == 1);
    CHECK((**stored.result_of(sinks.cursor("gate"))).index == 7);
    CHECK(stored.last[doors].last == Seq{1});
  }

  TEST_CASE("a harvest that only moves the cursor is stored without a block") {
    Stored stored;
    OutboxSinks sinks(
        *stored.thread, [] { return ClockStamp{}; }, [](const EdgeEvent&) {});
    DoorHarvest harvest;
    harvest.controller = "gate";
    harvest.cursor = {1, 1, 0, 0};
    REQUIRE(stored.result_of(sinks.store(harvest)));
    CHECK((**stored.result_of(sinks.cursor("gate"))).generation == 1);
    CHECK(stored.last[static_cast<std::size_t>(Stream::doors)].last == Seq{0});
  }

  TEST_CASE("what the gateway says of itself is cut to what a record may carry") {
    Stored stored;
    EdgeEvent wordy{round_instant(0), std::string(100, 'k'), std::string(100, 's'), std::string(2'000, 'd')};
    std::optional<Result<void>> result;
    stored.thread->append({batch_of({wordy}, ClockStamp{{}, round_instant(0), 0, ClockTrust::synced})},
                          [&](Result<void> given) { result = std::move(given); });
    stored.wait([&] { return result.has_value(); });
    CHECK(*result);
  }
}
