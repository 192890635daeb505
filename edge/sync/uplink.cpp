#include "edge/sync/uplink.hpp"

#include <algorithm>

#include "contract/wire/topics.hpp"
#include "kit/crypto/digest.hpp"

namespace steward {

Uplink::Uplink(UplinkSetup setup, Transport& transport, BlockSource& source, const Verifier& cloud,
               const Clock& clock, Notify notify)
    : setup_(std::move(setup)),
      transport_(transport),
      source_(source),
      cloud_(cloud),
      clock_(clock),
      notify_(std::move(notify)),
      marks_(setup_.marks),
      store_(setup_.store) {
  if (store_) void_before_ = store_->at;  // whether it lowered a mark is not known any more
  for (const auto stream : all_streams) {
    log(stream).topic = up_topic(setup_.site, setup_.gateway, stream);
    log(stream).timeout = setup_.limits.ack_timeout;
    if (const auto end = setup_.ends.at(static_cast<std::size_t>(stream))) {
      log(stream).ended = true;
      mark(stream).last = std::min(mark(stream).last, *end);
      mark(stream).acked = std::min(mark(stream).acked, *end);
    }
    log(stream).fetched = mark(stream).acked;
  }
}

void Uplink::connected() {
  connected_ = true;
  full_ = false;
  for (const auto stream : all_streams) {
    log(stream).timeout = setup_.limits.ack_timeout;
    log(stream).probing = false;
    go_back(stream);
  }
  pump();
}

void Uplink::disconnected() {
  connected_ = false;
  for (const auto stream : all_streams) go_back(stream);  // and lets go of what was read
}

void Uplink::room() {
  full_ = false;
  pump();
}

void Uplink::appended(Stream stream, Seq last) {
  if (last <= mark(stream).last || log(stream).ended) return;
  mark(stream).last = last;
  fetch(stream);
}

/// Whatever is on its way counts as lost: the next block sent is the one after the mark.
void Uplink::go_back(Stream stream) {
  auto& log = this->log(stream);
  for (const auto& block : log.in_flight) in_flight_bytes_ -= block.bytes;
  in_flight_blocks_ -= log.in_flight.size();
  log.in_flight.clear();
  log.ready.clear();
  log.fetched = mark(stream).acked;
  log.again = {};
  log.fetching = false;
  ++log.run;
  fetch(stream);
}

void Uplink::fetch(Stream stream) {
  auto& log = this->log(stream);
  if (!connected_ || log.fetching || log.forked || !log.ready.empty() || log.fetched >= mark(stream).last)
    return;
  log.fetching = true;
  const auto run = log.run;
  const auto blocks = log.probing ? 1 : setup_.limits.fetch_blocks;
  source_.read_after(stream, log.fetched, blocks, setup_.limits.fetch_bytes,
                     [this, stream, run](Result<std::vector<StoredBlock>> found) {
                       fetched(stream, run, std::move(found));
                     });
}

void Uplink::fetched(Stream stream, std::uint64_t run, Result<std::vector<StoredBlock>> blocks) {
  auto& log = this->log(stream);
  if (run != log.run) return;  // asked before the last go-back
  log.fetching = false;
  if (!blocks) {
    notify_({"outbox_unreadable", blocks.error().message});
    if (log.in_flight.empty()) log.progress_at = clock_.ticks();
    return;  // asked again at the next append, ack or time-out
  }
  for (auto& block : *blocks) {
    if (log.ended && block.last > mark(stream).last) break;
    log.fetched = block.last;
    log.ready.push_back(std::move(block));
  }
  pump();
}

bool Uplink::may_send(const Log& log) const {
  if (log.ready.empty()) return false;
  if (walks(log)) return true;  // the transport's own window bounds it
  if ((log.probing && !log.in_flight.empty())) return false;
  if (in_flight_blocks_ >= setup_.limits.blocks) return false;
  // One block may always fly, or one larger than the window would never.
  return in_flight_blocks_ == 0 || in_flight_bytes_ + log.ready.front().bytes.size() <= setup_.limits.bytes;
}

/// Sends a block of each log in turn while anything may be sent.
void Uplink::pump() {
  constexpr auto logs = std::size(all_streams);
  std::size_t idle = 0;
  while (connected_ && !full_ && idle < logs) {
    const auto stream = all_streams[turn_ % logs];
    turn_ = (turn_ + 1) % logs;
    idle = send_one(stream) ? 0 : idle + 1;
  }
}

bool Uplink::send_one(Stream stream) {
  auto& log = this->log(stream);
  if (!may_send(log)) return false;
  const auto& block = log.ready.front();
  const auto sent = transport_.publish(log.topic, block.bytes, false);
  if (!sent) {
    // `full` waits for room; `retry` for the next connection, which goes back anyway.
    full_ = true;
    return false;
  }
  if (log.in_flight.empty()) log.progress_at = clock_.ticks();
  if (!walks(log)) {
    log.in_flight.push_back(
        {block.first, block.last, block.bytes.size(), sha256(block.bytes), block.made_up});
    ++in_flight_blocks_;
    in_flight_bytes_ += block.bytes.size();
  }
  log.ready.pop_front();
  fetch(stream);
  return true;
}

void Uplink::send_again(Stream stream, Seq from) {
  auto& log = this->log(stream);
  go_back(stream);
  const Seq after{from.value - 1};
  if (!connected_ || after >= log.fetched) return;  // it is sent from there anyway
  log.again = mark(stream).acked;
  log.fetched = after;
  log.fetching = false;
  ++log.run;  // the answer to go_back's own fetch begins too late
  fetch(stream);
  pump();
}

void Uplink::ack_received(ByteView payload) {
  const auto ack = decode_ack(payload, cloud_);
  if (!ack) {
    notify_({"ack_refused", "an ack was not believed: " + ack.error().message});
    return;
  }
  const bool is_new = !store_ || store_->store != ack->store;
  // A store's own marks only rise. What it says later and lower is true: a power cut may have kept
  // its name here with the marks of the one before, or its file was put back from a copy.
  const bool may_lower = is_new || store_->at < ack->at;
  if (!choose_store(ack->store, ack->at)) return;
  if (ack->at < void_before_) return;  // late: a newer one of this store said all that is still true
  for (const auto stream : all_streams) {
    const auto named = std::find_if(ack->logs.begin(), ack->logs.end(), [&](const AckedLog& acked) {
      return acked.epoch == setup_.epoch && acked.stream == stream;
    });
    // A new store that does not name one of our logs has nothing of it.
    if (named != ack->logs.end()) {
      heed(stream, *named, may_lower);
    } else if (is_new && mark(stream).acked > Seq{0}) {
      lower(stream, Seq{0});
    }
  }
  for (const auto& fork : ack->forks) heed_fork(fork);
  pump();
}

/// Whether acks of this store are listened to; moves to a newer store.
bool Uplink::choose_store(const Uuid& store, Instant at) {
  if (store_ && store_->store != store) {
    if (at < store_->at) {
      notify_({"ack_refused", "an ack of a store that was replaced came late"});
      return false;
    }
    notify_({"store_changed", "the cloud has another database; what it does not have is sent again"});
  }
  if (!store_ || store_->store != store || store_->at < at) {
    store_ = CloudStore{store, at};
    source_.note_store(*store_);
  }
  return true;
}

/// What an ack says of one log: believed when it ends with a block of ours.
void Uplink::heed(Stream stream, const AckedLog& acked, bool may_lower) {
  auto& log = this->log(stream);
  auto& mark = this->mark(stream);
  Seq upto{acked.upto};
  if (log.forked) return;
  if (upto < mark.acked) {
    if (may_lower) lower(stream, upto);  // otherwise late or repeated
    return;
  }
  if (log.ended && upto > mark.last) return advance(stream, mark.last);  // all that is still this log's
  if (upto == mark.acked && !log.contradicted && log.again == Seq{0}) return;
  if (upto > mark.last) {
    return contradicted(stream, "up to " + std::to_string(upto.value) + ", but there are only " +
                                    std::to_string(mark.last.value));
  }
  const auto flying = std::find_if(log.in_flight.begin(), log.in_flight.end(),
                                   [&](const InFlight& block) { return block.last == upto; });
  const auto told = [this, stream, upto](bool is_ours) {
    if (is_ours) return advance(stream, upto);
    contradicted(stream, "up to " + std::to_string(upto.value) + " with another block than is here");
  };
  if (upto.value == 0) return told(true);
  if (flying != log.in_flight.end()) return told(flying->made_up || flying->hash == acked.hash);
  if_ours(stream, upto, acked.hash, told);
}

void Uplink::if_ours(Stream stream, Seq place, const Digest& hash, std::function<void(bool)> told) {
  source_.read_after(stream, Seq{place.value - 1}, 1, 1,
                     [this, stream, place, hash, told = std::move(told),
                      run = log(stream).run](const Result<std::vector<StoredBlock>>& found) {
                       // Unreadable, or overtaken: the next ack says it again.
                       if (!found || run != log(stream).run) return;
                       // What is not here any more cannot be held against the cloud.
                       const bool is_gone =
                           found->empty() || found->front().first > place || found->front().made_up;
                       told(is_gone || sha256(found->front().bytes) == hash);
                       pump();
                     });
}

/// From here on what was signed before counts for nothing. The cloud has less: it gets it again.
void Uplink::lower(Stream stream, Seq upto) {
  void_before_ = store_->at;
  mark(stream).acked = upto;
  source_.acknowledge(stream, upto);
  go_back(stream);
}

void Uplink::advance(Stream stream, Seq upto) {
  auto& mark = this->mark(stream);
  auto& log = this->log(stream);
  if (upto < mark.acked) return;
  log.contradicted = false;
  if (upto == mark.acked && log.again == Seq{0}) return;
  if (upto > mark.acked) {
    mark.acked = upto;
    source_.acknowledge(stream, upto);
  }
  log.progress_at = clock_.ticks();
  log.timeout = setup_.limits.ack_timeout;
  log.probing = false;
  while (!log.in_flight.empty() && log.in_flight.front().last <= upto) {
    in_flight_bytes_ -= log.in_flight.front().bytes;
    --in_flight_blocks_;
    log.in_flight.pop_front();
  }
  // A hole that the cloud has a part of: its rest is a hole of its own.
  if (!log.in_flight.empty() && log.in_flight.front().first <= upto) return go_back(stream);
  const auto needless = [&](const StoredBlock& block) {
    return block.last <= upto && block.last > log.again;
  };
  while (!log.ready.empty() && needless(log.ready.front())) log.ready.pop_front();
  if (log.fetched >= log.again) log.fetched = std::max(log.fetched, upto);
  fetch(stream);
}

/// The cloud has another history of this log. Where it parts from ours only the cloud can tell, once it has
/// seen a block of ours in a place that is taken.
void Uplink::contradicted(Stream stream, const std::string& how) {
  auto& log = this->log(stream);
  if (log.contradicted) return;
  log.contradicted = true;
  log.timeout = setup_.limits.ack_timeout;
  log.progress_at = clock_.ticks();
  notify_({"ack_contradicts", "the cloud acknowledges " + std::string(word(stream)) + " " + how +
                                  ": this disk is an older copy, or has a twin"});
  go_back(stream);
}

void Uplink::heed_fork(const AckedFork& fork) {
  auto& log = this->log(fork.stream);
  const Seq first{fork.first};
  if (fork.epoch != setup_.epoch || log.forked || log.asked_fork == fork.hash) return;
  if (first <= mark(fork.stream).acked || first > mark(fork.stream).last) return;
  log.asked_fork = fork.hash;
  if_ours(fork.stream, first, fork.hash, [this, stream = fork.stream, first](bool is_ours) {
    if (!is_ours) return;  // of another copy of this gateway
    this->log(stream).forked = true;
    go_back(stream);
    notify_({"fork", "another history of " + std::string(word(stream)) + " is in the books from place " +
                         std::to_string(first.value) +
                         " on; what is here from there on is kept and not sent"});
    source_.note_fork(stream, first);
  });
}

void Uplink::wake() {
  const auto now = clock_.ticks();
  for (const auto stream : all_streams) {
    auto& log = this->log(stream);
    if (!connected_ || !waits(log) || now < log.progress_at + log.timeout) continue;
    notify_({"resend", "no ack for " + std::string(word(stream)) + " after " +
                           std::to_string(mark(stream).acked.value) + " in " +
                           std::to_string(log.timeout.count()) + " ms; sending it again"});
    log.timeout = std::min(log.timeout * 2, setup_.limits.ack_timeout_max);
    log.probing = !log.contradicted;
    log.asked_fork = {};
    log.progress_at = now;
    go_back(stream);
  }
  pump();
}

/// Is an ack due?
bool Uplink::waits(const Log& log) const { return !log.in_flight.empty() || walks(log); }

Ticks Uplink::wake_at() const {
  auto at = Ticks::max();
  if (!connected_) return at;
  for (const auto& log : logs_) {
    if (waits(log)) at = std::min(at, log.progress_at + log.timeout);
  }
  return at;
}

std::uint64_t Uplink::unacked() const {
  std::uint64_t sum = 0;
  for (const auto& mark : marks_) sum += mark.backlog();
  return sum;
}

}  // namespace steward
