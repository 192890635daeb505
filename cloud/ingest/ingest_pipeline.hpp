#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <semaphore>
#include <thread>
#include <vector>

#include "cloud/ingest/ingest_worker.hpp"
#include "cloud/ingest/prover.hpp"
#include "kit/loop/bounded_queue.hpp"

namespace steward {

/// The two connections to the books: one writes, one is asked for keys meanwhile.
struct IngestStores {
  Store& books;
  Store& keys;
};

/// From messages to signed acks, without a socket: a bounded queue, a thread that proves
/// (signatures, hashes, decoding), a thread that books in batches and draws up the acks. What waits
/// between the two is what one transaction may take, so that while one commits the next is ready.
/// Thread: `push` and `close` any; the callbacks come on the booking thread.
class IngestPipeline {
 public:
  using Acks = std::function<void(std::vector<OutgoingAck>)>;
  using Booked = std::function<void(const IngestFigures&)>;
  using Messages = std::function<void(std::vector<OutgoingMessage>)>;

  /// The stores must not be used by anybody else from `start` until `ended`.
  IngestPipeline(IngestStores stores, const Signer& cloud, const Clock& clock, const Log& log)
      : clock_(clock), log_(log), prover_(stores.keys), worker_(stores.books, cloud, clock, log) {}
  ~IngestPipeline() { close(); }
  IngestPipeline(const IngestPipeline&) = delete;
  IngestPipeline& operator=(const IngestPipeline&) = delete;

  /// sites: whose gateways are told at once how far they are; empty: all. `ended` is called once, when
  /// everything that was pushed before `close` is booked.
  void start(std::vector<SiteId> sites, Acks acks, Messages messages, std::function<void()> ended);
  /// False when the books are slower than the gateways: what is shed here is still in its gateway.
  [[nodiscard]] bool push(Arrival arrival) { return queue_.push(std::move(arrival)); }
  /// Has the books asked, in turn, what operators want of gateways. Nothing is lost when the queue is full.
  void glance() { (void)queue_.push(Arrival{}); }
  /// Has what is retained published again, with the next glance.
  void publish_again() { publish_again_ = true; }
  void close() { queue_.close(); }
  /// Called after each batch, on the booking thread. To be set before `start`.
  void on_booked(Booked booked) { booked_ = std::move(booked); }

  /// Messages that wait, for their proof or for the books. Thread: any.
  std::size_t waiting() const { return queue_.size() + proven_.size(); }
  /// How long the message being proven or the batch being booked has been in hand, the longer of
  /// both; 0 while there is none. Thread: any.
  Milliseconds busy() const;

  /// At most this many messages wait for their proof (64 KiB each: 64 MiB).
  static constexpr std::size_t queue_limit = 1024;
  /// A transaction takes no more once it holds so many bytes.
  static constexpr std::size_t batch_bytes = 8 * 1024 * 1024;
  /// Proven blocks that wait for the books: what one transaction may take.
  static constexpr std::size_t proven_limit = Admission::max_batch;

 private:
  void prove();
  void book(const std::vector<SiteId>& sites, const Acks& acks, const Messages& messages);
  void report(Ticks& last, std::int64_t& records);

  /// While it lives, a thread has something in hand.
  class InHand {
   public:
    InHand(std::atomic<std::int64_t>& since, Ticks now) : since_(since) {
      since_ = now.time_since_epoch().count();
    }
    ~InHand() { since_ = 0; }
    InHand(const InHand&) = delete;
    InHand& operator=(const InHand&) = delete;

   private:
    std::atomic<std::int64_t>& since_;
  };

  std::atomic<bool> publish_again_{false};
  const Clock& clock_;
  const Log& log_;
  Booked booked_;
  std::atomic<std::int64_t> proving_since_{0};  // ticks; 0: nothing in hand
  std::atomic<std::int64_t> booking_since_{0};
  Prover prover_;        // proving thread
  IngestWorker worker_;  // booking thread
  BoundedQueue<Arrival> queue_{queue_limit};
  BoundedQueue<Arrival> proven_{proven_limit};
  std::counting_semaphore<proven_limit> room_{
      proven_limit};  // in `proven_`: the prover waits, nothing is shed
  std::jthread proving_;
  std::jthread booking_;
};

}  // namespace steward
