#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "cloud/ingest/ingest_worker.hpp"
#include "kit/loop/bounded_queue.hpp"
#include "kit/loop/loop.hpp"
#include "kit/mqtt/mqtt_pipe.hpp"

namespace steward {

/// Keeps the cloud on the line: blocks and states from the broker into a bounded
/// queue, from there in batches into the books, acks back out.
///
/// When the books are slower than the broker the queue fills, and what does not
/// fit is dropped: it is still in its gateway, un-acknowledged, and comes again.
/// While the broker is away, acks wait, the newest one per gateway.
/// Thread: loop; one thread of its own owns the store.
class IngestService {
 public:
  /// `store` must not be used by anybody else from `start` until `stop` is done.
  IngestService(Loop& loop, Broker broker, Store& store, const Signer& cloud, const Clock& clock,
                const Log& log);
  ~IngestService();
  IngestService(const IngestService&) = delete;
  IngestService& operator=(const IngestService&) = delete;

  /// Connects and begins to work. `ready` is called once, when the broker takes
  /// messages for us for the first time.
  void start(std::function<void()> ready);
  /// Takes nothing new, books what is queued, sends the last acks, disconnects,
  /// then calls `done`. Calls after the first do nothing.
  void stop(std::function<void()> done);

  /// At most this many messages wait for the books (64 KiB each: 64 MiB).
  static constexpr std::size_t queue_limit = 1024;
  /// A transaction takes no more once it holds so many bytes.
  static constexpr std::size_t batch_bytes = 8 * 1024 * 1024;

 private:
  void received(MqttMessage message);
  void keep_acks(std::vector<OutgoingAck> acks);
  void send_acks();
  void work();
  void report(Ticks& last, std::int64_t& records);

  Loop& loop_;
  const Clock& clock_;
  const Log& log_;
  IngestWorker worker_;  // store thread
  BoundedQueue<Arrival> queue_{queue_limit};
  std::map<std::string, Bytes> acks_;  // loop: by topic, not yet handed to the broker
  std::unique_ptr<MqttPipe> pipe_;
  std::function<void()> ready_;
  std::function<void()> done_;
  std::int64_t dropped_ = 0;  // loop
  bool stopping_ = false;     // loop
  std::jthread thread_;
};

}  // namespace steward
