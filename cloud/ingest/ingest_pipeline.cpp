#include "cloud/ingest/ingest_pipeline.hpp"

#include <cassert>
#include <utility>

namespace steward {

void IngestPipeline::start(std::vector<SiteId> sites, Acks acks, std::function<void()> ended) {
  proving_ = std::jthread([this] { prove(); });
  booking_ = std::jthread([this, sites = std::move(sites), acks = std::move(acks), ended = std::move(ended)] {
    book(sites, acks);
    ended();
  });
}

void IngestPipeline::prove() {
  while (auto next = queue_.pop()) {
    prover_.prove(*next);
    room_.acquire();
    [[maybe_unused]] const bool taken = proven_.push(std::move(*next));
    assert(taken);  // `room_` has counted
  }
  proven_.close();
}

void IngestPipeline::book(const std::vector<SiteId>& sites, const Acks& acks) {
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
    auto due = worker_.work(std::move(batch));
    report(last_report, reported);
    if (!due.empty()) acks(std::move(due));
  }
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
