#include "cloud/ingest/ingest_service.hpp"

#include <utility>

#include "contract/wire/topics.hpp"

namespace steward {

IngestService::IngestService(Loop& loop, Broker broker, Store& store, const Signer& cloud, const Clock& clock,
                             const Log& log)
    : loop_(loop), clock_(clock), log_(log), worker_(store, cloud, clock, log) {
  MqttPipe::Handlers handlers;
  handlers.up = [this] {
    log_.info("broker_up");
    if (ready_) std::exchange(ready_, nullptr)();
    send_acks();
  };
  handlers.down = [this](const std::string& why) { log_.warning("broker_down", {{"why", why}}); };
  handlers.message = [this](MqttMessage message) { received(std::move(message)); };
  handlers.room = [this] { send_acks(); };
  pipe_ = std::make_unique<MqttPipe>(
      loop, std::move(broker), std::nullopt,
      std::vector<std::string>{std::string(all_up_topics), std::string(all_state_topics)},
      std::move(handlers));
}

IngestService::~IngestService() { queue_.close(); }

void IngestService::start(std::function<void()> ready) {
  ready_ = std::move(ready);
  thread_ = std::jthread([this] { work(); });
  pipe_->start();
}

void IngestService::stop(std::function<void()> done) {
  if (std::exchange(stopping_, true)) return;
  done_ = std::move(done);
  queue_.close();
}

void IngestService::received(MqttMessage message) {
  if (stopping_) return;
  if (queue_.push({std::move(message.topic), std::move(message.payload), clock_.now()})) return;
  // Said at 1, 2, 4, 8, ...: a flood must not become a flood of log lines.
  if (++dropped_; (dropped_ & (dropped_ - 1)) == 0) {
    log_.warning("queue_full", {{"dropped", dropped_}, {"why", "the books are slower than the gateways"}});
  }
}

void IngestService::keep_acks(std::vector<OutgoingAck> acks) {
  for (auto& ack : acks) acks_[ack.topic] = std::move(ack.payload);
  send_acks();
}

void IngestService::send_acks() {
  while (!acks_.empty()) {
    const auto next = acks_.begin();
    if (auto sent = pipe_->publish(next->first, next->second, true); !sent) {
      // retry and full: `up` or `room` will call again. Anything else is ours to mend.
      if (sent.error().fault == Fault::retry || sent.error().fault == Fault::full) return;
      log_.error("ack_not_sent", {{"topic", next->first}, {"why", sent.error().message}});
    }
    acks_.erase(next);
  }
}

/// Every ten seconds at most, what has been booked since.
void IngestService::report(Ticks& last, std::int64_t& records) {
  const auto& figures = worker_.figures();
  if (clock_.ticks() - last < std::chrono::seconds(10) || figures.records == records) return;
  log_.info("ingested", {{"records", figures.records - records}, {"records_since_start", figures.records}});
  last = clock_.ticks();
  records = figures.records;
}

void IngestService::work() {
  loop_.post([this, acks = worker_.all_acks()]() mutable { keep_acks(std::move(acks)); });
  Ticks last_report = clock_.ticks();
  std::int64_t reported = 0;
  while (auto first = queue_.pop()) {
    std::size_t bytes = first->payload.size();
    std::vector<Arrival> batch;
    batch.push_back(std::move(*first));
    while (batch.size() < Admission::max_batch && bytes < batch_bytes) {
      auto next = queue_.try_pop();
      if (!next) break;
      bytes += next->payload.size();
      batch.push_back(std::move(*next));
    }
    auto acks = worker_.work(std::move(batch));
    report(last_report, reported);
    if (!acks.empty()) loop_.post([this, acks = std::move(acks)]() mutable { keep_acks(std::move(acks)); });
  }
  loop_.post([this] {
    pipe_->stop();
    if (done_) std::exchange(done_, nullptr)();
  });
}

}  // namespace steward
