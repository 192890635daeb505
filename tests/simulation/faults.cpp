#include "tests/simulation/faults.hpp"

#include <algorithm>

#include "contract/wire/ack.hpp"
#include "contract/wire/block_codec.hpp"
#include "contract/wire/topics.hpp"
#include "kit/crypto/digest.hpp"
#include "tests/support/cheap_signer.hpp"

namespace steward::simulation {
namespace {

constexpr Milliseconds minute{60'000};
constexpr Milliseconds hour = 60 * minute;
constexpr Milliseconds day = 24 * hour;
/// Older backups than a gateway keeps what is acknowledged (35 days, less what a clock may be wrong by).
constexpr Milliseconds oldest_backup = 20 * day;
constexpr std::size_t copies = 3;

void flip_a_bit(Bytes& bytes, fault::Dice& dice) {
  auto& byte = bytes[dice.place(bytes.size())];
  byte = static_cast<std::uint8_t>(byte ^ (1U << dice.below(8)));
}

}  // namespace

Faults::Faults(World& world, EdgeNode& edge, CloudNode& cloud, bool restores)
    : world_(world), edge_(edge), cloud_(cloud), restores_(restores) {}

std::span<const Faults::Entry> Faults::catalogue() {
  static constexpr Entry entries[] = {
      {"partition of the gateway", &Faults::partition_edge, 4},
      {"partition of the cloud", &Faults::partition_cloud, 3},
      {"half-open line of the gateway", &Faults::half_open_edge, 2},
      {"half-open line of the cloud", &Faults::half_open_cloud, 2},
      {"slow lines", &Faults::slow_lines, 2},
      {"connections reset", &Faults::reset_lines, 4},
      {"confirmations held back", &Faults::hold_confirmations, 2},
      {"broker killed", &Faults::kill_broker, 4},
      {"other weather", &Faults::change_weather, 3},
      {"gateway killed", &Faults::kill_edge, 2},
      {"gateway's power cut", &Faults::cut_edge, 2},
      {"gateway's power cut at a step of its disk", &Faults::cut_edge_at_a_step, 4},
      {"cloud killed", &Faults::kill_cloud, 2},
      {"cloud's power cut", &Faults::cut_cloud, 2},
      {"cloud's power cut at a step of its disk", &Faults::cut_cloud_at_a_step, 4},
      {"cloud backed up", &Faults::back_up_cloud, 3},
      {"cloud restored", &Faults::restore_cloud, 1},
      {"cloud put back from a copy", &Faults::copy_back_cloud, 1},
      {"gateway's clock set", &Faults::step_edge_clock, 2},
      {"cloud's clock set", &Faults::step_cloud_clock, 2},
      {"cloud busy", &Faults::busy_cloud, 2},
      {"hostile block", &Faults::hostile_block, 6},
      {"hostile ack", &Faults::hostile_ack, 6},
      {"broker that answers in the cloud's name", &Faults::false_broker, 2},
  };
  return entries;
}

void Faults::strike() {
  int sum = 0;
  for (const auto& entry : catalogue()) sum += entry.weight;
  auto left = static_cast<int>(world_.dice.below(static_cast<std::uint64_t>(sum)));
  for (const auto& entry : catalogue()) {
    left -= entry.weight;
    if (left < 0) return begin(entry);
  }
}

void Faults::strike(std::string_view name) {
  for (const auto& entry : catalogue()) {
    if (name == entry.name) begin(entry);
  }
}

void Faults::begin(const Entry& entry) {
  world_.count(std::string("fault: ") + entry.name);
  (this->*entry.begin)();
}

void Faults::mend() {
  ++mended_;
  auto& broker = world_.broker;
  broker.weather = {};
  broker.hold_confirmations(false);
  broker.answer_itself({});
  for (const auto who : {Machine::edge, Machine::cloud}) {
    broker.heal(who);
    broker.reset(who);  // whatever was half open or unconfirmed begins anew
  }
  if (!broker.is_running()) broker.start();
  edge_.clock().set_off(Milliseconds(0));
  cloud_.clock().set_off(Milliseconds(0));
  cloud_.set_pace(Milliseconds(200));
  if (edge_.is_running())
    edge_.crash(EdgeNode::End::killed);  // also ends a cut that was set for a later step
  if (cloud_.is_running()) cloud_.crash(CloudNode::End::killed);
  edge_.boot();
  cloud_.boot();
}

Milliseconds Faults::some_time() {
  const auto kind = world_.dice.below(10);
  if (kind < 5) return world_.up_to(20 * minute);
  if (kind < 9 || world_.dice.rolls(500)) return world_.up_to(18 * hour);
  return world_.up_to(12 * day);
}

void Faults::later(Milliseconds delay, VirtualTime::Action action) {
  world_.time.after(delay, [this, mine = mended_, action = std::move(action)] {
    if (mended_ == mine) action();
  });
}
void Faults::boot_edge_later(Milliseconds delay) {
  later(delay, [this] {
    if (!edge_.is_running()) edge_.boot();
  });
}
void Faults::boot_cloud_later(Milliseconds delay) {
  later(delay, [this] {
    if (!cloud_.is_running()) cloud_.boot();
  });
}

void Faults::partition_edge() {
  world_.broker.cut(Machine::edge);
  later(some_time(), [this] { world_.broker.heal(Machine::edge); });
}
void Faults::partition_cloud() {
  world_.broker.cut(Machine::cloud);
  later(some_time(), [this] { world_.broker.heal(Machine::cloud); });
}
void Faults::half_open_edge() { world_.broker.half_open(Machine::edge); }
void Faults::half_open_cloud() { world_.broker.half_open(Machine::cloud); }
void Faults::slow_lines() {
  for (const auto who : {Machine::edge, Machine::cloud}) {
    world_.broker.slow(who, world_.up_to(5 * minute));
    later(some_time(), [this, who] { world_.broker.slow(who, Milliseconds(0)); });
  }
}
void Faults::reset_lines() {
  world_.broker.reset(Machine::edge);
  if (world_.dice.rolls(500)) world_.broker.reset(Machine::cloud);
}
void Faults::hold_confirmations() {
  world_.broker.hold_confirmations(true);
  later(world_.up_to(6 * hour), [this] {
    world_.broker.hold_confirmations(false);
    world_.broker.reset(Machine::edge);  // a broker that confirms nothing is given up by its clients
    world_.broker.reset(Machine::cloud);
  });
}
void Faults::kill_broker() {
  if (!world_.broker.is_running()) return;
  constexpr ModelBroker::Memory memories[] = {ModelBroker::Memory::kept, ModelBroker::Memory::stale,
                                              ModelBroker::Memory::lost};
  const auto memory = memories[world_.dice.place(std::size(memories))];
  world_.count(memory == ModelBroker::Memory::kept    ? "broker killed, with its persistence"
               : memory == ModelBroker::Memory::stale ? "broker killed, with an old persistence"
                                                      : "broker killed, without persistence");
  world_.broker.kill(memory);
  later(some_time(), [this] {
    if (!world_.broker.is_running()) world_.broker.start();
  });
}
void Faults::change_weather() {
  const auto some = [&](std::uint64_t most) { return static_cast<int>(world_.dice.below(most)); };
  world_.broker.weather = {some(200),
                           some(200),
                           some(50),
                           some(600),
                           some(1000),
                           world_.dice.rolls(500),
                           Milliseconds(10 + some(3'000))};
  later(some_time() + day, [this] { world_.broker.weather = {}; });
}

void Faults::kill_edge() {
  if (!edge_.is_running()) return;
  edge_.crash(EdgeNode::End::killed);
  boot_edge_later(world_.up_to(10 * minute));
}
void Faults::cut_edge() {
  if (!edge_.is_running()) return;
  edge_.crash(EdgeNode::End::power_cut);
  boot_edge_later(some_time());
}
void Faults::cut_edge_at_a_step() {
  if (edge_.is_running()) world_.disks.stop(Machine::edge, 1 + world_.dice.below(40));
}
void Faults::kill_cloud() {
  if (!cloud_.is_running()) return;
  cloud_.crash(CloudNode::End::killed);
  boot_cloud_later(world_.up_to(10 * minute));
}
void Faults::cut_cloud() {
  if (!cloud_.is_running()) return;
  cloud_.crash(CloudNode::End::power_cut);
  boot_cloud_later(some_time());
}
void Faults::cut_cloud_at_a_step() {
  if (cloud_.is_running()) world_.disks.stop(Machine::cloud, 1 + world_.dice.below(60));
}

void Faults::back_up_cloud() {
  if (world_.disks.is_stopped(Machine::cloud)) return;
  cloud_copies_.push_back({world_.time.now(), cloud_.backup()});
  if (cloud_copies_.size() > copies) cloud_copies_.pop_front();
}
void Faults::restore_cloud() {
  std::erase_if(cloud_copies_, [&](const auto& copy) { return world_.time.now() - copy.at > oldest_backup; });
  if (cloud_copies_.empty() || !restores_) return back_up_cloud();
  cloud_.put_back(cloud_copies_[world_.dice.place(cloud_copies_.size())].files, true);
  boot_cloud_later(world_.up_to(hour));
}
void Faults::copy_back_cloud() {
  std::erase_if(cloud_copies_, [&](const auto& copy) { return world_.time.now() - copy.at > oldest_backup; });
  if (cloud_copies_.empty() || !restores_) return back_up_cloud();
  cloud_.put_back(cloud_copies_[world_.dice.place(cloud_copies_.size())].files, false);
  boot_cloud_later(world_.up_to(hour));
}

Milliseconds Faults::clock_error() {
  const auto most = world_.dice.rolls(500) ? 3 * minute : 2 * day;
  return world_.up_to(2 * most) - most;
}
void Faults::step_edge_clock() {
  edge_.clock().set_off(clock_error());
  later(some_time(), [this] { edge_.clock().set_off(Milliseconds(0)); });
}
void Faults::step_cloud_clock() {
  cloud_.clock().set_off(clock_error());
  later(some_time(), [this] { cloud_.clock().set_off(Milliseconds(0)); });
}
void Faults::busy_cloud() {
  cloud_.set_pace(world_.up_to(12 * hour));
  later(some_time(), [this] { cloud_.set_pace(Milliseconds(200)); });
}

/// Someone between the gateway and the cloud who has every message that passed, and other keys than theirs.
void Faults::hostile_block() {
  const auto* past = world_.broker.any_past(Machine::cloud);
  if (past == nullptr) return;
  auto message = *past;
  const auto block = decode_block(message.payload, test::Credulous());
  switch (world_.dice.below(6)) {
    case 0: break;  // replayed as it was
    case 1: flip_a_bit(message.payload, world_.dice); break;
    case 2: message.payload.resize(world_.dice.place(message.payload.size())); break;
    case 3: message.topic = up_topic(world_.site, world_.gateway, Stream::patrol); break;
    case 4: message.topic = up_topic(world_.site, GatewayId{"gw2"}, Stream::readings); break;
    default: {  // the next block, made up by someone else
      if (!block) break;
      auto next = *block;
      const auto count = next.last.value - next.first.value;
      next.first = Seq{block->last.value + 1};
      next.last = Seq{next.first.value + count};
      const auto bytes = encode_block(next, world_.keys.cloud);
      if (bytes) message.payload = *bytes;
    }
  }
  world_.broker.inject(Machine::cloud, std::move(message));
}

void Faults::hostile_ack() {
  const auto* past = world_.broker.any_past(Machine::edge);
  if (past == nullptr) return;
  auto message = *past;
  auto ack = decode_ack(message.payload, test::Credulous());
  switch (world_.dice.below(4)) {
    case 0: break;
    case 1: flip_a_bit(message.payload, world_.dice); break;
    case 2: message.payload.resize(world_.dice.place(message.payload.size())); break;
    default: {  // "all is well, forget it", said by someone else
      if (!ack) break;
      for (auto& log : ack->logs) log.upto += 1 + world_.dice.below(20);
      const auto bytes = encode_ack(*ack, world_.keys.gateway);
      if (bytes) message.payload = *bytes;
    }
  }
  world_.broker.inject(Machine::edge, std::move(message));
}

/// It confirms, delivers nothing and signs acks with a key it has: that of a gateway.
void Faults::false_broker() {
  world_.broker.answer_itself([this](const Message& message) -> std::optional<Message> {
    const auto place = peek_block(message.payload);
    const auto* past = world_.broker.any_past(Machine::edge);
    if (!place || past == nullptr || !world_.dice.rolls(250)) return std::nullopt;
    auto ack = decode_ack(past->payload, test::Credulous());
    if (!ack) return std::nullopt;
    ack->at = cloud_.clock().now();
    ack->logs = {{place->log.epoch, place->log.stream, place->last.value, sha256(message.payload)}};
    auto bytes = encode_ack(*ack, world_.keys.gateway);
    if (!bytes) return std::nullopt;
    return Message{ack_topic(world_.site, world_.gateway), std::move(*bytes), false};
  });
  later(world_.up_to(12 * hour), [this] { world_.broker.answer_itself({}); });
}

}  // namespace steward::simulation
