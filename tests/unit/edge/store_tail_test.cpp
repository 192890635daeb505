// What waits in memory while the disk cannot be written.
#include <doctest/doctest.h>

#include <array>
#include <map>
#include <random>

#include "edge/store/store_tail.hpp"
#include "tests/unit/edge/store_helpers.hpp"

using namespace steward;

namespace {

AppendJob job_of(Batch batch) { return {{std::move(batch)}, {}, true}; }

Batch readings_of(std::size_t count, int hour, Stream stream = Stream::readings) {
  auto batch = batch_of(std::vector<Reading>(count, reading_of(1, hour, hour)), round_instant(hour));
  batch.stream = stream;
  return batch;
}

std::uint64_t places_in(const Batch& batch) {
  return std::visit([](const auto& records) -> std::uint64_t { return records.size(); }, batch.records);
}

std::uint64_t lost_in(const Batch& batch) {
  const auto* lost = std::get_if<LostRecords>(&batch.records);
  return lost == nullptr ? 0 : lost->count;
}

std::vector<Batch> all_of(StoreTail& tail) {
  std::vector<Batch> batches;
  while (!tail.empty()) {
    for (auto& job : tail.take(1))
      for (auto& batch : job.batches) batches.push_back(std::move(batch));
  }
  return batches;
}

}  // namespace

TEST_SUITE("edge/store_tail") {
  TEST_CASE("telemetry is given up first, then the oldest readings; closings and the catalogue stay") {
    StoreTail tail(30);
    auto catalogue = batch_of(std::vector<Reading>{});
    catalogue.records = std::vector<CatalogueEntry>(5);
    tail.push(job_of(catalogue));
    tail.push(job_of(readings_of(10, 1)));
    tail.push(job_of(readings_of(10, 2, Stream::telemetry)));
    auto closings = batch_of(std::vector<Reading>{});
    closings.records = std::vector<Closing>(5, closing_of("E-1", 7));
    tail.push(job_of(closings));
    CHECK(tail.records() == 30);
    CHECK(tail.take_lost().records == 0);  // it fits exactly
    tail.push(job_of(readings_of(10, 3)));
    CHECK(tail.take_lost().records == 10);  // telemetry
    tail.push(job_of(readings_of(10, 4)));
    const auto lost = tail.take_lost();
    CHECK(lost.records == 10);
    CHECK(lost.from == round_instant(1));
    CHECK(lost.to == round_instant(1));
    const auto left = all_of(tail);
    REQUIRE(left.size() == 6);
    CHECK(std::holds_alternative<std::vector<CatalogueEntry>>(left[0].records));
    CHECK(lost_in(left[1]) == 10);
    CHECK(lost_in(left[2]) == 10);
    CHECK(std::holds_alternative<std::vector<Closing>>(left[3].records));
    CHECK(lost_in(left[4]) + lost_in(left[5]) == 0);
  }

  TEST_CASE("holes that touch are one, and whoever waits for nothing any more is let go") {
    StoreTail tail(20);
    for (int hour = 0; hour < 50; ++hour) tail.push(job_of(readings_of(10, hour)));
    CHECK(tail.take_lost().records == 480);
    CHECK(tail.take_finished().size() == 47);
    const auto left = all_of(tail);
    REQUIRE(left.size() == 3);
    CHECK(lost_in(left[0]) == 480);
    CHECK(places_in(left[1]) == 10);
  }

  TEST_CASE("however much is given up, every place that was handed out stays the same place") {
    constexpr std::uint64_t seed = 20'260'605;
    std::mt19937_64 dice(seed);
    INFO("seed ", seed);
    for (int run = 0; run < 50; ++run) {
      StoreTail tail(40);
      // The place each reading was handed, by its value; places count on per log.
      std::array<std::uint64_t, std::size(all_streams)> places{};
      std::map<std::int64_t, std::uint64_t> handed;
      std::int64_t value = 0;
      std::uint64_t lost = 0;
      for (int push = 0; push < 60; ++push) {
        const auto stream = dice() % 3 == 0 ? Stream::telemetry : Stream::readings;
        std::vector<Reading> readings;
        for (auto count = dice() % 12 + 1; count > 0; --count) {
          readings.push_back(reading_of(1, ++value));
          handed[value] = ++places.at(static_cast<std::size_t>(stream));
        }
        auto batch = batch_of(std::move(readings));
        batch.stream = stream;
        tail.push(job_of(std::move(batch)));
        if (dice() % 5 == 0) tail.put_back(tail.take(dice() % 4 + 1));
        lost += tail.take_lost().records;
        CHECK(tail.records() <= 40 + 12);
      }
      std::array<std::uint64_t, std::size(all_streams)> seen{};
      std::uint64_t holes = 0;
      for (const auto& batch : all_of(tail)) {
        auto& place = seen.at(static_cast<std::size_t>(batch.stream));
        holes += lost_in(batch);
        if (const auto* readings = std::get_if<std::vector<Reading>>(&batch.records)) {
          for (std::size_t at = 0; at < readings->size(); ++at)
            CHECK(handed.at((*readings)[at].value) == place + at + 1);
        }
        place += places_in(batch);
      }
      CHECK(seen == places);
      CHECK(holes == lost);
    }
  }

  TEST_CASE("a newer mark takes the place of the one that waits, so that marks do not fill the memory") {
    StoreTail tail(20);
    const auto mark_of = [](const std::string& text) {
      Batch batch = batch_of(std::vector<EdgeEvent>{});
      batch.marks = {{"pulse/p1/1", text}};
      return batch;
    };
    tail.push(job_of(mark_of("100")));
    tail.push(job_of(readings_of(1, 1)));
    for (int at = 0; at < 1'000; ++at) tail.push(job_of(mark_of(std::to_string(101 + at))));
    CHECK(tail.take_finished().size() == 1'000);
    const auto left = all_of(tail);
    REQUIRE(left.size() == 2);
    CHECK(left[0].marks[0].text == "1100");
  }
}
