#include "tests/simulation/cloud_node.hpp"

#include <algorithm>

#include "contract/wire/ack.hpp"
#include "contract/wire/block_codec.hpp"
#include "contract/wire/topics.hpp"
#include "kit/crypto/digest.hpp"
#include "tests/support/cheap_signer.hpp"

namespace steward::simulation {
namespace {

constexpr std::size_t queue_length = 1024;
constexpr std::size_t batch_length = Admission::max_batch;

}  // namespace

CloudNode::CloudNode(World& world)
    : world_(world), clock_(world.time), log_(clock_, Level::error, [](std::string_view) {}) {}
CloudNode::~CloudNode() { close(); }

void CloudNode::boot() {
  Uuid fresh{};
  std::generate(fresh.begin(), fresh.end(), [this] { return static_cast<std::uint8_t>(world_.dice.next()); });
  auto opened = SqliteStore::open(Disks::file(Machine::cloud), fresh);
  if (!opened) {
    world_.broken = "the cloud does not start: " + opened.error().message;
    return;
  }
  store_ = std::move(*opened);
  life_ = std::make_shared<int>();
  const auto prepared = store_->transact([&]() -> Result<void> {
    if (std::exchange(renews_, false)) {
      if (auto renewed = store_->renew_identity(fresh); !renewed) return renewed;
    }
    return store_->put_gateway({world_.site, world_.gateway, world_.keys.gateway.public_key(), clock_.now()});
  });
  if (!prepared) {  // its disk gave up again on the way
    world_.time.after(Milliseconds(0), [this, alive = std::weak_ptr(life_)] {
      if (!alive.expired()) fall();
    });
    return;
  }
  worker_ = std::make_unique<IngestWorker>(*store_, world_.keys.cloud, clock_, log_);
  for (auto& ack : worker_->all_acks()) acks_[ack.topic] = std::move(ack.payload);
  world_.broker.attach(Machine::cloud, {[this] { send_acks(); },
                                        {},
                                        [this](const Message& message) { received(message); },
                                        [this] { send_acks(); }});
}

void CloudNode::received(const Message& message) {
  if (queue_.size() >= queue_length) return world_.count("cloud's queue full");
  queue_.push_back({message.topic, message.payload, clock_.now()});
  if (std::exchange(is_due_, true)) return;
  world_.time.after(world_.up_to(pace_), [this, alive = std::weak_ptr(life_)] {
    if (!alive.expired()) work();
  });
}

void CloudNode::work() {
  is_due_ = false;
  while (!queue_.empty()) {
    std::vector<Arrival> batch;
    while (!queue_.empty() && batch.size() < batch_length) {
      batch.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    if (world_.lie != Lie::none) lie_about(batch);
    auto acks = worker_->work(std::move(batch));
    for (auto& ack : acks) acks_[ack.topic] = std::move(ack.payload);
    if (world_.disks.is_stopped(Machine::cloud)) {
      return fall();
    }
  }
  send_acks();
}

/// Its disk gave up: the power is gone, and comes back.
void CloudNode::fall() {
  crash(End::power_cut);
  world_.time.after(std::chrono::seconds(30), [this] {
    if (!is_running()) boot();
  });
}

/// The protections of admission, taken out: what it is given is not what came.
void CloudNode::lie_about(std::vector<Arrival>& batch) {
  for (auto& arrival : batch) {
    const auto place = peek_block(arrival.payload);
    if (!place || place->log.site != world_.site || place->log.gateway != world_.gateway) continue;
    if (world_.lie == Lie::ack_before_commit) {
      const auto identity = store_->identity();
      const auto ack =
          encode_ack({*identity,
                      {{place->log.epoch, place->log.stream, place->last.value, sha256(arrival.payload)}},
                      clock_.now()},
                     world_.keys.cloud);
      if (ack) acks_[ack_topic(world_.site, world_.gateway)] = *ack;
      send_acks();
    }
    const auto logs = store_->logs(world_.site, world_.gateway, 64);
    const auto log = std::find_if(logs->begin(), logs->end(),
                                  [&](const auto& known) { return known.first == place->log; });
    if (world_.lie != Lie::no_dedupe || log == logs->end() || place->first > log->second.upto) continue;
    auto block = decode_block(arrival.payload, test::Credulous());
    if (!block || kind_of(block->records) != RecordKind::readings) continue;
    const auto count = block->last.value - block->first.value;
    block->first = Seq{log->second.upto.value + 1};
    block->last = Seq{block->first.value + count};
    block->previous = log->second.last_hash;
    const auto bytes = encode_block(*block, world_.keys.gateway);
    if (bytes) arrival.payload = *bytes;
  }
}

void CloudNode::send_acks() {
  while (!acks_.empty()) {
    const auto next = acks_.begin();
    if (!world_.broker.publish(Machine::cloud, next->first, next->second, true)) return;
    acks_.erase(next);
  }
}

void CloudNode::close() {
  world_.disks.stop(Machine::cloud);
  world_.broker.detach(Machine::cloud);
  life_.reset();
  queue_.clear();
  acks_.clear();
  is_due_ = false;
  worker_.reset();
  store_.reset();
}

void CloudNode::crash(End end) {
  close();
  if (end == End::killed) {
    world_.count("cloud killed");
    world_.disks.go_on(Machine::cloud);
  } else {
    world_.count("cloud lost power");
    world_.disks.cut(Machine::cloud, world_.dice);
  }
}

void CloudNode::put_back(fault::DiskFiles files, bool renewed) {
  close();
  world_.count(renewed ? "cloud restored from an old backup" : "cloud put back from a copy, not renewed");
  renews_ = renewed;
  world_.disks.put_back(Machine::cloud, std::move(files));
  world_.ledger.cloud_put_back();
}

}  // namespace steward::simulation
