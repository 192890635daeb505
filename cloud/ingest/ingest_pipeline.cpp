#include "cloud/ingest/ingest_pipeline.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace steward {

void IngestPipeline::start(std::vector<SiteId> sites, Acks acks, Messages messages,
                           std::function<void()> ended) {
  proving_ = std::jthread([this] { prove(); });
  booking_ = std::jthread([this, sites = std::move(sites), acks = std::move(acks),
                           messages = std::move(messages), ended = std::move(ended)] {
    book(sites, acks, messages);
    ended();
  });
}

void IngestPipeline::prove() {
  while (auto next = queue_.pop()) {
    if (!next->topic.empty()) {
      const InHand proving(proving_since_, clock_.ticks());
      prover_.prove(*next);
    }
    room_.acquire();
    [[maybe_unused]] const bool taken = proven_.push(std::move(*next));
    assert(taken);  // `room_` has counted
  }
  proven_.close();
}

void IngestPipeline::book(const std::vector<SiteId>& sites, const Acks& acks, const Messages& messages) {
  acks(worker_.all_acks(sites));
  Ticks last_report = clock_.ticks();
  std::int64_t reported = 0;
  while (auto first = proven_.pop()) {
    std::size_t bytes = first->payload.size();
    std::vector<Arrival> batch;
    batch.push_back(std::move(*first));
    while (batch.size() < Admission::max_batch && bytes < batch_bytes) {
      auto next = proven_.try_pop();
      if (!next) break;
      bytes += next->payload.size();
      batch.push_back(std::move(*next));
    }
    room_.release(static_cast<std::ptrdiff_t>(batch.size()));
    const InHand booking(booking_since_, clock_.ticks());
    if (std::erase_if(batch, [](const Arrival& arrival) { return arrival.topic.empty(); }) > 0) {
      if (publish_again_.exchange(false)) worker_.publish_again();
      if (auto wanted = worker_.messages_due(); !wanted.empty()) messages(std::move(wanted));
    }
    if (batch.empty()) continue;
    auto due = worker_.work(std::move(batch));
    report(last_report, reported);
    if (booked_) booked_(worker_.figures());
    if (!due.empty()) acks(std::move(due));
  }
}

Milliseconds IngestPipeline::busy() const {
  const auto now = clock_.ticks().time_since_epoch();
  auto longest = now.zero();
  for (const auto since : {proving_since_.load(), booking_since_.load()}) {
    if (since != 0) longest = std::max(longest, now - std::chrono::nanoseconds(since));
  }
  return std::chrono::floor<Milliseconds>(longest);
}

/// Every ten seconds at most, what has been booked since.
void IngestPipeline::report(Ticks& last, std::int64_t& records) {
  const auto& figures = worker_.figures();
  if (clock_.ticks() - last < std::chrono::seconds(10) || figures.records == records) return;
  log_.info("ingested", {{"records", figures.records - records}, {"records_since_start", figures.records}});
  last = clock_.ticks();
  records = figures.records;
}

}  // namespace steward
