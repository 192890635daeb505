#include "edge/patrol/patrol_watch.hpp"

#include <utility>

#include "kit/loop/loop.hpp"

namespace steward {

class PatrolWatch::Body {
 public:
  Body(Loop& loop, const Clock& clock, Reader& reader, PatrolSink& sink, PatrolWatchSetup setup)
      : clock_(clock), reader_(reader), sink_(sink), setup_(std::move(setup)), stop_(loop) {}

  Awaitable<void> run() {
    while (!stopped_) {
      Result<ScannedCode> read = co_await reader_.next();
      PatrolHarvest harvest;
      if (read) {
        if (said_lost_) harvest.remarks.push_back(remark("reader_back", "the reader is there again"));
        harvest.scans.push_back(scan_of(*std::move(read)));
      } else if (read.error().fault == Fault::retry) {
        health_.last_error = read.error().message;
        if (!said_lost_) harvest.remarks.push_back(remark("reader_lost", health_.last_error));
      } else {
        health_.last_error = read.error().message;
        break;
      }
      co_await deliver(std::move(harvest));
    }
  }

  void stop() {
    stopped_ = true;
    reader_.close();
    stop_.set();
  }

  const PatrolHealth& health() {
    health_.online = reader_.online();
    return health_;
  }

 private:
  EdgeEvent remark(std::string kind, std::string detail) const {
    return {.at = clock_.now(),
            .kind = std::move(kind),
            .subject = setup_.reader.text,
            .detail = std::move(detail)};
  }

  PatrolScan scan_of(ScannedCode read) const { return {setup_.reader, read.at, std::move(read.code)}; }

  /// Offers the harvest until the sink has taken it. What the reader had to drop
  /// meanwhile is said with the next one.
  Awaitable<void> deliver(PatrolHarvest harvest) {
    const std::uint64_t dropped = reader_.counters().dropped;
    if (dropped > said_dropped_) {
      harvest.remarks.push_back(
          remark("scans_dropped", std::to_string(dropped - said_dropped_) + " codes found the queue full"));
    }
    if (harvest.scans.empty() && harvest.remarks.empty()) co_return;
    while (true) {
      const Result<void> stored = co_await sink_.store(harvest);
      if (stored) break;
      health_.last_error = stored.error().message;
      if (stopped_) co_return;
      co_await stop_.wait(setup_.store_again);
    }
    said_dropped_ = dropped;
    note(harvest);
  }

  void note(const PatrolHarvest& harvest) {
    if (harvest.scans.empty()) {
      said_lost_ = true;
      return;
    }
    const PatrolScan& scan = harvest.scans.back();
    said_lost_ = false;
    health_.last_error.clear();
    ++health_.stored;
    const bool repeat = health_.last && health_.last->code == scan.code &&
                        scan.scanned_at - health_.last->scanned_at <= setup_.dedupe;
    if (repeat) ++health_.repeats;
    health_.last = scan;
  }

  const Clock& clock_;
  Reader& reader_;
  PatrolSink& sink_;
  PatrolWatchSetup setup_;
  Signal stop_;
  PatrolHealth health_;
  std::uint64_t said_dropped_ = 0;
  bool said_lost_ = false;
  bool stopped_ = false;
};

PatrolWatch::PatrolWatch(Loop& loop, const Clock& clock, Reader& reader, PatrolSink& sink,
                         PatrolWatchSetup setup)
    : body_(std::make_unique<Body>(loop, clock, reader, sink, std::move(setup))) {}
PatrolWatch::~PatrolWatch() = default;

Awaitable<void> PatrolWatch::run() { return body_->run(); }
void PatrolWatch::stop() { body_->stop(); }
const PatrolHealth& PatrolWatch::health() const { return body_->health(); }

}  // namespace steward
